package import FleetModel

/// What a mesh's data plane must know at one moment: services, pods and how far each has come. Mesh-neutral.
package struct MeshState: Sendable, Equatable {
  package var services: [MeshService]
  package var pods: [MeshPod]
  /// The share of new connections that the canary of a workload gets where no header can decide (plain TCP through a
  /// sidecar), in percent. HTTP follows the cohort header instead.
  package var canaryShare: [ObjectReference: Int]
  package var delays: [DelayFault]
  package var aborts: [AbortFault]
  package var holdUps: [HoldUpFault]
  package var cuts: Set<CutFault>

  package init(
    services: [MeshService] = [], pods: [MeshPod] = [], canaryShare: [ObjectReference: Int] = [:],
    delays: [DelayFault] = [], aborts: [AbortFault] = [], holdUps: [HoldUpFault] = [], cuts: Set<CutFault> = []
  ) {
    self.services = services
    self.pods = pods
    self.canaryShare = canaryShare
    self.delays = delays
    self.aborts = aborts
    self.holdUps = holdUps
    self.cuts = cuts
  }
}

/// The header that keeps a user in one group; its value for the canary's users is `canary`.
package enum CohortHeader {
  package static let name = "x-bulkhead-cohort"
  package static let canary = "canary"
  /// Names the calling workload (`namespace/name`), so that a fault can be limited to one call.
  package static let caller = "x-bulkhead-caller"
}

package enum Cohort: String, Codable, Sendable, Hashable { case stable, canary }

/// A service port's virtual address and the pods behind it.
package struct MeshService: Sendable, Equatable {
  package var id: ObjectReference
  package var virtualAddress: String
  package var ports: [Port]

  package struct Port: Sendable, Equatable {
    package var port: Int
    package var targetPort: Int
    package var wireProtocol: WireProtocol

    package init(port: Int, targetPort: Int, wireProtocol: WireProtocol) {
      self.port = port
      self.targetPort = targetPort
      self.wireProtocol = wireProtocol
    }
  }
  /// The workloads whose pods serve it.
  package var targets: [ObjectReference]
  /// Leads to the canary's pods alone while the workload has a canary, so that callers may steer by address.
  package var canaryVirtualAddress: String?

  package init(
    id: ObjectReference, virtualAddress: String, ports: [Port], targets: [ObjectReference],
    canaryVirtualAddress: String? = nil
  ) {
    self.id = id
    self.virtualAddress = virtualAddress
    self.ports = ports
    self.targets = targets
    self.canaryVirtualAddress = canaryVirtualAddress
  }
}

/// One pod as the data plane sees it. `id` is unique in a world; pods that are not ready get no traffic.
package struct MeshPod: Sendable, Equatable {
  package var id: String
  package var address: String
  package var cohort: Cohort
  package var ready: Bool
  package var intent: Intent
  /// What a tester does on purpose to this pod's sidecar, never set by a plan.
  package var wrongs: Set<SidecarWrong>

  package init(
    id: String, address: String, cohort: Cohort, ready: Bool, intent: Intent, wrongs: Set<SidecarWrong> = []
  ) {
    self.id = id
    self.address = address
    self.cohort = cohort
    self.ready = ready
    self.intent = intent
    self.wrongs = wrongs
  }
}

/// Deliberate weaknesses of one sidecar, for positive controls.
package enum SidecarWrong: String, Hashable, Sendable {
  /// The certificate comes from an authority that nobody trusts.
  case foreignAuthority
  /// Everything is let in: plaintext, any certificate, any caller.
  case open
  /// The admin interface listens on TCP port 15000.
  case adminExposed
}

/// Adds a fixed delay to one call, at the server's sidecar, for requests that name `caller`.
package struct DelayFault: Sendable, Equatable, Hashable, Codable {
  package var caller: ObjectReference
  package var target: ObjectReference
  package var milliseconds: Int

  package init(caller: ObjectReference, target: ObjectReference, milliseconds: Int) {
    self.caller = caller
    self.target = target
    self.milliseconds = milliseconds
  }
}

/// Answers a share of a workload's requests with 503 in its sidecar (canary pods alone when `canaryOnly`).
package struct AbortFault: Sendable, Equatable, Hashable, Codable {
  package var target: ObjectReference
  package var percent: Double
  package var canaryOnly: Bool

  package init(target: ObjectReference, percent: Double, canaryOnly: Bool) {
    self.target = target
    self.percent = percent
    self.canaryOnly = canaryOnly
  }
}

/// Holds a share of the requests to a workload's canary up in its sidecar.
package struct HoldUpFault: Sendable, Equatable, Hashable, Codable {
  package var target: ObjectReference
  package var percent: Double
  package var milliseconds: Int

  package init(target: ObjectReference, percent: Double, milliseconds: Int) {
    self.target = target
    self.percent = percent
    self.milliseconds = milliseconds
  }
}

/// What one pod sends to another one goes to an address that nobody answers at. Both are named by their `MeshPod.id`.
package struct CutFault: Sendable, Hashable {
  package var caller: String
  package var target: String

  package init(caller: String, target: String) {
    self.caller = caller
    self.target = target
  }
}

/// How to start one sidecar. Paths are those inside the sidecar's container.
package struct SidecarBootstrap: Sendable, Equatable {
  package var arguments: [String]
  /// File name below the sidecar's configuration folder → contents.
  package var files: [String: String]

  package init(arguments: [String], files: [String: String]) {
    self.arguments = arguments
    self.files = files
  }
}

/// The port to a mesh's data plane: configures the sidecars of pods that somebody else runs.
///
/// `attach`, `detach` and `publish` are idempotent. `settled` returns when every attached, ready sidecar has
/// acknowledged the newest published state and throws when one rejects it or none answers in time; cancelling it
/// leaves the state as it is.
package protocol SidecarControl: Sendable {
  /// Prepares a sidecar for `pod` that asks for its configuration on the unix socket `socketPath` (a path of this
  /// machine); the same socket appears inside the sidecar's container as `socketInContainer`.
  func attach(_ pod: MeshPod, socketPath: String, socketInContainer: String) async throws -> SidecarBootstrap
  func detach(podID: String) async
  func publish(_ state: MeshState) async throws
  func settled(within limit: Duration) async throws
  /// The same for one sidecar, whether its pod is ready or not: a pod is ready only once its sidecar is.
  func settled(podID: String, within limit: Duration) async throws
}
