import Diagnostics
import FleetModel

/// The network policy of one workload: default-deny both ways, and what it needs.
struct NetworkRules {
  let target: PolicyTarget
  let peers: PeerNames
  /// Addresses from which the proxies' counts are read.
  var watchers: [String] = []

  func policy(_ need: WorkloadPolicy) -> NetworkPolicy {
    var policy = NetworkPolicy(
      id: ObjectReference(
        kind: "NetworkPolicy", namespace: need.workload.namespace, name: ObjectName.of(need.workload)),
      location: need.location)
    policy.podSelector = PeerNames.selector(need.selector)
    policy.governsIngress = true
    policy.governsEgress = true
    policy.ingress = ingress(need)
    policy.egress = egress(need)
    return policy
  }

  private func single(_ port: Int, _ transport: Transport = .tcp) -> NetworkPolicy.Port {
    NetworkPolicy.Port(transport: transport, number: .range(port, port))
  }

  private func ingress(_ need: WorkloadPolicy) -> [NetworkPolicy.Rule] {
    var rules = need.inbound.compactMap { inbound -> NetworkPolicy.Rule? in
      let port = single(inbound.port, inbound.transport)
      if inbound.entrances.contains(where: { $0.source == .anywhere }) {
        return NetworkPolicy.Rule(peers: [], ports: [port])
      }
      var peers = inbound.callers.map { self.peers.peer($0, seenFrom: need.workload.namespace) }
      for entrance in inbound.entrances {
        let peer: NetworkPolicy.Peer
        switch entrance.source {
        case .anywhere: continue
        case .pods(let namespace):
          peer = .pods(namespaces: namespace.map(PeerNames.namespace) ?? LabelSelector(), pods: nil)
        case .workload(let id): peer = self.peers.peer(id, seenFrom: need.workload.namespace)
        }
        if !peers.contains(peer) { peers.append(peer) }
      }
      return peers.isEmpty ? nil : NetworkPolicy.Rule(peers: peers, ports: [port])
    }
    guard need.isInMesh else { return rules }
    // Opened to everybody, the tunnel's port would open every port of the pod (istio#56659).
    let members = Set(need.inbound.filter { $0.transport == .tcp }.flatMap(\.members)).sorted()
    if let tunnel = target.tunnelPort, !members.isEmpty {
      rules.append(
        NetworkPolicy.Rule(
          peers: members.map { peers.peer($0, seenFrom: need.workload.namespace) }, ports: [single(tunnel)]))
    }
    rules += proxyMetrics(need) + ambientProbes(need)
    if let port = target.metricsPort, !watchers.isEmpty {
      rules.append(
        NetworkPolicy.Rule(peers: watchers.map { .block(cidr: $0, except: []) }, ports: [single(port)]))
    }
    return rules
  }

  /// Where metrics are scraped, the proxy's own are too.
  private func proxyMetrics(_ need: WorkloadPolicy) -> [NetworkPolicy.Rule] {
    guard let port = target.metricsPort, !need.inbound.contains(where: { $0.port == port }) else { return [] }
    let scrapers = need.scrapers.compactMap { source -> NetworkPolicy.Peer? in
      switch source {
      case .workload(let id): peers.peer(id, seenFrom: need.workload.namespace)
      case .pods(let namespace?): .pods(namespaces: PeerNames.namespace(namespace), pods: nil)
      case .pods(nil), .anywhere: nil
      }
    }
    return scrapers.isEmpty ? [] : [NetworkPolicy.Rule(peers: scrapers, ports: [single(port)])]
  }

  /// In ambient mode the kubelet's probes come from this address (istio.io, "Ambient and Kubernetes NetworkPolicy");
  /// elsewhere they come from the node, which every network plugin lets through.
  private func ambientProbes(_ need: WorkloadPolicy) -> [NetworkPolicy.Rule] {
    guard target == .istioAmbient, let ports = peers.probePorts[need.workload], !ports.isEmpty else { return [] }
    return [
      NetworkPolicy.Rule(
        peers: [.block(cidr: "169.254.7.127/32", except: [])], ports: ports.map { single($0) })
    ]
  }

