import Diagnostics
package import FleetModel

/// The default-deny network policy of one workload, with exactly the calls that its intent knows.
///
/// Ingress: the callers' pods to each container port that has callers (anybody, where it serves callers outside the
/// fleet). Egress: the pods of the services it calls, on their container ports, and DNS to the cluster's resolver.
package struct IsolationPolicy: Sendable, Equatable {
  package let policy: NetworkPolicy
  /// Other workloads of the namespace whose pods the selector takes in as well, because their labels contain this
  /// one's: on a cluster they would be isolated with it.
  package let overlaps: [ObjectReference]

  /// Throws `configuration` where a workload has no pod labels by which a policy could name it.
  package init(_ intent: Intent, in fleet: Fleet) throws {
    let own = try Self.selector(of: intent.workload, in: fleet)
    let kind = intent.workload.kind.lowercased()
    var policy = NetworkPolicy(
      id: ObjectReference(
        kind: "NetworkPolicy", namespace: intent.workload.namespace, name: "bulkhead-\(kind)-\(intent.workload.name)"),
      location: fleet.workload(intent.workload)?.location ?? SourceLocation(file: "(plan)", line: 0))
    policy.podSelector = own
    policy.governsIngress = true
    policy.governsEgress = true
    policy.ingress = try Self.ingress(intent, fleet)
    policy.egress = try Self.egress(intent, fleet)
    self.policy = policy
    overlaps = fleet.workloads.filter {
      $0.id != intent.workload && $0.id.namespace == intent.workload.namespace && own.matches($0.podLabels)
    }.map(\.id).sorted()
  }

  /// As `kubectl apply` takes it; the same text every time.
  package var yaml: String { policy.yaml }

  private static func ingress(_ intent: Intent, _ fleet: Fleet) throws -> [NetworkPolicy.Rule] {
    try intent.inbound.sorted { $0.port < $1.port }.compactMap { flow in
      guard flow.servesOutside || !flow.callers.isEmpty else { return nil }
      let peers = flow.servesOutside ? [] : try peers(flow.callers, seenFrom: intent.workload, in: fleet)
      return NetworkPolicy.Rule(peers: peers, ports: [.init(number: .range(flow.port, flow.port))])
    }
  }

  private static func egress(_ intent: Intent, _ fleet: Fleet) throws -> [NetworkPolicy.Rule] {
    let targets = Dictionary(grouping: intent.outbound, by: \.targetPort).sorted { $0.key < $1.key }
    let calls = try targets.map { port, flows in
      NetworkPolicy.Rule(
        peers: try peers(flows.map(\.target), seenFrom: intent.workload, in: fleet),
        ports: [.init(number: .range(port, port))])
    }
    return calls + [names]
  }

  /// DNS, and only to the cluster's own resolver.
  private static let names = NetworkPolicy.Rule(
    peers: [
      .pods(
        namespaces: LabelSelector([.init(key: "kubernetes.io/metadata.name", operation: .isIn, values: ["kube-system"])]
        ),
        pods: LabelSelector([.init(key: "k8s-app", operation: .isIn, values: ["kube-dns"])]))
    ],
    ports: [.init(transport: .udp, number: .range(53, 53)), .init(transport: .tcp, number: .range(53, 53))])

  private static func peers(
    _ workloads: [ObjectReference], seenFrom own: ObjectReference, in fleet: Fleet
  ) throws -> [NetworkPolicy.Peer] {
    try Set(workloads).sorted().map { workload in
      let namespace = LabelSelector([
        .init(key: "kubernetes.io/metadata.name", operation: .isIn, values: [workload.namespace])
      ])
      return .pods(
        namespaces: workload.namespace == own.namespace ? nil : namespace,
        pods: try selector(of: workload, in: fleet))
    }
  }

  /// An empty selector would take in every pod, so it is never made.
  private static func selector(of id: ObjectReference, in fleet: Fleet) throws -> LabelSelector {
    guard let workload = fleet.workload(id), !workload.podLabels.isEmpty else {
      throw BulkheadError(
        .configuration, "\(id) has no pod labels by which a network policy could name it",
        cure: "give its pod template a label of its own", location: fleet.workload(id)?.location)
    }
    return LabelSelector(
      workload.podLabels.sorted { $0.key < $1.key }
        .map { .init(key: $0.key, operation: .isIn, values: [$0.value]) })
  }
}
