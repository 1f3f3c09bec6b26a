import FleetModel
import IntentModel
package import Planning
import StandinProtocol

/// Waves: new pods in the new posture beside the old ones, users moved over, then one side removed.
extension LocalTwin {
  package func shift(_ wave: Wave, to percent: Int) async throws {
    self.wave = wave
    var missing: [TwinPod] = []
    for id in wave.workloads {
      guard let workload = fleet.workload(id), let posture = wave.posture(of: id) else { continue }
      let wanted = percent >= 100 ? podCount(workload) : 1
      for index in players(of: id, .canary).count..<max(wanted, players(of: id, .canary).count) {
        missing.append(try pod(of: workload, index: index, posture: posture, .canary))
      }
    }
    try await start(missing)
    share = percent
    try await reconcile()
  }

  /// The new pods become the state, the old ones go once they have answered what they were asked.
  package func commit(_ wave: Wave) async throws {
    let old = wave.workloads.flatMap { players(of: $0, .stable) }
    for id in wave.workloads {
      for pod in players(of: id, .canary) { pods[pod.id]?.cohort = .stable }
    }
    for pod in old { pods[pod.id]?.state = .draining }
    share = 0
    self.wave = nil
    try await closeOpenTwins()
    try await reconcile()
    try await Task.sleep(for: Self.drainTime)
    try await stop(old)
  }

  package func undo(_ wave: Wave) async -> [String] {
    do {
      share = 0
      meshFaults = []
      partitions = []
      if let spike = runningSpike { endSpike(of: spike.workload) }
      let canaries = wave.workloads.flatMap { players(of: $0, .canary) }
      try await reconcile()
      for pod in canaries { pods[pod.id]?.state = .draining }
      try await closeOpenTwins()
      try await reconcile()
      try await Task.sleep(for: Self.drainTime)
      try await stop(canaries)
      self.wave = nil
      try await reconcile()
    } catch {
      return ["the twin could not be put back: \(error)"]
    }
    // An undo is finished only when everything that was there before is there and serves.
    return wave.workloads.flatMap { id -> [String] in
      guard let workload = fleet.workload(id) else { return [] }
      let serving = players(of: id).filter { $0.state == .ready && $0.cohort == .stable }
      return serving.count == podCount(workload) ? [] : ["\(id) has \(serving.count) of \(podCount(workload)) pods"]
    }
  }

  /// As long as a stand-in's slowest answer in good times; connections that last longer are closed on their pod's end.
  private static let drainTime: Duration = .milliseconds(300)
}

/// What each stand-in is told: the users' share, and where canary users' requests go when no sidecar can steer them.
extension LocalTwin {
  func order(for pod: TwinPod, _ view: NetworkView) -> StandinOrder {
    var addresses: [String: String] = [:]
    for call in pod.calls where call.tcp || !pod.intent.posture.enrolled {
      if let address = view.canaryAddress(host: call.host, port: call.port, caller: pod) {
        addresses["\(call.host):\(call.port)"] = address
      }
    }
    var order = StandinOrder(canaryAddresses: addresses, spike: spikeNow(for: pod))
    guard pod.users != nil, pod.state == .ready else { return order }
    let sameRole = pods.values.filter { $0.users != nil && $0.state == .ready }
    let canaries = sameRole.filter { $0.cohort == .canary }
    if canaries.isEmpty {
      order.canaryShare = share
      order.requestsPerSecond = settings.requestsPerSecond / Double(max(1, sameRole.count))
    } else {
      // The workload that plays users is itself in the wave: its canary plays the canary's users.
      let mine = pod.cohort == .canary
      let part = Double(mine ? share : 100 - share) / 100
      let peers = sameRole.count { ($0.cohort == .canary) == mine }
      order.canaryShare = mine ? 100 : 0
      order.requestsPerSecond = settings.requestsPerSecond * part / Double(max(1, peers))
    }
    return order
  }
}
