/// The parts of an OCI runtime configuration (config.json, runtime-spec 1.0.2) that the twin uses.
package struct OCISpec: Codable, Sendable, Equatable {
  package var ociVersion = "1.0.2"
  package var hostname: String?
  package var root: Root
  package var process: Process
  package var mounts: [Mount]
  package var linux: Linux

  package struct Root: Codable, Sendable, Equatable {
    package var path: String
    package var readonly: Bool
  }

  package struct Process: Codable, Sendable, Equatable {
    package var terminal = false
    package var user: User
    package var args: [String]
    package var env: [String]
    package var cwd: String
    package var capabilities: Capabilities
    package var noNewPrivileges: Bool
  }

  package struct User: Codable, Sendable, Equatable {
    package var uid: Int
    package var gid: Int
    package var additionalGids: [Int]?
  }

  /// Kubernetes sets neither inheritable nor ambient capabilities.
  package struct Capabilities: Codable, Sendable, Equatable {
    package var bounding: [String]
    package var effective: [String]
    package var permitted: [String]
  }

  package struct Mount: Codable, Sendable, Equatable {
    package var destination: String
    package var type: String
    package var source: String
    package var options: [String]
  }

  package struct Linux: Codable, Sendable, Equatable {
    package var cgroupsPath: String?
    package var maskedPaths: [String]
    package var namespaces: [Namespace]
    package var readonlyPaths: [String]
    package var resources: Resources
    package var rootfsPropagation: String?
    package var seccomp: OCISeccomp?
    package var sysctl: [String: String]?
  }

  package struct Namespace: Codable, Sendable, Equatable {
    package var type: String
    /// An existing namespace to join; a new one is made without it.
    package var path: String?
  }

  package struct Resources: Codable, Sendable, Equatable {
    package var cpu: CPU?
    package var devices: [DeviceRule]
    package var memory: Memory?
    package var pids: Pids?
  }

  package struct CPU: Codable, Sendable, Equatable {
    package var shares: Int
    /// Microseconds of processor time per `period` (microseconds).
    package var quota: Int?
    package var period: Int?
  }

  package struct DeviceRule: Codable, Sendable, Equatable {
    package var allow: Bool
    package var access: String
  }

  /// Bytes; `swap` counts memory and swap together, so that the same value means no swap.
  package struct Memory: Codable, Sendable, Equatable {
    package var limit: Int
    package var swap: Int?
  }

  package struct Pids: Codable, Sendable, Equatable { package var limit: Int }
}
