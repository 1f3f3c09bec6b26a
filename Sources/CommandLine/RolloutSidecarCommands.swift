package import ArgumentParser
import Composition
import Diagnostics

/// `bulkhead discovery`: runs in the cluster.
package struct DiscoveryCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "discovery",
    abstract: "Serve the sidecars of a cluster (started by a rollout, in the cluster).",
    discussion: """
      EXAMPLES
        bulkhead discovery --keys /run/keys --namespace shop

      EXIT CODES
        69 the API server does not answer · 77 not permitted · 78 configuration · 130, 143 signals
      """,
    shouldDisplay: false)

  @Option(name: .long, help: ArgumentHelp("The authorities' keys, a file each.", valueName: "folder"))
  var keys = "/run/keys"
  @Option(name: .long, help: ArgumentHelp("Whose pods are served; repeatable.", valueName: "name"))
  var namespace: [String] = []
  @Option(name: .long, help: ArgumentHelp("Without it, the pod's own account.", valueName: "file"))
  var kubeconfig: String?

  package init() {}

  package func validate() throws {
    if namespace.isEmpty { throw ValidationError("name at least one --namespace") }
  }

  package func run() async throws {
    var discovery = ClusterDiscovery()
    discovery.access.kubeconfig = kubeconfig
    discovery.access.purpose = "discovery"
    (discovery.keys, discovery.namespaces) = (keys, Array(Set(namespace)).sorted())
    let serving = discovery
    try await CancelOnSignal.run { try await serving.run(say: RolloutCommand.say) }
  }
}

/// `bulkhead sidecar`: runs in pods, before their sidecar starts.
package struct SidecarCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sidecar",
    abstract: "Prepare a pod for its sidecar (started by a rollout, in pods).",
    discussion: """
      EXAMPLES
        bulkhead sidecar capture --node-address 10.0.0.7 --probe-port 8080
      """,
    shouldDisplay: false, subcommands: [SidecarCredentialCommand.self, SidecarCaptureCommand.self])

  package init() {}
}

struct SidecarCredentialCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credential", abstract: "Exchange the pod's token for a credential.",
    discussion: """
      EXAMPLES
        bulkhead sidecar credential --address 10.96.0.9 --server-name bulkhead-discovery.bulkhead.svc \
      --root /etc/bulkhead/root.pem --token /var/run/bulkhead/token --out /run/bulkhead

      EXIT CODES
        0 written · 69 no answer · 77 the token is not taken · 78 a file is missing
      """)

  @Option(name: .long, help: "Of the discovery server.") var address: String
  @Option(name: .long, help: "In the discovery server's certificate.") var serverName: String
  @Option(name: .long, help: ArgumentHelp("The authority.", valueName: "file")) var root: String
  @Option(name: .long, help: ArgumentHelp("The token.", valueName: "file")) var token: String
  @Option(name: .long, help: ArgumentHelp("Where the credential goes.", valueName: "folder")) var out: String

  func run() async throws {
    try await SidecarPreparation.credential(
      address: address, serverName: serverName, rootFile: root, tokenFile: token, out: out)
  }
}

struct SidecarCaptureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture", abstract: "Lead this network namespace's TCP through the sidecar.",
    discussion: """
      EXAMPLES
        bulkhead sidecar capture --node-address 10.0.0.7 --probe-port 8080

      EXIT CODES
        0 set · 77 the rules were not taken
      """)

  @Option(name: .long, help: "Of the node: its kubelet's probes are let past.") var nodeAddress: String?
  @Option(name: .long, help: "A port that the kubelet asks; repeatable.") var probePort: [Int] = []

  func validate() throws {
    guard probePort.allSatisfy((1...65_535).contains) else { throw ValidationError("--probe-port: 1 to 65535") }
  }

  func run() async throws {
    try await SidecarPreparation.capture(nodeAddress: nodeAddress, probePorts: probePort)
  }
}
