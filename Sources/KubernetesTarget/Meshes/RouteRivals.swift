import FleetModel
import IntentModel

/// Objects of others that say where calls to a service go: of two that do, one counts, and it is not known which.
enum RouteRivals {
  struct Kind: Sendable, Equatable {
    var kind: String
    var group: String
  }

  static func kinds(_ mesh: Mesh) -> [Kind] {
    let routes = ["HTTPRoute", "GRPCRoute"].map { Kind(kind: $0, group: GatewaySplit.routeGroup) }
    switch mesh {
    case .istioSidecar, .istioAmbient:
      return ["DestinationRule", "VirtualService"].map { Kind(kind: $0, group: "networking.istio.io") } + routes
    case .linkerd:
      return routes + [
        Kind(kind: "HTTPRoute", group: "policy.linkerd.io"), Kind(kind: "ServiceProfile", group: "linkerd.io"),
        Kind(kind: "TrafficSplit", group: "split.smi-spec.io"),
      ]
    case .consul:
      return ["ServiceResolver", "ServiceRouter", "ServiceSplitter"].map {
        Kind(kind: $0, group: "consul.hashicorp.com")
      }
    case .envoy: return []
    }
  }

  /// Whether an object is about a service.
  static func governs(
    _ kind: String, name: String, namespace: String, spec: DocumentValue, _ service: ObjectReference
  ) -> Bool {
    switch kind {
    case "DestinationRule", "VirtualService":
      return ((spec["hosts"]?.strings ?? []) + [spec["host"]?.string].compactMap(\.self))
        .contains { covers($0, in: namespace, service) }
    case "HTTPRoute", "GRPCRoute":
      return (spec["parentRefs"]?.elements ?? []).contains {
        $0["kind"]?.string == "Service" && $0["name"]?.string == service.name
          && ($0["namespace"]?.string ?? namespace) == service.namespace
      }
    case "ServiceProfile": return name.hasPrefix("\(service.name).\(service.namespace).svc.")
    case "TrafficSplit":
      return namespace == service.namespace
        && spec["service"]?.string?.split(separator: ".").first ?? "" == service.name
    // Consul's names are those of the whole datacentre.
    default: return name == service.name
    }
  }

  /// Hosts as Istio reads them: short names are the namespace's own.
  private static func covers(_ host: String, in namespace: String, _ service: ObjectReference) -> Bool {
    let whole = IstioSplit.host(service)
    if host == service.name { return namespace == service.namespace }
    let names = ["\(service.name).\(service.namespace)", "\(service.name).\(service.namespace).svc", whole]
    return host == "*" || names.contains(host) || (host.hasPrefix("*.") && whole.hasSuffix(host.dropFirst()))
  }
}