  private func egress(_ need: WorkloadPolicy) -> [NetworkPolicy.Rule] {
    let own = need.workload.namespace
    let byPort = Dictionary(grouping: need.outbound) { PortKey(port: $0.port, transport: $0.transport) }
    var rules = byPort.sorted { $0.key < $1.key }.map { key, flows in
      NetworkPolicy.Rule(
        peers: Set(flows.map(\.target)).sorted().map { peers.peer($0, seenFrom: own) },
        ports: [single(key.port, key.transport)])
    }
    if need.isInMesh, let tunnel = target.tunnelPort {
      let members = Set(need.outbound.filter { $0.transport == .tcp && peers.isMember($0.target) }.map(\.target))
      if !members.isEmpty {
        rules.append(
          NetworkPolicy.Rule(peers: members.sorted().map { peers.peer($0, seenFrom: own) }, ports: [single(tunnel)]))
      }
    }
    rules += outside(need.outside)
    if need.isInMesh {
      rules += target.controlPlane.map { plane in
        NetworkPolicy.Rule(
          peers: [
            .pods(namespaces: PeerNames.namespace(plane.namespace), pods: PeerNames.selector(plane.labels))
          ], ports: plane.ports.map { single($0) })
      }
    }
    return rules + [names]
  }

  private struct PortKey: Hashable, Comparable {
    var port: Int
    var transport: Transport
    static func < (left: PortKey, right: PortKey) -> Bool {
      (left.port, left.transport.rawValue) < (right.port, right.transport.rawValue)
    }
  }

  /// A network policy knows addresses, not names: a name outside opens its port to every public address.
  private func outside(_ calls: [OutsideCall]) -> [NetworkPolicy.Rule] {
    Dictionary(grouping: calls, by: \.port).sorted { $0.key < $1.key }.map { port, calls in
      let isNamed = calls.contains { IPv4Text($0.host) == nil }
      let peers: [NetworkPolicy.Peer] =
        isNamed
        ? [.block(cidr: "0.0.0.0/0", except: Self.privateBlocks)]
        : Set(calls.map(\.host)).sorted().map { .block(cidr: "\($0)/32", except: []) }
      return NetworkPolicy.Rule(peers: peers, ports: [single(port)])
    }
  }

  /// Nothing in the cluster, on its nodes or of a cloud's metadata service is "outside".
  static let privateBlocks = [
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
  ]

  /// DNS, and only to the cluster's own resolver, or its cache on the node.
  private var names: NetworkPolicy.Rule {
    var resolvers: [NetworkPolicy.Peer] = [
      .pods(namespaces: PeerNames.namespace("kube-system"), pods: PeerNames.selector([("k8s-app", "kube-dns")]))
    ]
    if peers.hasNodeLocalDNS { resolvers.append(.block(cidr: "169.254.20.10/32", except: [])) }
    return NetworkPolicy.Rule(peers: resolvers, ports: [single(53, .udp), single(53)])
  }
}

/// Pods as network policies name them.
struct PeerNames {
  private let selectors: [ObjectReference: [(key: String, value: String)]]
  private let members: Set<ObjectReference>
  let probePorts: [ObjectReference: [Int]]
  let hasNodeLocalDNS: Bool

  init(_ fleet: Fleet, _ names: PodNames, members: Set<ObjectReference>) {
    selectors = Dictionary(zip(fleet.workloads.map(\.id), names.selectors)) { first, _ in first }
    self.members = members
    probePorts = Dictionary(fleet.workloads.map { ($0.id, Self.probePorts(of: $0)) }) { first, _ in first }
    hasNodeLocalDNS = fleet.workloads.contains {
      $0.id.kind == "DaemonSet" && ["node-local-dns", "nodelocaldns"].contains($0.id.name)
    }
  }

  func isMember(_ id: ObjectReference) -> Bool { members.contains(id) }

  func peer(_ id: ObjectReference, seenFrom namespace: String) -> NetworkPolicy.Peer {
    // An empty selector would name every pod of the namespace: what has no labels is named by one that nobody has.
    let labels = selectors[id].flatMap { $0.isEmpty ? nil : $0 } ?? [(PodNames.ownLabel, PodNames.labelValue(id))]
    return .pods(
      namespaces: id.namespace == namespace ? nil : Self.namespace(id.namespace), pods: Self.selector(labels))
  }

  static func selector(_ labels: [(key: String, value: String)]) -> LabelSelector {
    LabelSelector(labels.map { .init(key: $0.key, operation: .isIn, values: [$0.value]) })
  }

  static func namespace(_ name: String) -> LabelSelector {
    selector([("kubernetes.io/metadata.name", name)])
  }

  private static func probePorts(of workload: Workload) -> [Int] {
    let ports = workload.pod.containers.flatMap { container in
      container.handlers.compactMap { probe -> Int? in
        switch probe.action {
        case .http(_, let port, _, _), .tcp(_, let port): port.number(in: container)
        case .grpc(let port): port
        case .exec, .sleep: nil
        }
      }
    }
    return Set(ports).sorted()
  }
}
