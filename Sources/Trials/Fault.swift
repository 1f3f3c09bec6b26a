package import FleetModel

/// A disturbance with a beginning and an end. Faults of the twin end with the world at the latest, and each carries a
/// time limit at the place where it acts.
package enum Fault: Sendable, Equatable, Hashable, Codable {
  /// One pod of the workload is killed, as if its process had crashed.
  case killPod(of: ObjectReference)
  /// Users send `factor` times as many requests to the workload, in an open loop.
  case spike(of: ObjectReference, factor: Int)
  /// One call takes longer, for every request that names `caller`.
  case delay(caller: ObjectReference, target: ObjectReference, milliseconds: Int)
  /// The application of one pod of the workload gets no more than this share of the processor time that it used before.
  case limitCPU(of: ObjectReference, percent: Int)
  /// The application of one pod of the workload wants more memory than it may have.
  case limitMemory(of: ObjectReference)
  /// One pod of the caller and one pod of the target cannot exchange packets, in both directions.
  case partition(caller: ObjectReference, target: ObjectReference)

  /// What is done, whomever it hits; in the order in which a wave tries them, smallest disruption first.
  package enum Kind: String, Sendable, CaseIterable { case podKill, spike, delay, cpuLimit, memoryLimit, partition }

  package var kind: Kind {
    switch self {
    case .killPod: .podKill
    case .spike: .spike
    case .delay: .delay
    case .limitCPU: .cpuLimit
    case .limitMemory: .memoryLimit
    case .partition: .partition
    }
  }

  package var title: String {
    switch self {
    case .killPod(let workload): "kill a pod of \(workload.name)"
    case .spike(let workload, let factor): "send \(factor) times the requests to \(workload.name)"
    case .delay(let caller, let target, let milliseconds):
      "add \(milliseconds) ms to \(caller.name) → \(target.name)"
    case .limitCPU(let workload, let percent): "limit a pod of \(workload.name) to \(percent) % of its CPU use"
    case .limitMemory(let workload): "run a pod of \(workload.name) into a memory limit"
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
