package import FleetModel

/// A disturbance with a beginning and an end. Faults of the twin end with the world at the latest, and each carries a
/// time limit at the place where it acts.
package enum Fault: Sendable, Equatable, Hashable, Codable {
  /// One pod of the workload is killed, as if its process had crashed.
  case killPod(of: ObjectReference)
  /// One call takes longer, for every request that names `caller`.
  case delay(caller: ObjectReference, target: ObjectReference, milliseconds: Int)
  /// One pod of the caller and one pod of the target cannot exchange packets, in both directions.
  case partition(caller: ObjectReference, target: ObjectReference)

  package var title: String {
    switch self {
    case .killPod(let workload): "kill a pod of \(workload.name)"
    case .delay(let caller, let target, let milliseconds):
      "add \(milliseconds) ms to \(caller.name) → \(target.name)"
    case .partition(let caller, let target): "cut a pod of \(caller.name) off from one of \(target.name)"
    }
  }
}

/// What shows that a fault really happened: without it a quiet trial proves nothing.
package struct FaultEvidence: Sendable, Equatable, Codable {
  package var verified: Bool
  package var text: String

  package init(verified: Bool, text: String) {
    self.verified = verified
    self.text = text
  }
}

/// The port through which faults are put into a target.
///
/// `start` and `end` are idempotent. A fault ends by itself after `limit` at the latest, whatever happens to the
/// program that started it. Cancelling a call leaves the fault to `end` or to its limit.
package protocol FaultInjector: Sendable {
  func start(_ fault: Fault, limit: Duration) async throws
  /// What has been seen of the fault since its start.
  func evidence(of fault: Fault) async throws -> FaultEvidence
  func end(_ fault: Fault) async throws
}
