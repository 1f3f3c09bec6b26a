import FleetModel
import IntentModel

/// What connections to the pod meet. TLS and plaintext have a filter chain each; a strict port has no plaintext chain.
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
      name: "inbound", port: SidecarPorts.inbound, direction: "INBOUND", extraFilters: [inspector],
      chains: Filters.selfConnectionChains(except: Set(flows.map(\.port))) + flows.flatMap(chains),
      otherwise: passthrough)
    if flows.contains(where: { $0.wireProtocol == .tcp }) {
      // Where the server speaks first a plaintext client says nothing, and nothing is there to inspect (trap T7).
      listener["listener_filters_timeout"] = "1s"
      listener["continue_on_listener_filters_timeout"] = true
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

  private let inspector: JSONValue = [
    "name": "envoy.filters.listener.tls_inspector", "typed_config": ["@type": EnvoyType.tlsInspector],
  ]

  private var passthrough: JSONValue? {
    guard open || (plaintextServed && !pod.intent.posture.isolated) else { return nil }
    return [
      "name": "inbound|passthrough",
      "filters": [Filters.tcpProxy(cluster: EnvoyName.passthrough, statPrefix: "inbound_passthrough")],
    ]
  }

  private func chains(for flow: InboundFlow) -> [JSONValue] {
    let filters: JSONValue = .array(flow.wireProtocol == .http ? [http(flow)] : tcp(flow))
    var encrypted: JSONValue = [
      "name": "\(EnvoyName.inbound(flow.port))|tls",
      "filter_chain_match": ["destination_port": .number(flow.port), "transport_protocol": "tls"], "filters": filters,
    ]
    encrypted["transport_socket"] =
      open ? TransportSockets.openServer : TransportSockets.server(trustDomain: pod.intent.identity.trustDomain)
    guard plaintextServed else { return [encrypted] }
    let plaintext: JSONValue = [
      "name": "\(EnvoyName.inbound(flow.port))|plaintext",
      "filter_chain_match": ["destination_port": .number(flow.port), "transport_protocol": "raw_buffer"],
      "filters": filters,
    ]
    return [encrypted, plaintext]
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
  private func tcp(_ flow: InboundFlow) -> [JSONValue] {
    let proxy = Filters.tcpProxy(cluster: EnvoyName.inbound(flow.port), statPrefix: "in_\(flow.port)")
    guard !open else { return [proxy] }
    let rules = policy.rules(for: flow)
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
