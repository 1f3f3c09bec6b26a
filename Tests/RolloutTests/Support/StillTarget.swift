import Breach
import FleetModel
import IntentModel
import Planning
import Synchronization
import Trials

@testable import Rollout

/// A target on which nothing happens and of which nothing is known; what is asked of it is written down.
struct StillTarget: RolloutTarget, TrafficSource, FaultInjector, ControlRange, EscapeRange {
  /// What was asked, in its order.
  final class Diary: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock(\.self) }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  var left: [String] = []
  /// Who holds the run for good.
  var refusal: (any Error)?
  /// Who lets no wave begin.
  var closure: (any Error)?
  var diary = Diary()

  func prepare(_ postures: [ObjectReference: Posture]) async throws {}
  func shift(_ wave: Wave, to percent: Int) async throws { diary.add("shift \(percent)") }
  func mayBegin(_ wave: Wave) async throws { if let closure { throw closure } }
  func mayGoOn(_ wave: Wave) async throws {
    diary.add("may go on")
    if let refusal { throw refusal }
  }
  func commit(_ wave: Wave) async throws { diary.add("commit") }
  func undo(_ wave: Wave) async -> [String] {
    diary.add("undo")
    return left
  }
  func close() async {}
  func snapshot() async throws -> TrafficSnapshot { TrafficSnapshot() }
  func start(_ fault: Fault, limit: Duration) async throws { diary.add(fault.title) }
  func evidence(of fault: Fault) async throws -> FaultEvidence { FaultEvidence(verified: false, text: "") }
  func end(_ fault: Fault) async throws {}
  func openTwins(of targets: [ObjectReference]) async throws {}
  func attempt(_ kind: Control.Kind, against target: ObjectReference, open: Bool) async throws -> AttemptResult {
    .unknown("")
  }
  func probeWeakened(_ vectors: [Vector]) async throws -> [ProbeRecord] { [] }
  func probe(
    _ vectors: [Vector], from workloads: [ObjectReference], phase: ProbeRecord.Phase
  ) async throws -> [ProbeRecord] {
    diary.add("probe \(phase.rawValue)")
    return []
  }
}
