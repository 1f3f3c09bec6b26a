package import Diagnostics

package struct Container: Sendable, Equatable {
  package var name: String
  package var image: String = ""
  package var command: [String] = []
  package var args: [String] = []
  package var workingDir: String?
  package var environment: [EnvironmentVariable] = []
  package var ports: [ContainerPort] = []
  package var securityContext = SecurityContext()
  package var resources = Resources()
  package var mounts: [VolumeMount] = []
  package var volumeDevices: [VolumeDevice] = []
  package var readinessProbe: Probe?
  package var livenessProbe: Probe?
  package var startupProbe: Probe?
  package var postStart: Probe?
  package var preStop: Probe?
  /// `Always` on an init container makes it a native sidecar: it starts before the application and stays.
  package var restartPolicy: String?
  /// Secrets taken in whole by `envFrom`.
  package var secretImports: [String] = []
  package var location: SourceLocation

  package var hasReadinessProbe: Bool { readinessProbe != nil }
  package var hasLivenessProbe: Bool { livenessProbe != nil }
  /// All five handlers that the kubelet may run against the container.
  package var handlers: [Probe] {
    [livenessProbe, readinessProbe, startupProbe, postStart, preStop].compactMap(\.self)
  }

  package init(name: String, location: SourceLocation) {
    self.name = name
    self.location = location
  }
}

package struct EnvironmentVariable: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    case literal(String)
    case configMap(name: String, key: String)
    case secret(name: String, key: String)
    /// Field references and the rest: there, but without a value that can be read.
    case opaque(String)
  }
  package var name: String
  package var source: Source
  package var location: SourceLocation

  package init(name: String, source: Source, location: SourceLocation) {
    self.name = name
    self.source = source
    self.location = location
  }
}

package struct ContainerPort: Sendable, Equatable {
  package var name: String?
  package var port: Int
  package var hostPort: Int?
  package var hostIP: String?
  package var transport: Transport

  package init(
    name: String?, port: Int, hostPort: Int? = nil, hostIP: String? = nil, transport: Transport = .tcp
  ) {
    self.name = name
    self.port = port
    self.hostPort = hostPort
    self.hostIP = hostIP
    self.transport = transport
  }
}

package enum Transport: String, Sendable, Codable, Hashable { case tcp = "TCP", udp = "UDP", sctp = "SCTP" }

/// A container's `securityContext`; the container's value wins over the pod's.
package struct SecurityContext: Sendable, Equatable {
  package var privileged: Bool?
  package var allowPrivilegeEscalation: Bool?
  package var readOnlyRootFilesystem: Bool?
  package var runAsUser: Int?
  package var runAsGroup: Int?
  package var runAsNonRoot: Bool?
  /// Names as written, upper-cased, without `CAP_`.
  package var addedCapabilities: [String] = []
  package var droppedCapabilities: [String] = []
  /// The same as written: Pod Security compares names exactly.
  package var addedCapabilitiesAsWritten: [String] = []
  package var droppedCapabilitiesAsWritten: [String] = []
  package var seLinux: SELinuxOptions?
  package var appArmor: AppArmorProfile?
  package var windowsHostProcess: Bool?
  package var windowsUser: String?
  package var seccomp: SeccompProfile?
  /// `Default` or `Unmasked`.
  package var procMount: String?

  package init() {}
}

package enum SeccompProfile: Sendable, Equatable, Hashable {
  case runtimeDefault
  case unconfined
  case localhost(String)
  /// A type that Kubernetes does not know, as written: it refuses the pod, and nobody can say what would hold.
  case other(String)
}

/// Limits and requests in base units: milli-CPU and bytes.
package struct Resources: Sendable, Equatable {
  package var cpuRequestMilli: Int?
  package var cpuLimitMilli: Int?
  package var memoryRequestBytes: Int?
  package var memoryLimitBytes: Int?
  package var ephemeralStorageLimitBytes: Int?
  /// Limits and requests of other resources by name, such as `nvidia.com/gpu`.
  package var extended: [String: String] = [:]

  package init() {}
}
