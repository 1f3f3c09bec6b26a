import FleetModel
import IntentModel

/// What connections to the pod meet. The mesh's TLS, an application's own TLS and plaintext have a filter chain each; a
/// strict port has the first alone.
struct InboundListener {
  let pod: MeshPod
  let compiler: SidecarCompiler

  private var open: Bool { pod.wrongs.contains(.open) }
  private var plaintextServed: Bool { open || pod.intent.posture.mutualTLS != .strict }
  private var policy: InboundPolicy { InboundPolicy(pod: pod, compiler: compiler) }
  private var flows: [InboundFlow] {
    var seen: Set<Int> = []
    return pod.intent.inbound.sorted { $0.port < $1.port }.filter { seen.insert($0.port).inserted }
  }

  var listener: JSONValue {
    var listener = Filters.listener(
      name: "inbound", port: SidecarPorts.inbound, direction: "INBOUND", extraFilters: [Filters.inspector()],
      chains: Filters.selfConnectionChains(except: Set(flows.map(\.port))) + flows.flatMap(chains),
      otherwise: passthrough)
    if flows.contains(where: { $0.wireProtocol == .tcp }) {
      // Where the server speaks first a plaintext client says nothing, and nothing is there to inspect (trap T7).
      listener["listener_filters_timeout"] = "1s"
    }
    return listener
  }

  var rights: [String] {
    var rights = passthrough == nil ? [] : ["in passthrough"]
    if open { rights.append("in without certificate") }
    for flow in flows {
      let name = EnvoyName.inbound(flow.port)
      if plaintextServed { rights.append("\(name) plaintext") }
      guard flow.wireProtocol == .tcp else { continue }
      rights += policy.callers(of: flow).map { "\(name) from \($0)" }
      if open || pod.intent.posture.authorisation != .enforced { rights.append("\(name) from anyone") }
    }
    return rights
  }

  var routeConfigurations: [(String, JSONValue)] {
    flows.filter { $0.wireProtocol == .http }.map { (EnvoyName.inbound($0.port), policy.routes(for: $0)) }
  }

  private var passthrough: JSONValue? {
    guard open || (plaintextServed && !pod.intent.posture.isolated) else { return nil }
    return [
      "name": "inbound|passthrough",
      "filters": [Filters.tcpProxy(cluster: EnvoyName.passthrough, statPrefix: "inbound_passthrough")],
    ]
  }

  private func chains(for flow: InboundFlow) -> [JSONValue] {
    let filters = flow.wireProtocol == .http ? [http(flow)] : bytes(flow, policy.rules(for: flow))
    var encrypted = chain(flow, "tls", transport: "tls", filters)
    encrypted["filter_chain_match"]?["application_protocols"] = [.string(EnvoyName.meshProtocol)]
    encrypted["transport_socket"] =
      open ? TransportSockets.openServer : TransportSockets.server(trustDomain: pod.intent.identity.trustDomain)
    guard plaintextServed else { return [encrypted] }
    return [
      encrypted, chain(flow, "own-tls", transport: "tls", bytes(flow, policy.strangers(for: flow))),
      chain(flow, "plaintext", transport: "raw_buffer", filters),
    ]
  }

  private func chain(_ flow: InboundFlow, _ name: String, transport: String, _ filters: [JSONValue]) -> JSONValue {
    [
      "name": .string("\(EnvoyName.inbound(flow.port))|\(name)"),
      "filter_chain_match": ["destination_port": .number(flow.port), "transport_protocol": .string(transport)],
      "filters": .array(filters),
    ]
  }

  private func http(_ flow: InboundFlow) -> JSONValue {
    let name = EnvoyName.inbound(flow.port)
    return Filters.connectionManager(
      [
        "stat_prefix": .string("in_\(flow.port)"), "forward_client_cert_details": "SANITIZE_SET",
        "set_current_client_cert_details": ["uri": true],
        "rds": ["route_config_name": .string(name), "config_source": Bootstrap.configSource],
      ],
      filters: [
        [
          "name": .string(InboundPolicy.rbacFilter),
          "typed_config": ["@type": EnvoyType.httpRBAC, "shadow_rules_stat_prefix": .string(EnvoyName.shadow)],
        ],
        ["name": .string(InboundPolicy.faultFilter), "typed_config": ["@type": EnvoyType.fault]],
      ])
  }

  /// Rules for TCP belong to the chain: from shadow to enforced it changes, and connections made before are drained.
  private func bytes(_ flow: InboundFlow, _ rules: JSONValue) -> [JSONValue] {
    let proxy = Filters.tcpProxy(cluster: EnvoyName.inbound(flow.port), statPrefix: "in_\(flow.port)")
    guard !open else { return [proxy] }
    let enforced = pod.intent.posture.authorisation == .enforced
    // Counting what would be refused harms nobody: `off` and `shadow` share a chain, and none is drained in between.
    return [
      [
        "name": "envoy.filters.network.rbac",
        "typed_config": .object([
          "@type": EnvoyType.networkRBAC, "stat_prefix": .string("in_\(flow.port)"),
          "shadow_rules_stat_prefix": .string(EnvoyName.shadow), (enforced ? "rules" : "shadow_rules"): rules,
        ]),
      ], proxy,
    ]
  }
}
