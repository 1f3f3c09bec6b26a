import Diagnostics
import FleetModel
import IntentModel
import Linux
import StandinProtocol
import Trials

extension LocalTwin {
  /// Limits the application, and not its sidecar.
  func limitProcessor(
    _ fault: Fault, _ workload: ObjectReference, _ percent: Int, _ limit: Duration
  ) async throws {
    let world = try running().world
    let pod = try await limited(workload, mustServe: true)
    let leaf = pod.appContainer
    let use = try await processors(usedBy: leaf, world)
    guard let was = world.processorLimit(of: leaf), let throttling = world.throttling(of: leaf) else {
      throw BulkheadError(
        .unexpected, "the processor time of \(pod.name) cannot be limited", cure: "see 'bulkhead doctor': cgroups")
    }
    let share = use * Double(percent) / 100
    // A limit of the manifest's own is never widened.
    let set = ProcessorLimit(processors: min(share, was.processors ?? share))
    let note = LimitNote(pod: pod.id, kept: .processor(was: was, set: set), throttlingBefore: throttling)
    try begin(fault, note, at: pod, limit) { try world.set(set, of: leaf) }
  }

  /// How much more than it has now the application may still get, and how much more it asks for, in MiB.
  private static let memoryRoom = 8
  private static let memoryWanted = 64

  func limitMemory(_ fault: Fault, _ workload: ObjectReference, _ limit: Duration) async throws {
    let world = try running().world
    let pod = try await limited(workload, mustServe: false)
    let leaf = pod.appContainer
    guard let was = world.memoryLimit(of: leaf), let charged = world.memoryCharged(to: leaf),
      let pressure = world.memoryPressure(of: leaf)
    else {
      throw BulkheadError(
        .unexpected, "the memory of \(pod.name) cannot be limited", cure: "see 'bulkhead doctor': cgroups")
    }
    // Whole pages, as the kernel counts.
    let set = was.lowered(to: (charged + Self.memoryRoom << 20) / 4096 * 4096)
    let note = LimitNote(pod: pod.id, kept: .memory(was: was, set: set), pressureBefore: pressure)
    try begin(fault, note, at: pod, limit) { try world.set(set, of: leaf) }
    links[pod.id]?.send(
      StandinOrder(ballast: Ballast(mebibytes: Self.memoryWanted, seconds: limit / .seconds(1))))
  }

  private func begin(
    _ fault: Fault, _ note: LimitNote, at pod: TwinPod, _ limit: Duration, _ set: () throws -> Void
  ) throws {
    do {
      try set()
    } catch {
      // Nobody ends a fault that did not begin, and half of it may have been written.
      try? endLimit(note)
      throw error
    }
    var note = note
    note.timer = endAfter(limit, fault)
    faultNotes[fault] = FaultNote(victim: pod.name, limit: note)
  }

  /// A container that was started again has the limits of before already: they are the manifest's.
  func endLimit(_ note: LimitNote) throws {
    note.timer?.cancel()
    guard let leaf = pods[note.pod]?.appContainer, let world = site?.world else { return }
    switch note.kept {
    case .processor(let was, _):
      if let now = world.processorLimit(of: leaf), now != was { try world.set(was, of: leaf) }
    case .memory(let was, _):
      links[note.pod]?.send(StandinOrder(ballast: Ballast(mebibytes: 0, seconds: 0)))
      if let now = world.memoryLimit(of: leaf), now != was { try world.set(was, of: leaf) }
    }
  }

  private func endAfter(_ limit: Duration, _ fault: Fault) -> Task<Void, Never> {
    Task { [weak self] in
      do { try await Task.sleep(for: limit) } catch { return }
      await self?.expire(fault)
    }
  }

  /// What was seen of the fault is still to be told.
  private func expire(_ fault: Fault) {
    guard let note = faultNotes[fault]?.limit else { return }
    try? endLimit(note)
  }

  /// One of the workload's ready pods that users meet now; where it must serve, the one that serves most. Not the one
  /// from which known-bad attempts are made: they would wait for its application.
  private func limited(_ workload: ObjectReference, mustServe: Bool) async throws -> TwinPod {
    let all = playing(workload)
    let spared = attacked(workload)?.id
    let others = all.filter { $0.id != spared }
    let candidates = others.isEmpty ? all : others
    guard let last = candidates.last else {
      throw BulkheadError(.unexpected, "\(workload) has no ready pod to limit")
    }
    guard mustServe, candidates.count > 1 else { return last }
    let board = board
    return try await Self.busiest(candidates) { board.served(by: $0.id) }
  }

  /// Processors in use, on average over a second.
  private func processors(usedBy leaf: String, _ world: World) async throws -> Double {
    guard let before = world.use(of: leaf) else { return 0 }
    let start = ContinuousClock.now
    try await Task.sleep(for: .seconds(1))
    guard let after = world.use(of: leaf) else { return 0 }
    return max(0, after.processorSeconds - before.processorSeconds) / ((.now - start) / .seconds(1))
  }
}
