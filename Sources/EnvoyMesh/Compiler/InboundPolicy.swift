import FleetModel
import IntentModel

/// Who may call, and which faults callers meet: all of it in the route configuration, which acts on the next request
/// of every connection, old ones included, and keeps the connections.
struct InboundPolicy {
  static let rbacFilter = "envoy.filters.http.rbac"
  static let faultFilter = "envoy.filters.http.fault"

  let pod: MeshPod
  let compiler: SidecarCompiler

  func routes(for flow: InboundFlow) -> JSONValue {
    let name = EnvoyName.inbound(flow.port)
    var host: JSONValue = [
      "name": .string(name), "domains": ["*"],
      "routes": .array(delayedCallers.map { route(flow, caller: $0) } + [route(flow, caller: nil)]),
    ]
    if let authorisation = authorisation(for: flow) {
      host["typed_per_filter_config"] = .object([
        Self.rbacFilter: ["@type": EnvoyType.routeRBAC, "rbac": authorisation]
      ])
    }
    return [
      "@type": EnvoyType.routes, "name": .string(name), "ignore_port_in_host_matching": true, "virtual_hosts": [host],
    ]
  }

  /// Exactly the flow's callers by name; callers without any identity only where the port serves the outside.
  func rules(for flow: InboundFlow) -> JSONValue {
    allowing(callers(of: flow).map { ["authenticated": ["principal_name": ["exact": .string($0)]]] } + outside(flow))
  }

  /// For those who show the application a certificate of their own, if any, and none to the sidecar.
  func strangers(for flow: InboundFlow) -> JSONValue { allowing(outside(flow)) }

  private func outside(_ flow: InboundFlow) -> [JSONValue] {
    flow.servesOutside ? [["not_id": ["authenticated": [:]]]] : []
  }

  private func allowing(_ principals: [JSONValue]) -> JSONValue {
    guard !principals.isEmpty else { return ["action": "ALLOW"] }
    return [
      "action": "ALLOW",
      "policies": ["callers": ["permissions": [["any": true]], "principals": .array(principals)]],
    ]
  }

  /// The identities of the flow's callers, in order.
  func callers(of flow: InboundFlow) -> [String] {
    Set(flow.callers.compactMap { compiler.identity(of: $0)?.description }).sorted()
  }

  private func authorisation(for flow: InboundFlow) -> JSONValue? {
    guard !pod.wrongs.contains(.open) else { return nil }
    switch pod.intent.posture.authorisation {
    case .off: return nil
    case .shadow:
      return ["shadow_rules": rules(for: flow), "shadow_rules_stat_prefix": .string(EnvoyName.shadow)]
    case .enforced: return ["rules": rules(for: flow)]
    }
  }

  // MARK: faults

  private var delayedCallers: [ObjectReference] {
    Set(compiler.state.delays.filter { $0.target == pod.intent.workload }.map(\.caller)).sorted()
  }

  private func route(_ flow: InboundFlow, caller: ObjectReference?) -> JSONValue {
    var match: JSONValue = ["prefix": "/"]
    if let caller {
      match["headers"] = [
        ["name": .string(CohortHeader.caller), "string_match": ["exact": "\(caller.namespace)/\(caller.name)"]]
      ]
    }
    var route: JSONValue = [
      "match": match, "route": ["cluster": .string(EnvoyName.inbound(flow.port)), "timeout": "0s"],
    ]
    if let fault = fault(for: caller) { route["typed_per_filter_config"] = .object([Self.faultFilter: fault]) }
    return route
  }

  private func fault(for caller: ObjectReference?) -> JSONValue? {
    let workload = pod.intent.workload
    let delay = compiler.state.delays.filter { $0.target == workload && $0.caller == caller }
      .reduce(0) { $0 + max(0, $1.milliseconds) }
    let aborts = compiler.state.aborts.filter { $0.target == workload && (!$0.canaryOnly || pod.cohort == .canary) }
    // Independent faults: a request survives if it survives each.
    let survives = aborts.reduce(1.0) { $0 * (1 - min(max($1.percent, 0), 100) / 100) }
    let abortsPerMillion = Int(((1 - survives) * 1_000_000).rounded())
    let holdUp = delay > 0 || pod.cohort != .canary ? nil : compiler.state.holdUps.first { $0.target == workload }
    guard delay > 0 || abortsPerMillion > 0 || holdUp != nil else { return nil }
    var fault: JSONValue = ["@type": EnvoyType.fault]
    if delay > 0 {
      fault["delay"] = [
        "fixed_delay": .string(Self.seconds(milliseconds: delay)),
        "percentage": ["numerator": 100, "denominator": "HUNDRED"],
      ]
    }
    // One delay is all that the filter has: a trial's own, at all of the requests, goes before.
    if let holdUp {
      let perMillion = Int((min(max(holdUp.percent, 0), 100) * 10_000).rounded())
      fault["delay"] = [
        "fixed_delay": .string(Self.seconds(milliseconds: holdUp.milliseconds)),
        "percentage": ["numerator": .number(perMillion), "denominator": "MILLION"],
      ]
    }
    if abortsPerMillion > 0 {
      fault["abort"] = [
        "http_status": 503, "percentage": ["numerator": .number(abortsPerMillion), "denominator": "MILLION"],
      ]
    }
    return fault
  }

  /// A duration in protobuf's JSON form.
  static func seconds(milliseconds: Int) -> String {
    let fraction = String(milliseconds % 1000)
    return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)s"
  }
}
