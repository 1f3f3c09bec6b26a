import Diagnostics
package import FleetModel

/// `FROM TO PORT` as a person writes it.
package struct ReachQuestion: Sendable {
  package var from: ReachEnd
  package var to: ReachEnd
  package var port: Int
  package var transport: Transport

  /// What a question means: one call, or one for each workload behind a service.
  ///
  /// - Parameter from: an address, `{ingress-controller}`, or a workload as `namespace/name[Kind]`, `namespace/name` or
  ///   `name`.
  /// - Parameter to: the same, or a service, whose port is then led to the port of its pods.
  /// - Parameter port: a number or a port's name, with `/UDP` or `/SCTP` where it is not TCP.
  /// - Throws: `BulkheadError(.usage)` when nothing, or more than one thing, is meant.
  package static func read(from: String, to: String, port: String, in fleet: Fleet) throws -> [ReachQuestion] {
    let parts = port.split(separator: "/", maxSplits: 1).map(String.init)
    guard let name = parts.first, let transport = Transport(rawValue: parts.count > 1 ? parts[1].uppercased() : "TCP")
    else { throw usage("\"\(port)\" is no port", "write a number or a name, such as 8080, 53/UDP or http") }
    let source = try end(from, in: fleet)
    if let service = service(to, in: fleet) {
      return try behind(service, name, transport, fleet).map {
        ReachQuestion(from: source, to: .workload($0.workload), port: $0.port, transport: transport)
      }
    }
    let target = try end(to, in: fleet)
    return [
      ReachQuestion(
        from: source, to: target, port: try number(name, at: target, transport, fleet), transport: transport)
    ]
  }

  private static func end(_ text: String, in fleet: Fleet) throws -> ReachEnd {
    if text == IngressController.name { return .ingressController }
    if let address = Address(text) { return .address(address, text: text) }
    let found = fleet.workloads.indices.filter { Self.names(fleet.workloads[$0]).contains(text) }
    guard service(text, in: fleet) == nil || !found.isEmpty else {
      throw usage("\(text.safeForTerminal) is a service, and services call nobody", "name the workload that calls")
    }
    // Pods of one owner behave alike unless their labels differ; the first stands for all.
    guard let first = found.first else {
      throw usage("there is no workload \"\(text.safeForTerminal)\" in the input", near(text, fleet))
    }
    let peers = Set(found.map { ReachPeers.name(fleet.workloads[$0]) })
    guard peers.count == 1 else {
      let list = peers.sorted().prefix(5).map(\.safeForTerminal).joined(separator: " and ")
      throw usage(
        "\"\(text.safeForTerminal)\" means \(list)",
        "write one of them in full")
    }
    return .workload(first)
  }

  private static func names(_ workload: Workload) -> [String] {
    let id = workload.id
    return [id.description, ReachPeers.name(workload), "\(id.namespace)/\(id.name)", id.name]
  }

  private static func near(_ text: String, _ fleet: Fleet) -> String {
    let word = text.split(separator: "/").last.map { String($0.prefix { $0 != "[" }) } ?? text
    let near = fleet.workloads.lazy.map { ReachPeers.name($0) }.filter { $0.contains(word.prefix(4)) }
    let list = near.isEmpty ? fleet.workloads.prefix(3).map { ReachPeers.name($0) } : Array(near.prefix(3))
    return "write namespace/name[Kind], such as \(list.map(\.safeForTerminal).joined(separator: ", "))"
  }

  private static func service(_ text: String, in fleet: Fleet) -> Service? {
    fleet.services.first { $0.id.description == text }
      ?? (fleet.workloads.contains { names($0).contains(text) }
        ? nil : fleet.services.first { "\($0.id.namespace)/\($0.id.name)" == text || $0.id.name == text })
  }

  private static func behind(
    _ service: Service, _ name: String, _ transport: Transport, _ fleet: Fleet
  ) throws -> [(workload: Int, port: Int)] {
    let ports = service.ports.filter { $0.transport == transport && ("\($0.port)" == name || $0.name == name) }
    guard let port = ports.first else {
      let all = service.ports.map { "\($0.port)/\($0.transport.rawValue)" }.joined(separator: ", ")
      throw usage("\(service.id) has no port \(name.safeForTerminal)", "it has \(all.isEmpty ? "none" : all)")
    }
    let found = fleet.index.workloads(behind: service).compactMap { position in
      port.targetPort(in: fleet.workloads[position]).map { (workload: position, port: $0) }
    }
    guard !found.isEmpty else { throw usage("no workload is behind \(service.id)", "ask for a workload instead") }
    return found
  }

  private static func number(_ name: String, at end: ReachEnd, _ transport: Transport, _ fleet: Fleet) throws -> Int {
    if let number = Int(name), (1...65_535).contains(number) { return number }
    if case .workload(let position) = end,
      let port = fleet.workloads[position].namedPorts.first(where: { $0.name == name && $0.transport == transport })
    {
      return port.number
    }
    throw usage(
      "\(name.safeForTerminal) is no port of the destination",
      "write a number from 1 to 65535 or a name that it declares")
  }

  private static func usage(_ message: String, _ cure: String) -> BulkheadError {
    BulkheadError(.usage, message, cure: cure)
  }
}
