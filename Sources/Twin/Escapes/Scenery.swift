import FleetModel
import Foundation
import StandinProtocol

/// What each logical node offers to those who break out onto it: planted secrets, and fakes that answer with them.
///
/// A probe has proved its vector only when it brings back the exact secret that the node side alone knows.
struct Scenery: Sendable {
  /// A secret per vector and run; random, so that nothing left by an earlier run can be mistaken for it.
  let nonces: [String: String]
  /// The token that pods get mounted and that the API server's fake accepts.
  let serviceAccountToken: String

  static let outsidePort = 80
  static let metadataPort = 80
  static let kubeletPort = 10250
  static let runtimeSocket = "/run/containerd/containerd.sock"
  static let manifests = "/etc/kubernetes/manifests"
  static let podFolder = "/var/lib/kubelet/pods/00000000-0000-4000-8000-000000000001"
  static let token = podFolder + "/volumes/kubernetes.io~projected/kube-api-access/token"
  static let rootFlag = "/root/flag"
  static let tokenInPod = "/var/run/secrets/kubernetes.io/serviceaccount/token"

  init() {
    func secret() -> String { UUID().uuidString.lowercased() }
    nonces = Dictionary(
      uniqueKeysWithValues: ["L03", "L18", "L20", "L23", "L25", "K08", "K14"].map { ($0, secret()) })
    serviceAccountToken = secret()
  }

  func nonce(_ vector: String) -> String { nonces[vector] ?? "" }

  /// Folders of a node that obey or betray whoever reaches them; made before any pod starts.
  static let folders = [manifests, "/root/.ssh", "/etc/cron.d", "/run/containerd", "/var/log"]

  /// Root-only files of a node, by path on the node.
  var files: [(path: String, text: String)] {
    [(Self.rootFlag, nonce("L03")), (Self.token, nonce("L18"))]
  }

  /// What the node's stand-in serves. `root` is the folder that is the node's file system.
  func configuration(root: String) -> NodeConfiguration {
    NodeConfiguration(
      sockets: [.init(path: root + Self.runtimeSocket, mode: 0o660, body: nonce("L20"))],
      servers: [
        .init(address: "127.0.0.1", port: Self.kubeletPort, body: nonce("L23")),
        .init(address: "\(AddressPlan.metadataService)", port: Self.metadataPort, body: nonce("K14")),
        .init(address: "\(AddressPlan.outside)", port: Self.outsidePort, body: "the outside world"),
        .init(
          address: "\(AddressPlan.apiServer)", port: AddressPlan.apiServerPort, path: "/api",
          bearer: serviceAccountToken, body: nonce("K08")),
      ])
  }

  /// The order for one vector's probe, for a container with these host paths: path on the node, path inside, writable.
  func order(_ vector: String, hostPaths: [(node: String, inside: String, writable: Bool)], nodeRoot: String)
    -> ProbeOrder
  {
    func inside(_ path: String, writing: Bool = false) -> [String] {
      hostPaths.filter { !writing || $0.writable }.compactMap { Self.translate(path, $0.node, $0.inside) }
    }
    func lines(_ paths: [String], otherwise: String) -> String {
      (paths.isEmpty ? [otherwise] : paths).joined(separator: "\n")
    }
    let facts: [String: String]
    switch vector {
    case "L03": facts = ["flagPath": nodeRoot + Self.rootFlag]
    case "L17":
      let sensitive = [Self.manifests, "/root/.ssh", "/etc/cron.d"]
      facts = ["paths": lines(sensitive.flatMap { inside($0, writing: true) }, otherwise: "/node-kubernetes/manifests")]
    case "L18": facts = ["paths": lines(inside(Self.token), otherwise: "/node-kubelet" + Self.token.dropFirst(16))]
    case "L20": facts = ["paths": lines(inside(Self.runtimeSocket), otherwise: Self.runtimeSocket)]
    case "L23": facts = ["address": "127.0.0.1", "port": "\(Self.kubeletPort)"]
    case "K08":
      facts = [
        "paths": Self.tokenInPod, "address": "\(AddressPlan.apiServer)", "port": "\(AddressPlan.apiServerPort)",
      ]
    case "K14": facts = ["address": "\(AddressPlan.metadataService)", "port": "\(Self.metadataPort)"]
    default: facts = [:]
    }
    // A written flag must be this probe's own; all others look for what was planted.
    let secret = vector == "L17" ? UUID().uuidString.lowercased() : nonce(vector)
    return ProbeOrder(vector: vector, nonce: secret, facts: facts)
  }

  /// Where a path of the node appears in a container that has `host` mounted at `mount`; nil when it does not.
  static func translate(_ path: String, _ host: String, _ mount: String) -> String? {
    let host = host == "/" ? "" : host
    guard path == host || path.hasPrefix(host + "/") else { return nil }
    return mount + path.dropFirst(host.count)
  }
}
