import FleetModel
import IntentModel

/// What the input tells of servers that speak TLS themselves.
enum OwnTLS {
  /// What shows that a service's port leads to TLS of the application's own: a probe that the kubelet makes by HTTPS,
  /// or an address with `https` that somebody calls. Nil where nothing does, which proves nothing.
  static func evidence(
    _ port: ServicePort, of service: Service, _ pod: EffectivePod, _ context: TrapContext
  ) -> String? {
    guard let number = port.targetPort(in: pod.workload) else { return nil }
    let containers = pod.members.filter { $0.role != .initial && !$0.belongsToMesh }.map(\.container)
    if let probed = containers.first(where: { asksByHTTPS($0, number) }) {
      return "container \(probed.name) is probed there by HTTPS"
    }
    let call = context.fleet.calls(to: pod.workload.id).first {
      $0.service == service.id && $0.port == port.port && isHTTPS($0)
    }
    return call.map { "\($0.caller.name) calls it by https://" }
  }

  private static func asksByHTTPS(_ container: Container, _ number: Int) -> Bool {
    [container.livenessProbe, container.readinessProbe, container.startupProbe].contains { probe in
      guard case .http(_, let port, _, let scheme) = probe?.action, scheme.uppercased() == "HTTPS" else { return false }
      switch port {
      case .number(let probed): return probed == number
      case .named(let name): return container.ports.contains { $0.name == name && $0.port == number }
      }
    }
  }

  private static func isHTTPS(_ call: Call) -> Bool {
    guard case .wiring(let text, _) = call.evidence else { return false }
    return text.lowercased().contains("https://")
  }
}
