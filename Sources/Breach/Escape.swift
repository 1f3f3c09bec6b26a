package import FleetModel
package import IntentModel

/// How a vector is tried for real: the container from which its probe must get out, so that a silent probe is never
/// taken for a closed vector, and the step after which it must stay inside.
package struct Escape: Sendable {
  /// The step of a rollout after which its probe must stay inside; until then an escape is a known way out.
  package var closedBy: StepAction
  /// What the node must offer for the probe to carry a flag.
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

  package init(closedBy: StepAction, scenery: Scenery, weaken: @escaping @Sendable (inout PodSpec) -> Void) {
    self.closedBy = closedBy
    self.scenery = scenery
    self.weaken = weaken
  }

  /// True when a workload in this posture is meant to be closed against it.
  package func isClosed(in posture: Posture) -> Bool { closedBy.applied(to: posture) == posture }
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
