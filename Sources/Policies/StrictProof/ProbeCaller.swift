import FleetModel
import IntentModel

/// A probe or hook of the kubelet that reaches the proxy without a certificate (trap T10).
struct ProbeCaller {
  var name: String
  var port: Int?
  var message: String

  static func all(_ container: Container, _ workload: Workload, _ mesh: Mesh) -> [ProbeCaller] {
    let handlers: [(name: String, probe: Probe?, isHook: Bool)] = [
      ("livenessProbe", container.livenessProbe, false), ("readinessProbe", container.readinessProbe, false),
      ("startupProbe", container.startupProbe, false), ("postStart", container.postStart, true),
      ("preStop", container.preStop, true),
    ]
    return handlers.compactMap { handler in
      guard let probe = handler.probe, let port = port(of: probe, container),
        let why = failure(probe, handler.isHook, workload, mesh)
      else { return nil }
      return ProbeCaller(name: handler.name, port: port.number, message: "\(handler.name) of \(container.name) \(why)")
    }
  }

  /// Nil for a handler that opens no connection.
  private static func port(of probe: Probe, _ container: Container) -> (number: Int?, Void)? {
    switch probe.action {
    case .http(_, let port, _, _), .tcp(_, let port): (port.number(in: container), ())
    case .grpc(let port): (port, ())
    case .exec, .sleep: nil
    }
  }

  private static func failure(_ probe: Probe, _ isHook: Bool, _ workload: Workload, _ mesh: Mesh) -> String? {
    let key =
      mesh == .consul
      ? "consul.hashicorp.com/transparent-proxy-overwrite-probes" : "sidecar.istio.io/rewriteAppHTTPProbers"
    if isHook { return "is a lifecycle hook, and no mesh leads those past the proxy" }
    if workload.podAnnotations[key] == "false" { return "is not led past the proxy (\(key)=false)" }
    switch probe.action {
    case .http(let host?, _, _, _) where !["", "127.0.0.1", "localhost"].contains(host),
      .tcp(let host?, _) where !["", "127.0.0.1", "localhost"].contains(host):
      return "goes to the fixed host \(host), for which the proxy is not rewritten"
    case .tcp where mesh == .consul: return "asks for a TCP connection, which Consul does not lead past the proxy"
    case .grpc where mesh == .consul: return "speaks gRPC, which Consul does not lead past the proxy"
    default: return nil
    }
  }
}
