package import Diagnostics

/// Something that runs pods: Deployment, StatefulSet, DaemonSet, ReplicaSet or a bare Pod.
package struct Workload: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  package var labels: [String: String] = [:]
  package var podLabels: [String: String] = [:]
  package var podAnnotations: [String: String] = [:]
  /// As written, or 1 (0 is kept: a workload scaled to nothing).
  package var replicas: Int = 1
  package var pod = PodSpec()

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }
}

/// A pod's specification, as far as any engine reads it. Optionals mean "not written".
package struct PodSpec: Sendable, Equatable {
  package var serviceAccount: String = "default"
  package var automountServiceAccountToken: Bool?
  package var hostNetwork = false
  package var hostPID = false
  package var hostIPC = false
  package var shareProcessNamespace = false
  package var hostUsers: Bool?
  package var runtimeClassName: String?
  package var nodeName: String?
  package var hostname: String?
  package var subdomain: String?
  package var securityContext = PodSecurityContext()
  package var initContainers: [Container] = []
  package var containers: [Container] = []
  package var volumes: [Volume] = []

  package init() {}
}

/// `spec.securityContext`.
package struct PodSecurityContext: Sendable, Equatable {
  package var runAsUser: Int?
  package var runAsGroup: Int?
  package var runAsNonRoot: Bool?
  package var fsGroup: Int?
  package var supplementalGroups: [Int] = []
  package var seccomp: SeccompProfile?
  package var sysctls: [String: String] = [:]

  package init() {}
}
