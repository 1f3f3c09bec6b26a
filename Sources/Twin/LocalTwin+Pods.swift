import Diagnostics
import FleetModel
import IntentModel
import StandinProtocol

/// What pods are made of: the manifest's own spec, hardened where the posture says so, played by stand-ins.
extension LocalTwin {
  func pod(of workload: Workload, index: Int, posture: Posture, _ cohort: Cohort) throws -> TwinPod {
    let intent = settings.derivation.intent(of: workload, posture: posture).planted(settings.wrongs)
    let id = nextPodID()
    let node = TwinSettings.nodes[(index + (cohort == .canary ? 1 : 0)) % TwinSettings.nodes.count]
    let spec = posture.hardened ? Hardening.apply(to: workload.pod).pod : workload.pod
    let isPlayer = settings.derivation.players.contains { $0.id == workload.id }
    let users =
      isPlayer
      ? StandinConfiguration.Users(
        requestsPerSecond: 0, count: Self.userCount) : nil
    return TwinPod(
      id: id, name: "\(workload.id.name)-\(id)", role: .workload, intent: intent, spec: spec,
      labels: workload.podLabels, node: node, address: try addresses(id, node, spec), cohort: cohort, wrongs: [],
      listeners: listeners(workload), calls: calls(of: workload), users: users)
  }

  /// Different users; each keeps its group while the share grows. Their requests begin with the first order, when
  /// everything is ready.
  static let userCount = 2000

  private func addresses(_ id: String, _ node: String, _ spec: PodSpec) throws -> String {
    try running().address(of: id, node: node, onNodeNetwork: spec.hostNetwork)
  }

  private func listeners(_ workload: Workload) -> [StandinConfiguration.Listener] {
    var ports: [Int: Bool] = [:]
    for service in fleet.services(of: workload) {
      for port in service.ports where port.transport == .tcp {
        if let target = port.targetPort(in: workload) { ports[target] = port.wireProtocol == .tcp }
      }
    }
    for port in workload.pod.containers.flatMap(\.ports) where port.transport == .tcp && ports[port.port] == nil {
      ports[port.port] = WireProtocol.serverFirstPorts.contains(port.port)
    }
    return ports.sorted { $0.key < $1.key }.map { .init(port: $0.key, tcp: $0.value) }
  }

  func calls(of workload: Workload) -> [StandinConfiguration.OutgoingCall] {
    var seen: Set<String> = []
    return fleet.calls(from: workload.id).compactMap { call in
      guard let target = call.target, let service = call.service, target != workload.id,
        seen.insert("\(service) \(call.port)").inserted
      else { return nil }
      // The full name: the resolver's search list need not be walked on every call.
      return .init(
        target: target.description, host: "\(service.name).\(service.namespace).svc.cluster.local", port: call.port,
        tcp: call.wireProtocol == .tcp)
    }
  }

  /// Users from outside the fleet, where no workload of the fleet plays them: they come in through what faces outside.
  func outsideUsers() throws -> TwinPod {
    let entries = settings.derivation.entries
    let reference = ObjectReference(kind: "Outside", namespace: "outside", name: "users")
    let calls = entries.flatMap { entry -> [StandinConfiguration.OutgoingCall] in
      let ways = settings.derivation.entrancePorts(of: entry)
      guard let (service, port) = ways.first(where: { $0.port.transport == .tcp }) else { return [] }
      return [
        .init(
          target: entry.id.description, host: "\(service.id.name).\(service.id.namespace).svc.cluster.local",
          port: port.port, tcp: port.wireProtocol == .tcp)
      ]
    }
    return try tester(
      reference, role: .users, posture: .untouched, calls: calls,
      users: .init(requestsPerSecond: 0, count: Self.userCount))
  }

  /// Those who try what must be refused: without a sidecar, with a foreign certificate, with an unlisted identity.
  func intruders() throws -> [TwinPod] {
    try Intruder.allCases.map { intruder in
      let reference = ObjectReference(kind: "Intruder", namespace: TwinPod.testerNamespace, name: intruder.rawValue)
      let posture: Posture = intruder == .plaintext ? .untouched : Posture(mutualTLS: .permissive)
      return try tester(
        reference, role: .intruder, posture: posture, wrongs: intruder == .foreign ? [.foreignAuthority] : [])
    }
  }

  func tester(
    _ reference: ObjectReference, role: TwinPod.Role, posture: Posture, wrongs: Set<SidecarWrong> = [],
    inbound: [InboundFlow] = [], calls: [StandinConfiguration.OutgoingCall] = [],
    users: StandinConfiguration.Users? = nil
  ) throws -> TwinPod {
    let id = nextPodID()
    let identity = SpiffeID(
      trustDomain: settings.derivation.trustDomain, namespace: reference.namespace, account: reference.name)
    var spec = PodSpec()
    spec.automountServiceAccountToken = false
    var container = Container(name: "tester", location: .init(file: "bulkhead", line: 0))
    // Who plays the users must not be the first to run out of processor time.
    container.resources.cpuRequestMilli = 500
    spec.containers = [container]
    spec = Hardening.apply(to: spec).pod
    let node = TwinSettings.nodes[0]
    return TwinPod(
      id: id, name: "\(reference.name)-\(id)", role: role,
      intent: Intent(
        workload: reference, identity: identity, posture: posture, inbound: inbound, outbound: []),
      spec: spec, labels: [:], node: node, address: try addresses(id, node, spec), cohort: .stable, wrongs: wrongs,
      listeners: inbound.map { .init(port: $0.port, tcp: $0.wireProtocol == .tcp) }, calls: calls, users: users)
  }
}

enum Intruder: String, CaseIterable, Sendable {
  case plaintext = "plaintext-intruder", foreign = "foreign-intruder", unlisted = "unlisted-intruder"
}
