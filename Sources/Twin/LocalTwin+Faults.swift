import Diagnostics
import FleetModel
import IntentModel
import Planning
import StandinProtocol
package import Trials

/// What the twin remembers of a fault, to tell afterwards whether it really happened.
struct FaultNote: Sendable {
  var victim: String?
  /// How the victim's process ended.
  var ending: String?
  var latencyBefore = LatencyHistogram()
  var pair: TrafficBoard.Pair?
  /// The nodes' counter before the cut; it never goes back.
  var packetsBefore: UInt64 = 0
  var spike: SpikeNote?
  var limit: LimitNote?
}

/// Addresses that cannot exchange packets, in both directions.
struct Partition: Sendable, Equatable {
  var callers: [String]
  var targets: [String]
  var seconds: Int
}

extension LocalTwin: FaultInjector {
  package func start(_ fault: Fault, limit: Duration) async throws {
    guard faultNotes[fault] == nil else { return }
    switch fault {
    case .killPod(let workload): try await kill(fault, workload)
    case .delay(let caller, let target, let milliseconds):
      let pair = TrafficBoard.Pair(caller: caller, target: target)
      faultNotes[fault] = FaultNote(latencyBefore: board.latency(caller, target), pair: pair)
      meshFaults.append(DelayFault(caller: caller, target: target, milliseconds: milliseconds))
      try await reconcile()
      try await sidecars.settled(within: .seconds(5))
    case .partition(let caller, let target): try await cut(fault, caller, target, limit)
    case .spike(let workload, let factor): try await spike(fault, workload, factor, limit)
    case .limitCPU(let workload, let percent): try await limitProcessor(fault, workload, percent, limit)
    case .limitMemory(let workload): try await limitMemory(fault, workload, limit)
    }
  }

  package func end(_ fault: Fault) async throws {
    guard let note = faultNotes.removeValue(forKey: fault) else { return }
    switch fault {
    case .killPod: break
    case .spike(let workload, _): endSpike(of: workload)
    case .limitCPU(let workload, _), .limitMemory(let workload):
      limitedLately.insert(workload)
      if let limit = note.limit { try endLimit(limit) }
    case .delay(let caller, let target, let milliseconds):
      meshFaults.removeAll { $0 == DelayFault(caller: caller, target: target, milliseconds: milliseconds) }
      try await reconcile()
    case .partition:
      partitions = []
      try await reconcile()
    }
  }

  package func evidence(of fault: Fault) async throws -> FaultEvidence {
    guard let note = faultNotes[fault] else { return FaultEvidence(verified: false, text: "the fault was not put in") }
    switch fault {
    case .killPod:
      guard let ending = note.ending, let victim = note.victim else {
        return FaultEvidence(verified: false, text: "the pod's process did not end")
      }
      return FaultEvidence(verified: true, text: "\(victim) \(ending)")
    case .delay(_, _, let milliseconds): return delayEvidence(note, milliseconds)
    case .partition:
      let dropped = try await running().packetsCut() - note.packetsBefore
      return FaultEvidence(verified: dropped > 0, text: "\(dropped) packets were dropped between them")
    case .spike:
      return note.spike.map(spikeEvidence) ?? FaultEvidence(verified: false, text: "the spike did not begin")
    case .limitCPU, .limitMemory:
      guard let limit = note.limit, let victim = note.victim else {
        return FaultEvidence(verified: false, text: "the limit was not set")
      }
      return limitEvidence(limit, victim, ending: note.ending)
    }
  }

  private func kill(_ fault: Fault, _ workload: ObjectReference) async throws {
    let candidates = players(of: workload, .canary) + players(of: workload, .stable)
    guard let victim = candidates.first(where: { $0.state == .ready }) else {
      throw BulkheadError(.unexpected, "\(workload) has no ready pod to kill")
    }
    faultNotes[fault] = FaultNote(victim: victim.name)
    // The whole pod, its sidecar included, as when a node kills it: callers are refused and may try elsewhere.
    let sidecar = victim.intent.posture.enrolled ? [victim.sidecarContainer] : []
    try await running().kill([victim.appContainer] + sidecar, node: victim.node)
  }

