package import Diagnostics
package import FleetModel

/// A port of a service that callers without an identity of the fleet are meant to reach.
package struct OutsideEntrance: Sendable, Equatable {
  /// Who comes in by it.
  package enum Kind: Sendable, Equatable {
    /// Whoever reaches a load balancer, a port of the nodes or an external address.
    case exposed
    /// An ingress controller or a gateway.
    case routed
    /// The API server.
    case webhook
  }
  package var kind: Kind
  package var service: ObjectReference
  package var port: ServicePort
  /// Such as `LoadBalancer frontend-external`.
  package var what: String
  package var location: SourceLocation

  /// Of a hostile object no more is read.
  private static let most = (rules: 500, backends: 100)

  /// All of a fleet, by the objects that open them.
  package static func all(in fleet: Fleet) -> [OutsideEntrance] {
    exposed(fleet) + fleet.ingresses.flatMap { routed($0, fleet) } + routes(fleet) + webhooks(fleet)
  }

  private static func exposed(_ fleet: Fleet) -> [OutsideEntrance] {
    fleet.services.filter { $0.facesOutside || !$0.externalIPs.isEmpty }.flatMap { service in
      let way = service.facesOutside ? service.type : "Service with external addresses"
      return service.ports.map {
        OutsideEntrance(
          kind: .exposed, service: service.id, port: $0, what: "\(way) \(service.id.name)", location: service.location)
      }
    }
  }

  private static func routed(_ ingress: Ingress, _ fleet: Fleet) -> [OutsideEntrance] {
    ingress.backends.flatMap { backend -> [OutsideEntrance] in
      let id = ObjectReference(kind: "Service", namespace: ingress.id.namespace, name: backend.service)
      let ports = fleet.service(id)?.ports.filter { $0.isMeant(by: backend.port) } ?? []
      return ports.map {
        OutsideEntrance(
          kind: .routed, service: id, port: $0, what: "Ingress \(ingress.id.name)", location: ingress.location)
      }
    }
  }

  /// Routes of the Gateway API; one between services of a mesh is no entrance.
  private static func routes(_ fleet: Fleet) -> [OutsideEntrance] {
    fleet.customObjects.filter { $0.apiGroup == "gateway.networking.k8s.io" }.flatMap { route -> [OutsideEntrance] in
      let parents = route.spec["parentRefs"]?.elements ?? []
      guard parents.contains(where: { $0["kind"]?.string ?? "Gateway" == "Gateway" }) else { return [] }
      let rules = (route.spec["rules"]?.elements ?? []).prefix(most.rules)
      return rules.flatMap { ($0["backendRefs"]?.elements ?? []).prefix(most.backends) }.flatMap {
        backend -> [OutsideEntrance] in
        guard backend["kind"]?.string ?? "Service" == "Service", let name = backend["name"]?.string else { return [] }
        let namespace = backend["namespace"]?.string ?? route.id.namespace
        let id = ObjectReference(kind: "Service", namespace: namespace, name: name)
        let ports = fleet.service(id)?.ports.filter { $0.port == backend["port"]?.integer } ?? []
        return ports.map {
          OutsideEntrance(
            kind: .routed, service: id, port: $0, what: "\(route.id.kind) \(route.id.name)", location: route.location)
        }
      }
    }
  }

  private static func webhooks(_ fleet: Fleet) -> [OutsideEntrance] {
    fleet.webhooks.flatMap { configuration in
      configuration.webhooks.flatMap { hook -> [OutsideEntrance] in
        guard let id = hook.service else { return [] }
        let ports = fleet.service(id)?.ports.filter { $0.port == hook.port } ?? []
        return ports.map {
          OutsideEntrance(
            kind: .webhook, service: id, port: $0, what: "the API server (webhook \(hook.name))",
            location: configuration.location)
        }
      }
    }
  }
}

extension ServicePort {
  fileprivate func isMeant(by reference: PortReference) -> Bool {
    switch reference {
    case .number(let number): port == number
    case .named(let text): name == text
    }
  }
}
