package import Diagnostics

/// Something that runs pods: Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob or a
/// bare Pod.
package struct Workload: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  package var labels: [String: String] = [:]
  package var podLabels: [String: String] = [:]
  package var podAnnotations: [String: String] = [:]
  /// As written, or 1 (0 is kept: a workload scaled to nothing).
  package var replicas: Int = 1
  package var annotations: [String: String] = [:]
  /// The first owner as written, whether or not it is in the input: a pod's ReplicaSet stays a ReplicaSet.
  package var firstOwner: ObjectReference?
  /// `status.podIPs` of a pod read from a cluster.
  package var addresses: [String] = []
  /// A StatefulSet's governing service.
  package var serviceName: String?
  /// Names of a StatefulSet's `volumeClaimTemplates`: volumes that its pods have although `pod.volumes` lacks them.
  package var claimTemplates: [String] = []
  package var pod = PodSpec()

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }

  /// True where pods are meant to end: a sidecar that stays would keep them from it.
  package var runsToCompletion: Bool { id.kind == "Job" || id.kind == "CronJob" }
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
  package var nodeSelector: [String: String] = [:]
  package var priorityClassName: String?
  package var restartPolicy: String?
  package var dnsPolicy: String?
  package var terminationGracePeriodSeconds: Int?
  /// `spec.os.name`.
  package var operatingSystem: String?
  package var securityContext = PodSecurityContext()
  package var initContainers: [Container] = []
  package var containers: [Container] = []
  package var ephemeralContainers: [Container] = []
  package var volumes: [Volume] = []

  package init() {}

  /// Init, ordinary and ephemeral containers, in that order: what every rule of Pod Security looks at.
  package var allContainers: [Container] { initContainers + containers + ephemeralContainers }
}

/// `spec.securityContext`.
package struct PodSecurityContext: Sendable, Equatable {
  package var runAsUser: Int?
  package var runAsGroup: Int?
  package var runAsNonRoot: Bool?
  package var fsGroup: Int?
  package var supplementalGroups: [Int] = []
  package var seccomp: SeccompProfile?
  package var seLinux: SELinuxOptions?
  package var appArmor: AppArmorProfile?
  package var windowsHostProcess: Bool?
  package var windowsUser: String?
  package var sysctls: [String: String] = [:]

  package init() {}
}
