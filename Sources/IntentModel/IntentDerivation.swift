package import FleetModel

/// Derives each workload's intent from the fleet's calls: exactly the known flows, nothing else.
package struct IntentDerivation: Sendable {
  package let fleet: Fleet
  package let trustDomain: String

  package init(fleet: Fleet, trustDomain: String = "bulkhead.local") {
    self.fleet = fleet
    self.trustDomain = trustDomain
  }

  package func identity(of workload: Workload) -> SpiffeID {
    let shared = fleet.workloads.contains {
      $0.id != workload.id && $0.id.namespace == workload.id.namespace
        && $0.pod.serviceAccount == workload.pod.serviceAccount
    }
    let account = shared ? "\(workload.pod.serviceAccount)-\(workload.id.name)" : workload.pod.serviceAccount
    return SpiffeID(trustDomain: trustDomain, namespace: workload.id.namespace, account: account)
  }

  /// The intent of a workload in a given posture.
  package func intent(of workload: Workload, posture: Posture) -> Intent {
    Intent(
      workload: workload.id, identity: identity(of: workload), posture: posture, inbound: inbound(of: workload),
      outbound: outbound(of: workload), servesOutside: servesOutside(workload))
  }

  /// True when callers without an identity are meant to reach it: a service of it faces outside, or nobody inside calls
  /// it although it calls others, so that its users must be outside.
  package func servesOutside(_ workload: Workload) -> Bool {
    let services = fleet.services(of: workload)
    guard !services.isEmpty else { return false }
    return services.contains(where: \.facesOutside)
      || (!isCalled(workload) && !fleet.calls(from: workload.id).isEmpty)
  }

  /// By others: pods that talk among themselves may have their users outside all the same.
  private func isCalled(_ workload: Workload) -> Bool {
    fleet.calls(to: workload.id).contains { $0.caller != workload.id }
  }

  /// Workloads that play users: they call others and offer nothing themselves, like a load generator.
  package var players: [Workload] {
    fleet.workloads.filter { fleet.services(of: $0).isEmpty && !fleet.calls(from: $0.id).isEmpty }
  }

  /// Where users come in when no workload plays them: what serves the outside.
  package var entries: [Workload] { fleet.workloads.filter(servesOutside) }

  private func inbound(of workload: Workload) -> [InboundFlow] {
    var flows: [Int: InboundFlow] = [:]
    for service in fleet.services(of: workload) {
      for port in service.ports {
        guard let target = port.targetPort(in: workload) else { continue }
        let callers = fleet.calls(to: workload.id)
          .filter { $0.service == service.id && $0.port == port.port }.map(\.caller)
        var flow = flows[target] ?? InboundFlow(port: target, wireProtocol: port.wireProtocol, callers: [])
        flow.callers = Array(Set(flow.callers + callers)).sorted()
        flows[target] = flow
      }
    }
    // Calls that were seen to go past all services: their port is the container's.
    for call in fleet.calls(to: workload.id) where call.service == nil {
      var flow = flows[call.port] ?? InboundFlow(port: call.port, wireProtocol: call.wireProtocol, callers: [])
      flow.callers = Array(Set(flow.callers + [call.caller])).sorted()
      flows[call.port] = flow
    }
    return flows.values.sorted { $0.port < $1.port }
  }

  private func outbound(of workload: Workload) -> [OutboundFlow] {
    let flows = fleet.calls(from: workload.id).flatMap { call -> [OutboundFlow] in
      guard let serviceID = call.service, let service = fleet.service(serviceID),
        let port = service.ports.first(where: { $0.port == call.port })
      else { return [] }
      return call.targets.compactMap { target in
        guard let server = fleet.workload(target), let number = port.targetPort(in: server) else { return nil }
        return OutboundFlow(
          service: serviceID, servicePort: port.port, target: target, targetPort: number,
          wireProtocol: port.wireProtocol)
      }
    }
    var unique: [OutboundFlow] = []
    for flow in flows where !unique.contains(flow) { unique.append(flow) }
    return unique.sorted { ($0.service, $0.servicePort, $0.target) < ($1.service, $1.servicePort, $1.target) }
  }
}
