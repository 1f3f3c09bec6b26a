import FleetModel
import IntentModel

/// The virtual addresses of the fleet's services, given once and kept for the twin's whole life.
struct ServiceAddresses: Sendable {
  struct Entry: Sendable {
    var service: ObjectReference
    /// The full name by which stand-ins call it.
    var host: String
    var stable: IPv4Address
    var canary: IPv4Address
    var ports: [MeshService.Port]
    /// The workloads whose pods serve it.
    var workloads: [ObjectReference]
  }

  private(set) var entries: [Entry] = []
  /// Addresses kept for open twins, by the workload they stand beside.
  private var openTwins: [ObjectReference: (IPv4Address, IPv4Address)] = [:]

  init(_ fleet: Fleet) throws {
    var stable = AddressPlan.servicePool()
    var canary = AddressPlan.canaryServicePool()
    for service in fleet.services {
      let workloads = fleet.workloads(behind: service)
      let ports = service.ports.filter { $0.transport == .tcp }.compactMap { port -> MeshService.Port? in
        guard let target = workloads.lazy.compactMap({ port.targetPort(in: $0) }).first else { return nil }
        return .init(port: port.port, targetPort: target, wireProtocol: port.wireProtocol)
      }
      entries.append(
        Entry(
          service: service.id, host: "\(service.id.name).\(service.id.namespace).svc.cluster.local",
          stable: try stable.allocate("\(service.id)"), canary: try canary.allocate("\(service.id)"), ports: ports,
          workloads: workloads.map(\.id)))
    }
    for workload in fleet.workloads {
      openTwins[workload.id] = (try stable.allocate("open \(workload.id)"), try canary.allocate("open \(workload.id)"))
    }
  }

  func openTwinEntry(for pod: TwinPod) -> Entry? {
    guard case .openTwin(let target) = pod.role, let pair = openTwins[target] else { return nil }
    let ports = pod.intent.inbound.map {
      MeshService.Port(port: $0.port, targetPort: $0.port, wireProtocol: $0.wireProtocol)
    }
    let id = ObjectReference(kind: "Service", namespace: pod.workload.namespace, name: pod.workload.name)
    return Entry(
      service: id, host: "\(id.name).\(id.namespace).svc.cluster.local", stable: pair.0, canary: pair.1, ports: ports,
      workloads: [pod.workload])
  }
}
