import IntentModel

/// Building blocks that both directions share.
enum Filters {
  static func connectionManager(_ members: [String: JSONValue], filters: [JSONValue]) -> JSONValue {
    var configuration: JSONValue = [
      "@type": EnvoyType.connectionManager, "codec_type": "AUTO", "generate_request_id": false,
      "server_header_transformation": "PASS_THROUGH", "stream_idle_timeout": "300s",
      "http_filters": .array(filters + [router]),
    ]
    for (key, value) in members { configuration[key] = value }
    return ["name": "envoy.filters.network.http_connection_manager", "typed_config": configuration]
  }

  static func tcpProxy(cluster: String, statPrefix: String, subset: JSONValue? = nil) -> JSONValue {
    var configuration: JSONValue = [
      "@type": EnvoyType.tcpProxy, "cluster": .string(cluster), "stat_prefix": .string(statPrefix),
      // More than one attempt, so that a pod that has just gone costs no connection.
      "max_connect_attempts": 3,
    ]
    if let subset { configuration["metadata_match"] = subset }
    return ["name": "envoy.filters.network.tcp_proxy", "typed_config": configuration]
  }

  static func listener(
    name: String, port: Int, direction: String, extraFilters: [JSONValue], chains: [JSONValue], otherwise: JSONValue?
  ) -> JSONValue {
    var listener: JSONValue = [
      "@type": EnvoyType.listener, "name": .string(name), "traffic_direction": .string(direction),
      "address": ["socket_address": ["address": "0.0.0.0", "port_value": .number(port)]],
      "listener_filters": .array(
        [
          [
            "name": "envoy.filters.listener.original_dst",
            "typed_config": ["@type": EnvoyType.originalDestination],
          ]
        ] + extraFilters),
      // Who has said nothing until then is taken for one who speaks no TLS.
      "continue_on_listener_filters_timeout": true, "filter_chains": .array(chains),
    ]
    if let otherwise { listener["default_filter_chain"] = otherwise }
    return listener
  }

  /// Looks whether a connection begins with TLS, and for which protocol. It waits for the client's first bytes: where
  /// the server speaks first it looks in vain, and what a client opens in advance stays silent for long.
  static func inspector(disabled: JSONValue? = nil) -> JSONValue {
    var filter: JSONValue = [
      "name": "envoy.filters.listener.tls_inspector", "typed_config": ["@type": EnvoyType.tlsInspector],
    ]
    if let disabled { filter["filter_disabled"] = disabled }
    return filter
  }

  /// Ports that would lead a sidecar back to itself, once per connection, until it has no descriptors left.
  static func selfConnectionChains(except declared: Set<Int>) -> [JSONValue] {
    [SidecarPorts.outbound, SidecarPorts.inbound].filter { !declared.contains($0) }.map { port in
      [
        "name": "self|\(port)", "filter_chain_match": ["destination_port": .number(port)],
        "filters": [tcpProxy(cluster: EnvoyName.nowhere, statPrefix: "self")],
      ]
    }
  }

  /// Load balancing among the endpoints whose metadata say so.
  static func subset(_ key: String, _ value: String) -> JSONValue {
    ["filter_metadata": .object([EnvoyName.balancing: .object([key: .string(value)])])]
  }

  private static let router: JSONValue = [
    "name": "envoy.filters.http.router", "typed_config": ["@type": EnvoyType.router, "suppress_envoy_headers": true],
  ]
}
