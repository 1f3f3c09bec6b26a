package import FleetModel
package import IntentModel

/// The default-deny policy of one workload, for those of its pods that are to be isolated alone.
package enum IsolationObject {
  /// - Throws: `BulkheadError` where a workload has no labels by which a policy could name it.
  package static func object(
    _ intent: Intent, in fleet: Fleet, annotations: [String: String]
  ) throws -> DocumentValue {
    let policy = try IsolationPolicy(intent, in: fleet).policy
    let chosen = selector(policy.podSelector)
      .merging(.map(["matchLabels": .labels([ClusterNames.isolated: "true"])]))
    return .map([
      "apiVersion": .string("networking.k8s.io/v1"), "kind": .string("NetworkPolicy"),
      "metadata": .map([
        "name": .string(policy.id.name), "namespace": .string(policy.id.namespace),
        "labels": .labels([ClusterNames.managedBy: ClusterNames.program]), "annotations": .labels(annotations),
      ]),
      "spec": .map([
        "podSelector": chosen, "policyTypes": .texts(["Ingress", "Egress"]),
        "ingress": .list(policy.ingress.map { rule($0, "from") }),
        "egress": .list(policy.egress.map { rule($0, "to") } + [toDiscovery]),
      ]),
    ])
  }

  /// Sidecars must reach their server.
  private static let toDiscovery = DocumentValue.map([
    "to": .list([
      .map([
        "namespaceSelector": .map([
          "matchLabels": .labels(["kubernetes.io/metadata.name": ClusterNames.namespace])
        ]),
        "podSelector": .map(["matchLabels": .labels(["app": ClusterNames.discovery])]),
      ])
    ]),
    "ports": .list([15012, 15013, 15014].map { .map(["protocol": .string("TCP"), "port": .integer($0)]) }),
  ])

  private static func rule(_ rule: NetworkPolicy.Rule, _ peers: String) -> DocumentValue {
    var entries: [DocumentValue.Entry] = []
    if !rule.ports.isEmpty { entries.append(.init("ports", .list(rule.ports.map(port)))) }
    if !rule.peers.isEmpty { entries.append(.init(peers, .list(rule.peers.map(peer)))) }
    return .mapping(entries)
  }

  private static func peer(_ peer: NetworkPolicy.Peer) -> DocumentValue {
    switch peer {
    case .pods(let namespaces, let pods):
      .map(["namespaceSelector": namespaces.map(selector), "podSelector": pods.map(selector)])
    case .block(let cidr, let except):
      .map(["ipBlock": .map(["cidr": .string(cidr), "except": except.isEmpty ? nil : .texts(except)])])
    }
  }

  private static func port(_ port: NetworkPolicy.Port) -> DocumentValue {
    let transport = DocumentValue.string(port.transport.rawValue)
    switch port.number {
    case .all: return .map(["protocol": transport])
    case .named(let name): return .map(["protocol": transport, "port": .string(name)])
    case .range(let low, _): return .map(["protocol": transport, "port": .integer(low)])
    }
  }

  /// The selectors of isolation are labels with one value each.
  private static func selector(_ selector: LabelSelector) -> DocumentValue {
    let labels = selector.requirements.compactMap { requirement in
      requirement.values.first.map { (requirement.key, $0) }
    }
    return .map(["matchLabels": .labels(Dictionary(labels) { first, _ in first })])
  }
}
