import Diagnostics
import FleetModel
package import IntentModel
import KubernetesAPI
import Policies

/// The kinds that a rollout writes, in the versions in which it writes them.
package enum MeshKinds {
  private static let plurals: [String: String] = [
    "PeerAuthentication": "peerauthentications", "AuthorizationPolicy": "authorizationpolicies", "Sidecar": "sidecars",
    "Server": "servers", "MeshTLSAuthentication": "meshtlsauthentications",
    "NetworkAuthentication": "networkauthentications", "ServiceDefaults": "servicedefaults",
    "ServiceIntentions": "serviceintentions", "NetworkPolicy": "networkpolicies",
    "VirtualService": "virtualservices", "DestinationRule": "destinationrules", "HTTPRoute": "httproutes",
    "ServiceResolver": "serviceresolvers", "ServiceSplitter": "servicesplitters", "Service": "services",
    "PodChaos": "podchaos", "NetworkChaos": "networkchaos", "StressChaos": "stresschaos",
  ]

  static func name(of object: ManifestObject) throws -> ObjectName {
    let parts = object.apiVersion.split(separator: "/").map(String.init)
    guard (1...2).contains(parts.count), let plural = plurals[object.id.kind] else {
      throw BulkheadError(.unexpected, "a rollout does not write \(object.id.kind) of \(object.apiVersion)")
    }
    let resource = APIResource(
      group: parts.count == 2 ? parts[0] : "", version: parts[parts.count - 1], kind: object.id.kind, plural: plural,
      isNamespaced: true)
    return ObjectName(resource, namespace: object.id.namespace, name: object.id.name)
  }

  /// Those of a mesh, by API version: what a cluster must have before anything is written.
  package static func needed(_ mesh: Mesh) -> [(apiVersion: String, kinds: [String])] {
    switch mesh {
    case .istioSidecar:
      [
        ("networking.istio.io/v1", ["DestinationRule", "Sidecar", "VirtualService"]),
        ("security.istio.io/v1", ["AuthorizationPolicy", "PeerAuthentication"]),
      ]
    case .istioAmbient: [("security.istio.io/v1", ["AuthorizationPolicy", "PeerAuthentication"])]
    case .linkerd:
      [
        ("policy.linkerd.io/v1alpha1", ["AuthorizationPolicy", "MeshTLSAuthentication", "NetworkAuthentication"]),
        ("policy.linkerd.io/v1beta3", ["Server"]),
      ]
    case .consul: [("consul.hashicorp.com/v1alpha1", ["Mesh", "ServiceDefaults", "ServiceIntentions"])]
    case .envoy: []
    }
  }
}
