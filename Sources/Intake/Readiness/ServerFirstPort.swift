import Diagnostics
import FleetModel

extension ReadinessRule {
  /// Trap T7: where the server speaks first, protocol detection waits for a client that waits for the server.
  static let serverFirstPort = ReadinessRule(
    code: "T7", title: "A server-first port without its protocol", severity: .medium, level: .readyAfterFix,
    fix: "name the service's port tcp-… or set appProtocol: tcp",
    occurrences: { workload, context in
      (context.services[workload.id] ?? []).flatMap { service in
        service.ports.filter { $0.transport == .tcp && $0.isServerFirst && !$0.declaresProtocol }.map { port in
          Occurrence(
            message:
              "service \(service.id.name) offers port \(port.port), on which the server speaks first, and does not "
              + "say so", location: service.location)
        }
      }
    })
}

extension ServicePort {
  var isServerFirst: Bool {
    if WireProtocol.serverFirstPorts.contains(port) { return true }
    if case .number(let number) = target { return WireProtocol.serverFirstPorts.contains(number) }
    return false
  }

  /// True when `appProtocol` or the name's first part is one that meshes know.
  var declaresProtocol: Bool {
    if let appProtocol { return !appProtocol.isEmpty }
    let known: Set<String> = [
      "http", "http2", "https", "grpc", "grpc-web", "tcp", "tls", "udp", "mongo", "mysql", "redis",
    ]
    guard let name = name?.lowercased() else { return false }
    return known.contains(String(name.prefix { $0 != "-" })) || name.hasPrefix("grpc-web")
  }
}
