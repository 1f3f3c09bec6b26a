import FleetModel

/// What an ingress controller, of which the input knows nothing, may send to the workloads behind Ingress objects.
///
/// It counts as a pod without labels in a namespace of its own, and reaches the target ports of the services that
/// Ingress objects name, as far as the workloads declare them and policies let such a pod in. (NP-Guard's
/// netpol-analyzer writes and computes it in the same way.)
struct IngressController {
  static let name = "{ingress-controller}"
  static let namespace = "ingress-controller-ns"
  private let fleet: Fleet
  private let index: ReachIndex

  init(_ fleet: Fleet, _ index: ReachIndex) {
    self.fleet = fleet
    self.index = index
  }

  func rows(_ peers: ReachPeers) -> [ReachRow] {
    let services = Dictionary(fleet.services.map { ($0.id, $0) }) { first, _ in first }
    var wanted: [Int: PortSet] = [:]
    let entrances = fleet.ingresses.flatMap { ingress in
      ingress.backends.map { (namespace: ingress.id.namespace, service: $0.service, port: $0.port) }
    }
    for entrance in entrances + routes {
      let id = ObjectReference(kind: "Service", namespace: entrance.namespace, name: entrance.service)
      guard let service = services[id] else { continue }
      for position in fleet.index.workloads(behind: service) {
        let ports = Self.ports(service, entrance.port, fleet.workloads[position])
        wanted[position] = (wanted[position] ?? .none).union(ports)
      }
    }
    guard !wanted.isEmpty else { return [] }
    let stranger = PolicyParty.stranger(namespace: Self.namespace)
    let reader = self.reader(of: stranger)
    var found: [Int: PortSet] = [:]
    // Workloads that the same policies govern are spoken to alike, but for ports of the same name.
    var openOf: [Governed: PortSet] = [:]
    for (position, ports) in wanted {
      let party = reader.party(fleet.workloads[position])
      let key = Governed(
        policies: reader.governing(party, .ingress).map(\.id), ports: party.namedPorts,
        // Admin policies look at labels.
        own: fleet.adminPolicies.isEmpty ? -1 : index.classID(ofWorkload: position))
      let open = openOf[key] ?? reader.ports(.ingress, of: party, peer: stranger)
      openOf[key] = open
      let peer = peers.peerOfWorkload[position]
      found[peer] = (found[peer] ?? .none).union(ports.intersection(open))
    }
    return found.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
      .map { ReachRow(to: peers.names[$0.key], ports: $0.value) }
  }

  private struct Governed: Hashable {
    var policies: [ObjectReference]
    var ports: [NamedPort]
    var own: ClassID
  }

  /// Reads policies of which only the rules that let the stranger in are left, each port once: a policy of a hundred
  /// thousand rules is gone through once, not once for each workload.
  private func reader(of stranger: PolicyParty) -> PolicyReader {
    let whole = PolicyReader(fleet, options: index.options)
    var reduced = fleet
    reduced.networkPolicies = fleet.networkPolicies.map { policy in
      var policy = policy
      var ports: [NetworkPolicy.Port] = []
      var seen: Set<PortSpecification> = []
      var isOpen = false
      for rule in policy.ingress where whole.matches(rule, stranger, in: policy.id.namespace) {
        if rule.ports.isEmpty { isOpen = true }
        if seen.insert(PortSpecification(rule.ports)).inserted { ports += rule.ports }
      }
      policy.ingress = isOpen ? [NetworkPolicy.Rule()] : ports.isEmpty ? [] : [NetworkPolicy.Rule(ports: ports)]
      policy.egress = []
      return policy
    }
    return PolicyReader(reduced, options: index.options)
  }

  /// OpenShift's routes: one service, and others that take a share. Without a port every port of theirs is meant.
  private var routes: [(namespace: String, service: String, port: PortReference)] {
    fleet.customObjects.filter { $0.apiGroup == "route.openshift.io" && $0.id.kind == "Route" }.flatMap { route in
      let target = route.spec["port"]?["targetPort"]
      let port =
        target?.integer.map { PortReference.number($0) } ?? target?.string.map { PortReference.named($0) } ?? .number(0)
      let backends = [route.spec["to"]].compactMap(\.self) + (route.spec["alternateBackends"]?.elements ?? [])
      return backends.filter { $0["kind"]?.string ?? "Service" == "Service" }.compactMap { backend in
        backend["name"]?.string.map { (namespace: route.id.namespace, service: $0, port: port) }
      }
    }
  }

  /// The target ports meant by a backend's port; all of the service's where it names none.
  static func ports(_ service: Service, _ wanted: PortReference, _ workload: Workload) -> PortSet {
    let matching = service.ports.filter { port in
      switch wanted {
      case .number(let number): number == 0 || port.port == number || port.target == .number(number)
      case .named(let name): port.name == name || port.target == .named(name)
      }
    }
    let declared = Set(workload.pod.containers.flatMap(\.ports).filter { $0.transport == .tcp }.map(\.port))
    return matching.prefix(wanted == .number(0) ? matching.count : 1).reduce(.none) { result, port in
      guard let number = port.targetPort(in: workload), declared.contains(number) else { return result }
      return result.union(PortSet(.tcp, number, number))
    }
  }
}