  /// Called when a process of a pod ended; a killed pod's end is the proof that it was killed.
  func noteEnding(of pod: TwinPod, _ how: String) {
    notePressure(of: pod)
    for (fault, note) in faultNotes where note.victim == pod.name { faultNotes[fault]?.ending = note.ending ?? how }
  }

  private func cut(_ fault: Fault, _ caller: ObjectReference, _ target: ObjectReference, _ limit: Duration) async throws
  {
    let clients = playing(caller)
    let servers = playing(target)
    guard !clients.isEmpty else { throw BulkheadError(.unexpected, "\(caller) has no ready pod") }
    guard !servers.isEmpty else { throw BulkheadError(.unexpected, "\(target) has no ready pod to cut off") }
    let board = board
    // Callers shun one pod of two: while it is another one, nobody takes over from the pod that is cut off.
    if limitedLately.remove(target) != nil { try await Self.allServe(servers) { board.served(by: $0.id) } }
    // Kept connections may leave a pod without traffic now that was the busiest a minute ago.
    let client = try await Self.busiest(clients) { board.callsMade(by: $0.id, to: target) }
    let victim = try await Self.busiest(servers) { board.served(by: $0.id) }
    let before = try await running().packetsCut()
    faultNotes[fault] = FaultNote(victim: victim.name, packetsBefore: before)
    partitions = [
      Partition(
        callers: [client.address], targets: [victim.address], seconds: Int((limit / .seconds(1)).rounded(.up)))
    ]
    try await reconcile()
    // The cut is made when something has run into it: a sidecar that shuns the pod at the moment comes back to it.
    for _ in 0..<60 where try await running().packetsCut() == before { try await Task.sleep(for: .milliseconds(200)) }
  }

  /// A workload's ready pods that users meet now: the new ones where there are any.
  func playing(_ workload: ObjectReference) -> [TwinPod] {
    let ready = pods.values.filter { $0.workload == workload && $0.state == .ready }.sorted { $0.id < $1.id }
    return ready.contains { $0.cohort == .canary } ? ready.filter { $0.cohort == .canary } : ready
  }

  /// Waits until every pod's counter has grown, ten seconds at the most.
  private static func allServe(_ pods: [TwinPod], _ count: (TwinPod) -> Int) async throws {
    let before = pods.map(count)
    for _ in 0..<100 where zip(pods, before).contains(where: { count($0) <= $1 }) {
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  /// The pod whose counter grows most, looked at until one has grown by ten or five seconds are over.
  static func busiest(_ pods: [TwinPod], _ count: (TwinPod) -> Int) async throws -> TwinPod {
    let before = pods.map(count)
    var growth = before.map { _ in 0 }
    for _ in 0..<50 where growth.max() ?? 0 < 10 {
      try await Task.sleep(for: .milliseconds(100))
      growth = zip(pods, before).map { count($0) - $1 }
    }
    let most = growth.indices.max { growth[$0] < growth[$1] } ?? 0
    return pods[most]
  }

  private func delayEvidence(_ note: FaultNote, _ milliseconds: Int) -> FaultEvidence {
    guard let pair = note.pair else { return FaultEvidence(verified: false, text: "no call to look at") }
    let during = board.latency(pair.caller, pair.target).since(note.latencyBefore)
    guard let before = note.latencyBefore.quantile(0.5), let after = during.quantile(0.5) else {
      return FaultEvidence(verified: false, text: "the call was not made while the fault lasted")
    }
    let added = after - before
    // Half of the wanted delay cannot come from anything else at the median.
    return FaultEvidence(
      verified: added >= Double(milliseconds) / 2,
      text: "the median rose from \(Int(before.rounded())) to \(Int(after.rounded())) ms over \(during.total) calls")
  }
}

extension LatencyHistogram {
  /// What was recorded since an earlier state of the same histogram.
  func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
    var counts: [Int: Int] = [:]
    for pair in pairs { counts[pair[0]] = pair[1] }
    for pair in earlier.pairs { counts[pair[0], default: 0] -= pair[1] }
    return LatencyHistogram(pairs: counts.filter { $0.value > 0 }.map { [$0.key, $0.value] }) ?? LatencyHistogram()
  }
}
