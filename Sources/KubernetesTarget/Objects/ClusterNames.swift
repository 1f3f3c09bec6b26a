import Crypto
import Foundation
package import IntentModel
package import KubernetesAPI
import Policies

/// Names of what Bulkhead has in a cluster.
package enum ClusterNames {
  package static let namespace = "bulkhead"
  package static let discovery = "bulkhead-discovery"
  package static let lease = "bulkhead-rollout"
  /// What the discovery server serves from.
  package static let meshDocument = "bulkhead-mesh"
  package static let meshDocumentKey = "mesh.json"
  /// In each enrolled namespace.
  package static let sidecarConfiguration = "bulkhead-sidecar"
  package static let audience = "bulkhead"
  package static let serverName = "bulkhead-discovery.bulkhead.svc"

  // Labels and annotations.
  package static let managedBy = "app.kubernetes.io/managed-by"
  package static let program = "bulkhead"
  /// On the canary's pods, and in its selector alone.
  package static let cohort = "bulkhead.dev/cohort"
  package static let canaryOf = "bulkhead.dev/canary-of"
  /// On pods: which step made them.
  package static let revision = "bulkhead.dev/revision"
  /// On pods that are under a default-deny policy.
  package static let isolated = PostureMark.isolated
  package static let posture = "bulkhead.dev/posture"
  package static let plan = "bulkhead.dev/plan"
  package static let step = "bulkhead.dev/step"
  package static let epoch = "bulkhead.dev/epoch"
  /// On a workload whose update strategy is not its owner's while a wave lasts: what it was, and what it is.
  package static let held = "bulkhead.dev/held"

  // Containers and volumes of a pod.
  static let server = "discovery"
  package static let proxy = "bulkhead-proxy"
  static let credential = "bulkhead-credential"
  static let capture = "bulkhead-capture"
  static let configurationVolume = "bulkhead-configuration"
  static let credentialVolume = "bulkhead-run"
  static let tokenVolume = "bulkhead-token"
  package static let prefix = "bulkhead-"

  package static func canary(of name: String) -> String { "\(name)-bulkhead-canary" }

  /// A name of at most 63 characters, as Services and whatever is named in a label must have: a longer one keeps its
  /// beginning and gets a digest of the whole, so that it stays unique.
  static func label(_ name: String) -> String {
    guard name.utf8.count > 63 else { return name }
    let digest = SHA256.hash(data: Data(name.utf8)).prefix(4)
    return String(decoding: name.utf8.prefix(54), as: UTF8.self) + "-"
      + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

extension APIResource {
  package static let deployments = apps("Deployment", "deployments")
  package static let statefulSets = apps("StatefulSet", "statefulsets")
  package static let daemonSets = apps("DaemonSet", "daemonsets")
  package static let services = core("Service", "services")
  package static let configMaps = core("ConfigMap", "configmaps")
  package static let secrets = core("Secret", "secrets")
  package static let serviceAccounts = core("ServiceAccount", "serviceaccounts")
  package static let leases = APIResource(
    group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", isNamespaced: true)
  package static let networkPolicies = APIResource(
    group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy", plural: "networkpolicies", isNamespaced: true)
  package static let tokenReviews = APIResource(
    group: "authentication.k8s.io", version: "v1", kind: "TokenReview", plural: "tokenreviews", isNamespaced: false)
  static let clusterRoles = rbac("ClusterRole", "clusterroles")
  static let clusterRoleBindings = rbac("ClusterRoleBinding", "clusterrolebindings")
  static let roles = rbac("Role", "roles", isNamespaced: true)
  static let roleBindings = rbac("RoleBinding", "rolebindings", isNamespaced: true)

  private static func core(_ kind: String, _ plural: String) -> APIResource {
    APIResource(group: "", version: "v1", kind: kind, plural: plural, isNamespaced: true)
  }
  private static func apps(_ kind: String, _ plural: String) -> APIResource {
    APIResource(group: "apps", version: "v1", kind: kind, plural: plural, isNamespaced: true)
  }
  private static func rbac(_ kind: String, _ plural: String, isNamespaced: Bool = false) -> APIResource {
    APIResource(
      group: "rbac.authorization.k8s.io", version: "v1", kind: kind, plural: plural, isNamespaced: isNamespaced)
  }
}

/// A posture as a pod's annotation has it: words, so that people can read it.
package enum PostureText {
  package static func of(_ posture: Posture) -> String {
    var words = ["mutualTLS=\(posture.mutualTLS.rawValue)", "authorisation=\(posture.authorisation.rawValue)"]
    if posture.hardened { words.append("hardened") }
    if posture.isolated { words.append("isolated") }
    return words.joined(separator: ",")
  }

  /// Nil for a text that is none.
  package static func read(_ text: String) -> Posture? {
    var posture = Posture()
    for word in text.split(separator: ",") {
      switch word {
      case "hardened": posture.hardened = true
      case "isolated": posture.isolated = true
      default:
        let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "mutualTLS":
          guard let value = MutualTLS(rawValue: parts[1]) else { return nil }
          posture.mutualTLS = value
        case "authorisation":
          guard let value = Authorisation(rawValue: parts[1]) else { return nil }
          posture.authorisation = value
        default: return nil
        }
      }
    }
    return posture
  }
}
