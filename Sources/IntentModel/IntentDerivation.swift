package import FleetModel

/// Derives each workload's intent from the fleet's calls: exactly the known flows, nothing else.
package struct IntentDerivation: Sendable {
  package let fleet: Fleet
  package let trustDomain: String
  private let admissions: Admissions?
  /// Ports of services by which callers come in who can have no identity.
  private let entrances: [ObjectReference: [OutsideEntrance]]

  /// - Parameter admissions: who is let in, where that is not to be whoever is known to call. Everybody then tries
  ///   every service, so that the one who is called decides.
  package init(fleet: Fleet, trustDomain: String = "bulkhead.local", admissions: Admissions? = nil) {
    self.fleet = fleet
    self.trustDomain = trustDomain
    self.admissions = admissions
    entrances = Dictionary(grouping: OutsideEntrance.all(in: fleet), by: \.service)
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
      workload: workload.id, identity: identity(of: workload), posture: posture,
      inbound: inbound(of: workload).map { admitted($0, by: workload.id) },
      outbound: admissions == nil ? outbound(of: workload) : everyService(except: workload.id))
  }

  /// True when callers without an identity are meant to reach it: by way of an object that says so, or because nobody
  /// inside calls it although it calls others, so that its users must be outside.
  package func servesOutside(_ workload: Workload) -> Bool {
    let services = fleet.services(of: workload)
    guard !services.isEmpty else { return false }
    return hasEntrance(services) || (!isCalled(workload) && !fleet.calls(from: workload.id).isEmpty)
  }

  /// The first webhook of the API server's that it answers, in words.
  package func webhook(answeredBy workload: Workload) -> String? {
    fleet.services(of: workload).lazy.flatMap { entrances[$0.id] ?? [] }.first { $0.kind == .webhook }?.what
  }

  private func hasEntrance(_ services: [Service]) -> Bool { services.contains { entrances[$0.id] != nil } }

  /// The service ports by which users come to a workload that serves the outside.
  package func entrancePorts(of workload: Workload) -> [(service: Service, port: ServicePort)] {
    guard servesOutside(workload) else { return [] }
    let services = fleet.services(of: workload)
    // Where no object opens a port, each may be the one.
    let isSaid = hasEntrance(services)
    return services.flatMap { service in
      service.ports.filter { !isSaid || entrances[service.id]?.map(\.port).contains($0) == true }.map { (service, $0) }
    }
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
    let open = Set(entrancePorts(of: workload).compactMap { $0.port.targetPort(in: workload) })
    for service in fleet.services(of: workload) {
      for port in service.ports {
        guard let target = port.targetPort(in: workload) else { continue }
        let callers = fleet.calls(to: workload.id)
          .filter { $0.service == service.id && $0.port == port.port }.map(\.caller)
        var flow = flows[target] ?? InboundFlow(port: target, wireProtocol: port.wireProtocol, callers: [])
        flow.callers = Array(Set(flow.callers + callers)).sorted()
        flow.servesOutside = open.contains(target)
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
      return call.targets.compactMap { flow(service, port, to: $0) }
    }
    var unique: [OutboundFlow] = []
    for flow in flows where !unique.contains(flow) { unique.append(flow) }
    return Self.sorted(unique)
  }

  private func flow(_ service: Service, _ port: ServicePort, to target: ObjectReference) -> OutboundFlow? {
    guard let server = fleet.workload(target), let number = port.targetPort(in: server) else { return nil }
    return OutboundFlow(
      service: service.id, servicePort: port.port, target: target, targetPort: number, wireProtocol: port.wireProtocol)
  }

  private static func sorted(_ flows: [OutboundFlow]) -> [OutboundFlow] {
    flows.sorted { ($0.service, $0.servicePort, $0.target) < ($1.service, $1.servicePort, $1.target) }
  }

  // MARK: - Admissions

  private func admitted(_ flow: InboundFlow, by workload: ObjectReference) -> InboundFlow {
    guard let admissions else { return flow }
    let port = Admissions.Port(workload: workload, port: flow.port)
    var flow = flow
    flow.callers = admissions.callers[port, default: []].sorted()
    flow.servesOutside = admissions.outside.contains(port)
    return flow
  }

  private func everyService(except caller: ObjectReference) -> [OutboundFlow] {
    Self.sorted(
      fleet.workloads.filter { $0.id != caller }.flatMap { workload in
        fleet.services(of: workload).flatMap { service in
          service.ports.filter { $0.transport == .tcp }.compactMap { flow(service, $0, to: workload.id) }
        }
      })
  }
}
