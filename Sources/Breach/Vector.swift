package import Diagnostics
package import FleetModel
package import IntentModel

/// One way out of a container. One definition gives its code, its explanation, its mitigation and the container in
/// which its probe must succeed, so that a silent probe is never taken for a closed vector.
package struct Vector: Sendable {
  /// Stable, such as `L17`.
  package var code: String
  package var title: String
  package var severity: Severity
  /// What an attacker does, in two sentences.
  package var explanation: String
  /// The configuration change that closes it.
  package var mitigation: String
  /// The step of a rollout after which its probe must stay inside; until then an escape is a known way out.
  package var closedBy: StepAction
  /// Facts the node side must offer for the probe to carry a flag.
  package var scenery: Scenery
  /// Turns an ordinary pod into one from which the probe must get out.
  package var weaken: @Sendable (inout PodSpec) -> Void

  /// What the twin's node plants for a probe.
  package enum Scenery: String, Sendable, Codable {
    /// A process on the node with a secret in its environment and a root-only file.
    case nodeProcess
    /// A folder whose content the node obeys (static pods).
    case manifestFolder
    /// A root-only token file below the node's pod folder.
    case tokenFile
    /// The container runtime's socket.
    case runtimeSocket
    /// A service on the node's loopback address.
    case nodeLoopback
    /// A process in another container of the same pod.
    case neighbour
    /// An API server that takes the service account's token.
    case apiServer
    /// A cloud metadata service.
    case metadataService
  }

  package init(
    code: String, title: String, severity: Severity, explanation: String, mitigation: String,
    closedBy: StepAction, scenery: Scenery, weaken: @escaping @Sendable (inout PodSpec) -> Void
  ) {
    self.code = code
    self.title = title
    self.severity = severity
    self.explanation = explanation
    self.mitigation = mitigation
    self.closedBy = closedBy
    self.scenery = scenery
    self.weaken = weaken
  }
}

extension Vector {
  /// True when a workload in this posture is meant to be closed against it.
  package func isClosed(in posture: Posture) -> Bool { closedBy.applied(to: posture) == posture }
}

/// All vectors with a probe, sorted by code.
package enum VectorCatalogue {
  package static let probed: [Vector] = [
    .metadataService, .processEnvironment, .tokenFromHostPath, .serviceAccountToken, .procRootOfNode,
    .writableHostPath, .runtimeSocket, .hostNetworkLoopback,
  ].sorted { $0.code < $1.code }

  package static func vector(_ code: String) -> Vector? { probed.first { $0.code == code } }
}

extension PodSpec {
  /// Adds a volume of the node to every container.
  mutating func mountHostPath(_ path: String, at mountPath: String, type: String = "", readOnly: Bool) {
    volumes.append(Volume(name: "weakened", source: .hostPath(path: path, type: type)))
    for index in containers.indices {
      containers[index].mounts.append(VolumeMount(volume: "weakened", path: mountPath, readOnly: readOnly))
    }
  }
}
