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
  package var hasReadinessProbe = false
  package var hasLivenessProbe = false
  package var location: SourceLocation

  package init(name: String, location: SourceLocation) {
    self.name = name
    self.location = location
  }
}

package struct EnvironmentVariable: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    case literal(String)
    case configMap(name: String, key: String)
    /// Secrets, field references and the rest: there, but without a value that can be read.
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
  package var transport: Transport

  package init(name: String?, port: Int, hostPort: Int? = nil, transport: Transport = .tcp) {
    self.name = name
    self.port = port
    self.hostPort = hostPort
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
  package var seccomp: SeccompProfile?
  /// `Default` or `Unmasked`.
  package var procMount: String?

  package init() {}
}

package enum SeccompProfile: Sendable, Equatable, Hashable {
  case runtimeDefault
  case unconfined
  case localhost(String)
}

/// Limits and requests in base units: milli-CPU and bytes.
package struct Resources: Sendable, Equatable {
  package var cpuRequestMilli: Int?
  package var cpuLimitMilli: Int?
  package var memoryRequestBytes: Int?
  package var memoryLimitBytes: Int?

  package init() {}
}

package struct VolumeMount: Sendable, Equatable {
  package var volume: String
  package var path: String
  package var readOnly: Bool
  package var subPath: String?
  /// `None`, `HostToContainer` or `Bidirectional`.
  package var propagation: String?

  package init(volume: String, path: String, readOnly: Bool = false, subPath: String? = nil, propagation: String? = nil)
  {
    self.volume = volume
    self.path = path
    self.readOnly = readOnly
    self.subPath = subPath
    self.propagation = propagation
  }
}

package struct Volume: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    case emptyDir(memory: Bool, sizeLimitBytes: Int?)
    case hostPath(path: String, type: String)
    case configMap(String)
    case secret(String)
    case projected
    case claim(String)
    /// A kind that no engine reads yet, by its key.
    case other(String)
  }
  package var name: String
  package var source: Source

  package init(name: String, source: Source) {
    self.name = name
    self.source = source
  }
}
