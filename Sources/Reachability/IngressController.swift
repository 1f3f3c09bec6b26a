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
    let stranger = PolicyParty.stranger(namespace: Self.namespace)
    let reader = PolicyReader(fleet, options: index.options)
    var found: [Int: PortSet] = [:]
    for (position, ports) in wanted {
      let open = reader.ports(.ingress, of: reader.party(fleet.workloads[position]), peer: stranger)
      let peer = peers.peerOfWorkload[position]
      found[peer] = (found[peer] ?? .none).union(ports.intersection(open))
    }
    return found.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
      .map { ReachRow(to: peers.names[$0.key], ports: $0.value) }
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
