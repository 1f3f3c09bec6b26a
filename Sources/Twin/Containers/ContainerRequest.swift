package import FleetModel
package import IntentModel

/// Everything that decides one container of the twin. All paths are those inside the world unless said otherwise.
package struct ContainerRequest: Sendable {
  /// Unique in the world.
  package var id: String
  package var podID: String
  /// The pod's name: its host name, unless the manifest says otherwise.
  package var podName: String
  /// The logical node it runs on.
  package var node: String
  package var pod: PodSpec
  package var container: Container
  package var security: EffectiveContainer
  package var arguments: [String]
  /// `NAME=value`; PATH and HOSTNAME are added where they are missing.
  package var environment: [String] = []
  package var workingDirectory = "/"
  package var namespaces = PodNamespaces()
  /// Absolute, below every cgroup controller; nil where cgroups cannot be had.
  package var cgroupsPath: String?
  /// Contents of /etc/hosts and /etc/resolv.conf.
  package var hosts = ""
  package var resolver = ""
  /// The ConfigMaps of the pod's namespace: name → key → value.
  package var configMaps: [String: [String: String]] = [:]
  /// What the service account says about mounting its token; the pod's own word wins.
  package var accountMountsToken: Bool?
  package var token: ServiceAccountToken?
  /// Programs, libraries and sockets that the twin itself puts into the container.
  package var binds: [ExtraBind] = []
  /// Folders of generated files, mounted read-only: path in the container → file name → contents.
  package var generated: [String: [String: String]] = [:]
  /// Small writable folders of this container alone: path in the container → mode.
  package var scratch: [String: Int] = [:]
  /// Filter the calls of the 32-bit interfaces as well. Without, they are refused altogether, and the filter takes a
  /// third of the time to build: right for programs that are known to be native.
  package var filtersForeignInterfaces = true
  package var traits = WorldTraits()

  package init(
    id: String, podID: String, podName: String, node: String, pod: PodSpec, container: Container,
    arguments: [String]
  ) throws {
    self.id = id
    self.podID = podID
    self.podName = podName
    self.node = node
    self.pod = pod
    self.container = container
    self.arguments = arguments
    security = try EffectiveContainer(container, in: pod)
  }
}

/// The namespaces of its pod that a container joins, as paths in its node; nil makes new ones (the pod's first
/// container). A manifest's host namespaces win over these.
package struct PodNamespaces: Sendable, Equatable {
  package var network: String?
  package var ipc: String?
  package var uts: String?
  /// Joined only by pods with `shareProcessNamespace`.
  package var pid: String?

  package init(network: String? = nil, ipc: String? = nil, uts: String? = nil, pid: String? = nil) {
    self.network = network
    self.ipc = ipc
    self.uts = uts
    self.pid = pid
  }
}

package struct ServiceAccountToken: Sendable, Equatable {
  package var token: String
  package var namespace: String
  package var authority: String

  package init(token: String, namespace: String, authority: String) {
    self.token = token
    self.namespace = namespace
    self.authority = authority
  }

  static let directory = "/var/run/secrets/kubernetes.io/serviceaccount"
}

package struct ExtraBind: Sendable, Equatable {
  package var source: String
  package var destination: String
  package var readOnly: Bool

  package init(source: String, destination: String, readOnly: Bool = true) {
    self.source = source
    self.destination = destination
    self.readOnly = readOnly
  }
}

/// What the world in which containers run can give them.
package struct WorldTraits: Sendable, Equatable {
  /// The world's directory as seen inside it.
  package var directory = "/run/bulkhead"
  /// What "all capabilities" can mean at most. A user namespace has them all, over itself.
  package var capabilities = CapabilitySet.all
  /// The kernel counts swap, so that memory can be limited with it. (Always so where swap is counted by cgroup v2.)
  package var countsSwap = true
  /// Everybody may bind ports below 1024 in a pod's network, as containerd 2 and Docker have it.
  package var unprivilegedPorts = true
  /// Processes and threads in one container (the kubelet's podPidsLimit).
  package var pidsLimit = 256
  /// Ids from here on do not exist in the world; a manifest's larger ones are folded into it.
  package var idLimit = 65536
  package var seccomp = RuntimeDefault.Edition.containerd1

  package init() {}
}
