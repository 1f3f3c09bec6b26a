import FleetModel
import KubernetesAPI
import Policies

/// Weights by the Gateway API's routes of a Service. Their backends are Services, one for each revision, which select
/// what the user's own Service selects, and the revision.
enum GatewaySplit {
  static let routeGroup = "gateway.networking.k8s.io"

  static func name(_ group: String, _ service: ObjectReference) -> String {
    ClusterNames.label("bulkhead-\(group)-\(service.name)")
  }

  static func groups(_ split: TrafficSplit, wide: Bool) -> [ManifestObject] {
    let id = split.service.id
    return [("stable", split.stable), ("canary", split.canary)].map { group, revision in
      var selector = split.service.selector
      if !wide { selector[ClusterNames.revision] = revision }
      return ManifestObject(
        "Service", "v1", namespace: id.namespace, name: name(group, id), for: id,
        purpose: "the \(group) pods of \(id.name) while a canary runs",
        spec: .map(["selector": .labels(selector), "ports": .list(split.service.ports.map(port))]))
    }
  }

  private static func port(_ port: ServicePort) -> DocumentValue {
    let target: DocumentValue =
      switch port.target {
      case .number(let number): .integer(number)
      case .named(let name): .string(name)
      }
    return .map([
      "name": port.name.map { .string($0) }, "port": .integer(port.port), "protocol": .string("TCP"),
      "targetPort": target, "appProtocol": port.appProtocol.map { .string($0) },
    ])
  }

  /// One for each port: a route without one would send all ports' requests to the same port.
  static func routes(_ split: TrafficSplit, version: String) -> [ManifestObject] {
    let id = split.service.id
    func backend(_ group: String, _ port: Int, _ weight: Int) -> DocumentValue {
      .map([
        "group": .string(""), "kind": .string("Service"), "name": .string(name(group, id)), "port": .integer(port),
        "weight": .integer(weight),
      ])
    }
    return split.service.ports.map(\.port).sorted().map { port in
      var route = ManifestObject(
        "HTTPRoute", "\(routeGroup)/\(version)", namespace: id.namespace,
        name: ClusterNames.label("bulkhead-canary-\(id.name)-\(port)"), for: id, purpose: split.purpose,
        spec: .map([
          "parentRefs": .list([
            .map([
              "group": .string(""), "kind": .string("Service"), "name": .string(id.name), "port": .integer(port),
            ])
          ]),
          "rules": .list([
            .map([
              "backendRefs": .list([
                backend("stable", port, 100 - split.percent), backend("canary", port, split.percent),
              ])
            ])
          ]),
        ]))
      route.annotations = kept(split.service.annotations)
      return route
    }
  }

  /// What Linkerd reads of a Service it reads of its route once there is one.
  private static func kept(_ annotations: [String: String]) -> [String: String] {
    annotations.filter { $0.key.hasPrefix("retry.linkerd.io/") || $0.key.hasPrefix("timeout.linkerd.io/") }
  }

  /// Whether a controller took the present state of a route, and found what it names.
  static func isAccepted(_ live: DocumentValue) -> Bool {
    let generation = live[path: "metadata", "generation"]?.integer ?? 0
    return (live[path: "status", "parents"]?.elements ?? []).contains { parent in
      func says(_ type: String) -> String? {
        parent["conditions"]?.elements.first {
          $0["type"]?.string == type && ($0["observedGeneration"]?.integer ?? generation) >= generation
        }?["status"]?.string
      }
      return says("Accepted") == "True" && says("ResolvedRefs") != "False"
    }
  }
}

/// The proxy of a namespace or service that reads requests in ambient mode: a ztunnel reads none, and no route.
enum Waypoint {
  private static let label = "istio.io/use-waypoint"

  /// The name of the Gateway that stands before a service; nil for none.
  static func name(of service: DocumentValue, namespaceLabels: [String: String]) -> String? {
    let own = service[path: "metadata", "labels"]?.stringMap[label]
    let name = own ?? namespaceLabels[label]
    return name == "none" || name == "" ? nil : name
  }

  /// Whether it works, and for services.
  static func isReady(_ name: String, among gateways: [DocumentValue]) -> Bool {
    gateways.contains { gateway in
      let metadata = gateway["metadata"] ?? .mapping([])
      let purpose = metadata["labels"]?.stringMap["istio.io/waypoint-for"] ?? "service"
      return metadata["name"]?.string == name && ["service", "all"].contains(purpose)
        && (gateway[path: "status", "conditions"]?.elements ?? []).contains {
          $0["type"]?.string == "Programmed" && $0["status"]?.string == "True"
        }
    }
  }
}
