import FleetModel
import IntentModel

/// What the pod's own connections meet: one filter chain per service address and port, and beside each for HTTP one for
/// what the application encrypts itself, which goes where it was sent, as it is.
struct OutboundListener {
  let pod: MeshPod
  let routes: [OutboundRoute]

  var listener: JSONValue {
    let chains = routes.flatMap { route in route.addresses.flatMap { self.chains(for: route, $0) } }
    return Filters.listener(
      name: "outbound", port: SidecarPorts.outbound, direction: "OUTBOUND", extraFilters: inspectors,
      chains: Filters.selfConnectionChains(except: []) + chains, otherwise: passthrough)
  }

  var rights: [String] { passthrough == nil ? [] : ["out passthrough"] }

  private var passthrough: JSONValue? {
    guard !pod.intent.posture.isolated else { return nil }
    return [
      "name": "outbound|passthrough",
      "filters": [Filters.tcpProxy(cluster: EnvoyName.passthrough, statPrefix: "outbound_passthrough")],
    ]
  }

  /// Ports of HTTP alone are looked at.
  private var inspectors: [JSONValue] {
    let ports = Set(routes.filter { $0.port.wireProtocol == .http }.map(\.port.port)).sorted()
    let matches = ports.map { port -> JSONValue in
      ["destination_port_range": ["start": .number(port), "end": .number(port + 1)]]
    }
    guard let first = matches.first else { return [] }
    let any: JSONValue = matches.count == 1 ? first : ["or_match": ["rules": .array(matches)]]
    return [Filters.inspector(disabled: ["not_match": any])]
  }

  private func chains(for route: OutboundRoute, _ address: OutboundRoute.Address) -> [JSONValue] {
    let name = route.cluster + (address.canaryOnly ? "|canary" : "")
    let match: JSONValue = [
      "prefix_ranges": [["address_prefix": .string(address.address), "prefix_len": 32]],
      "destination_port": .number(route.port.port),
    ]
    guard route.port.wireProtocol == .http else {
      return [["name": .string(name), "filter_chain_match": match, "filters": [tcp(route, address, name)]]]
    }
    var encrypted = match
    encrypted["transport_protocol"] = "tls"
    let asItIs = Filters.tcpProxy(cluster: EnvoyName.passthrough, statPrefix: name)
    return [
      ["name": .string(name), "filter_chain_match": match, "filters": [http(route, address, name)]],
      ["name": .string("\(name)|own-tls"), "filter_chain_match": encrypted, "filters": [asItIs]],
    ]
  }

  /// `primary` marks the endpoints that plain TCP may use; their weights carry the canary's share.
  private func tcp(_ route: OutboundRoute, _ address: OutboundRoute.Address, _ name: String) -> JSONValue {
    let subset =
      address.canaryOnly ? Filters.subset("cohort", Cohort.canary.rawValue) : Filters.subset("primary", "yes")
    return Filters.tcpProxy(cluster: route.cluster, statPrefix: name, subset: subset)
  }

  private func http(_ route: OutboundRoute, _ address: OutboundRoute.Address, _ name: String) -> JSONValue {
    let canary: JSONValue = [
      "match": [
        "prefix": "/",
        "headers": [
          ["name": .string(CohortHeader.name), "string_match": ["exact": .string(CohortHeader.canary)]]
        ],
      ],
      "route": action(route, .canary),
    ]
    let all: JSONValue = ["match": ["prefix": "/"], "route": action(route, address.canaryOnly ? .canary : .stable)]
    let caller = pod.intent.workload
    let routes: JSONValue = [
      "name": .string(name), "ignore_port_in_host_matching": true,
      "virtual_hosts": [
        [
          "name": .string(name), "domains": ["*"], "routes": address.canaryOnly ? [all] : [canary, all],
          // The sidecar says who calls, so that an application can neither forget nor forge it.
          "request_headers_to_add": [
            [
              "header": [
                "key": .string(CohortHeader.caller), "value": "\(caller.namespace)/\(caller.name)",
              ],
              "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            ]
          ],
        ]
      ],
    ]
    return Filters.connectionManager(["stat_prefix": .string(name), "route_config": routes], filters: [])
  }

  /// Without ready pods of the wanted cohort the cluster's subset policy falls back to the other one.
  private func action(_ route: OutboundRoute, _ cohort: Cohort) -> JSONValue {
    [
      "cluster": .string(route.cluster), "timeout": "2.5s", "metadata_match": Filters.subset("cohort", cohort.rawValue),
      "retry_policy": [
        "retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 2,
        "retry_host_predicate": [
          ["name": "envoy.retry_host_predicates.previous_hosts", "typed_config": ["@type": EnvoyType.previousHosts]]
        ],
        "host_selection_retry_max_attempts": 3,
      ],
    ]
  }
}
