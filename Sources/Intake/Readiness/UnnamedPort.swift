import Diagnostics
import FleetModel

extension ReadinessRule {
  /// Trap T8: without a known name the mesh has to guess the protocol.
  static let unnamedPort = ReadinessRule(
    code: "T8", title: "A port without a protocol", severity: .low, level: .readyAfterFix,
    fix: "name the service's port http-…, grpc-… or tcp-…, or set appProtocol",
    occurrences: { workload, context in
      (context.services[workload.id] ?? []).flatMap { service in
        service.ports.filter { $0.transport == .tcp && !$0.isServerFirst && !$0.declaresProtocol }.map { port in
          let name = port.name.map { "named '\($0)'" } ?? "without a name"
          return Occurrence(
            message: "service \(service.id.name) has port \(port.port) \(name), from which no mesh knows the protocol",
            location: service.location)
        }
      }
    })
}
