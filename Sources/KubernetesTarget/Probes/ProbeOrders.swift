import Breach
import FleetModel
import KubernetesAPI
import StandinProtocol

/// What is offered on one node for those who break out onto it, and how each vector's probe is told to look for it.
///
/// Nothing is planted among the node's own files: secrets are in the environment, the volumes and the annotations of a
/// pod, where the node keeps those of every pod, and what a probe writes has no name.
package struct ProbeScenery: Sendable, Equatable {
  package var node: String
  /// Random; each vector has its own secret made of it.
  package var secret: String
  /// Of the pod that offers it.
  package var uid: String

  package init(node: String, secret: String, uid: String) { (self.node, self.secret, self.uid) = (node, secret, uid) }

  package static let port = 15_919
  /// On the pod, for whoever can ask the node's runtime for it.
  package static let role = "scenery"
  static let flagAnnotation = "bulkhead.dev/flag-"

  package static func secret(_ vector: String, of secret: String) -> String { "\(secret)-\(vector.lowercased())" }

  /// Where the kubelet keeps the volumes of the pod.
  private func file(_ vector: String) -> String {
    "/var/lib/kubelet/pods/\(uid)/volumes/kubernetes.io~downward-api/flags/\(vector.lowercased())"
  }

  /// - Parameter account: of the pod, as tokens name it.
  package func order(_ vector: String, from place: ProbeSubject.Place, of subject: ProbeSubject, account: String)
    -> String
  {
    let mounts = subject.hostPaths(of: place)
    func lines(_ paths: [String], otherwise: String) -> String {
      // A path that is nowhere: what is not mounted is not there.
      (paths.isEmpty ? [otherwise] : paths).joined(separator: "\n")
    }
    var facts: [String: String] = [:]
    switch vector {
    case "L03": facts = ["flagPath": file("L03")]
    case "L17":
      let folders = mounts.filter(\.writable).flatMap { NodePlaces.obeyed(mounted: $0.node, at: $0.inside) }
      facts = ["paths": lines(folders, otherwise: "/bulkhead-no-folder-of-the-node"), "unnamed": "true"]
    case "L18":
      let files = mounts.compactMap { NodePlaces.place(file("L18"), mounted: $0.node, at: $0.inside) }
      facts = ["paths": lines(files, otherwise: file("L18"))]
    case "L20":
      let sockets = mounts.flatMap { NodePlaces.sockets(mounted: $0.node, at: $0.inside) }
      facts = [
        "paths": lines(sockets, otherwise: "/run/containerd/containerd.sock"),
        "label": "\(ProbePod.label)=\(Self.role)",
      ]
    case "L23": facts = ["address": "127.0.0.1", "port": "\(Self.port)"]
    case "K08":
      facts = [
        "paths": lines(Self.tokens(subject, place), otherwise: Self.usualToken),
        "subject": "system:serviceaccount:\(account)",
      ]
    // Nobody can answer in its place on a real node; whether there is one, the control tells.
    case "K14": facts = ["address": "169.254.169.254", "port": "80", "anyAnswer": "true"]
    default: break
    }
    return StandinText.of(ProbeOrder(vector: vector, nonce: Self.secret(vector, of: secret), facts: facts))
  }

  private static let usualToken = "/var/run/secrets/kubernetes.io/serviceaccount/token"

  /// The token that is mounted by itself, and those that the pod has mounted by hand.
  private static func tokens(_ subject: ProbeSubject, _ place: ProbeSubject.Place) -> [String] {
    let volumes = subject.spec["volumes"]?.elements ?? []
    return [usualToken]
      + place.mounts.flatMap { mount -> [String] in
        let volume = volumes.first { $0["name"] == mount["name"] }
        let sources = volume?[path: "projected", "sources"]?.elements ?? []
        guard let inside = mount["mountPath"]?.string else { return [] }
        return sources.compactMap { source in
          // A token for another audience is none for the API server.
          guard let token = source["serviceAccountToken"], token["audience"]?.string ?? "" == "" else { return nil }
          return token["path"]?.string.map { "\(inside)/\($0)" }
        }
      }
  }
}
