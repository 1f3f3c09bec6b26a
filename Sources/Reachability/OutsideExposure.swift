package import FleetModel

/// A way in from outside the cluster that a Service opens, and how far policies let it through.
package struct OutsideExposure: Sendable, Equatable {
  package var service: ObjectReference
  /// `LoadBalancer`, `NodePort` or `externalIPs`.
  package var way: String
  /// Index in `Fleet.workloads`.
  package var workload: Int
  /// The workload's ports behind the service's ports.
  package var ports: PortSet
  /// Those of them that policies let some address outside reach.
  package var open: PortSet

  /// All exposures in order of services, then workloads.
  package static func all(in fleet: Fleet, _ index: ReachIndex) -> [OutsideExposure] {
    let profiles = index.addressesV4(.ingress)
    var result: [OutsideExposure] = []
    for service in fleet.services {
      let way = service.facesOutside ? service.type : service.externalIPs.isEmpty ? nil : "externalIPs"
      guard let way else { continue }
      for position in fleet.index.workloads(behind: service) {
        let workload = fleet.workloads[position]
        let ports = service.ports.reduce(PortSet.none) { result, port in
          port.targetPort(in: workload).map { result.union(PortSet(port.transport, $0, $0)) } ?? result
        }
        let open = profiles[index.classID(ofWorkload: position)].reduce(PortSet.none) { $0.union($1.ports) }
        result.append(
          OutsideExposure(
            service: service.id, way: way, workload: position, ports: ports, open: ports.intersection(open)))
      }
    }
    return result
  }
}
