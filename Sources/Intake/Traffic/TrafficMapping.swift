import Diagnostics
import FleetModel

/// Finds what of a fleet a source of traffic means, and makes calls of it.
struct TrafficMapping {
  private struct Edge: Hashable {
    var caller: ObjectReference
    var service: ObjectReference?
    var target: ObjectReference?
    var host: String
    var port: Int

    init(_ call: Call) {
      (caller, service, port) = (call.caller, call.service, call.port)
      (target, host) = call.service == nil ? (call.target, call.host) : (nil, "")
    }
  }

  private let fleet: Fleet
  private let directory: ServiceDirectory
  private let names: WorkloadNames
  private var found: [Edge: Call] = [:]
  /// By source and what is missing.
  private var missing: [String: [String: Set<String>]] = [:]
  private var guessed: Set<String> = []

  init(_ fleet: Fleet) {
    self.fleet = fleet
    directory = ServiceDirectory(fleet)
    names = WorkloadNames(fleet)
  }

  mutating func add(_ sighting: TrafficSighting) {
    guard let caller = names.workload(sighting.caller, services: fleet) else {
      return miss(sighting, "callers", "\(sighting.caller)")
    }
    let observation = Call.Observation(
      sources: [sighting.source], times: sighting.times, lastSeen: sighting.lastSeen)
    guard let calls = calls(caller, sighting) else {
      return miss(sighting, "places called", "\(sighting.callee)")
    }
    for call in calls {
      let edge = Edge(call)
      guard let known = found[edge]?.observation else {
        var call = call
        call.evidence = .observed(observation)
        found[edge] = call
        continue
      }
      found[edge]?.evidence = .observed(known.merged(with: observation))
    }
  }

  /// A call that was found in another state of the fleet.
  mutating func add(_ call: Call) { found[Edge(call)] = call }

  private mutating func miss(_ sighting: TrafficSighting, _ what: String, _ name: String) {
    var names = missing[sighting.source]?[what] ?? []
    // Enough for a message; a source can name anything.
    if names.count < 1_000 { names.insert(String(name.prefix(200))) }
    missing[sighting.source, default: [:]][what] = names
  }

  // MARK: - Calls

  /// Nil where nothing of the fleet is meant.
  private mutating func calls(_ caller: Workload, _ sighting: TrafficSighting) -> [Call]? {
    let callee = sighting.callee
    let target = names.target(callee)
    if let position = service(callee, caller), let calls = calls(caller, to: position, target, sighting) {
      return calls
    }
    if let target { return direct(caller, to: target, sighting) }
    guard let host = callee.host, case .service(let port) = sighting.port,
      callee.isOutside || directory.answer(host, from: caller.id.namespace) == .outside
    else { return nil }
    return [call(caller, nil, host, port, nil, sighting.wireProtocol ?? ServicePort(port: port).wireProtocol)]
  }

  private func service(_ callee: TrafficEnd, _ caller: Workload) -> Int? {
    if let name = callee.service {
      let namespace = callee.namespace ?? caller.id.namespace
      return fleet.index.service(ObjectReference(kind: "Service", namespace: namespace, name: name))
    }
    guard let host = callee.host, !callee.isOutside,
      case .service(let position, _) = directory.answer(host, from: callee.namespace ?? caller.id.namespace)
    else { return nil }
    return position
  }

  /// By the service's port. Where the source does not tell it, all ports on which that protocol is spoken.
  private mutating func calls(
    _ caller: Workload, to position: Int, _ seen: Workload?, _ sighting: TrafficSighting
  ) -> [Call]? {
    let service = fleet.services[position]
    let target =
      seen.flatMap { service.selects($0) ? $0 : nil }
      ?? fleet.index.firstWorkload(behind: service).map { fleet.workloads[$0] }
    let own = service.ports.filter { $0.transport == sighting.transport }
    let ports: [ServicePort]
    switch sighting.port {
    case .service(let number): ports = own.filter { $0.port == number }
    case .container(let number): ports = own.filter { port in target.flatMap(port.targetPort) == number }
    case .unknown:
      let spoken = own.filter { $0.wireProtocol == sighting.wireProtocol }
      ports = spoken.isEmpty ? own : spoken
      if ports.count > 1 { guessed.insert("\(service.id.namespace)/\(service.id.name)") }
    }
    guard !ports.isEmpty else { return nil }
    return ports.map { port in
      call(caller, service.id, service.id.name, port.port, target?.id, port.wireProtocol)
    }
  }

  /// By a port of the pods: through a service that leads there, else past all services.
  private mutating func direct(_ caller: Workload, to target: Workload, _ sighting: TrafficSighting) -> [Call]? {
    let services = fleet.services(of: target).sorted { !$0.facesOutside && $1.facesOutside }
    guard case .container(let number) = sighting.port else {
      guard let position = services.first.flatMap({ fleet.index.service($0.id) }) else { return nil }
      return calls(caller, to: position, target, sighting)
    }
    for service in services {
      let ports = service.ports.filter {
        $0.transport == sighting.transport && $0.targetPort(in: target) == number
      }
      guard let port = ports.first else { continue }
      return [call(caller, service.id, service.id.name, port.port, target.id, port.wireProtocol)]
    }
    // Only TCP: what a call past all services speaks is not written anywhere.
    guard sighting.transport == .tcp else { return nil }
    let spoken = sighting.wireProtocol ?? ServicePort(port: number).wireProtocol
    return [call(caller, nil, target.id.name, number, target.id, spoken)]
  }

  private func call(
    _ caller: Workload, _ service: ObjectReference?, _ host: String, _ port: Int, _ target: ObjectReference?,
    _ wireProtocol: WireProtocol
  ) -> Call {
    Call(
      caller: caller.id, service: service, host: host, port: port, target: target, wireProtocol: wireProtocol,
      evidence: .observed(Call.Observation(sources: [])))
  }

  // MARK: - Results

  /// The calls known from settings, marked where they were seen, and those that were only seen; in the fleet's order.
  func calls(with known: [Call]) -> [Call] {
    var rest = found
    let marked = known.map { call -> Call in
      var call = call
      if let seen = rest.removeValue(forKey: Edge(call)) { call.confirmation = seen.observation }
      return call
    }
    let keyed = (marked + rest.values).map { call in
      (call, (call.caller.description, call.target?.description ?? "~", call.host, call.port))
    }
    return keyed.sorted { $0.1 < $1.1 }.map(\.0)
  }

  var findings: [Finding] {
    var findings: [Finding] = []
    for (source, kinds) in missing.sorted(by: { $0.key < $1.key }) {
      for (what, names) in kinds.sorted(by: { $0.key < $1.key }) {
        let some = names.sorted().prefix(5).joined(separator: ", ")
        let more = names.count > 5 ? " and \(names.count >= 1_000 ? "many" : "\(names.count - 5)") more" : ""
        findings.append(
          IntakeCode.trafficUnknown.finding(
            .low, "\(source) tells of \(what) that the input does not have: \(some)\(more)",
            fix: "add them to the input; a caller without a proxy has no name in a mesh's metrics",
            at: SourceLocation(file: source, line: 0)))
      }
    }
    if !guessed.isEmpty {
      let some = guessed.sorted().prefix(5).joined(separator: ", ")
      findings.append(
        IntakeCode.trafficWithoutPort.finding(
          .info,
          "the source does not tell which port was called; all that fit are taken of \(some)"
            + (guessed.count > 5 ? " and \(guessed.count - 5) more" : ""),
          fix: "a source that tells ports, such as Hubble or access logs, narrows it", at: nil))
    }
    return findings
  }
}
