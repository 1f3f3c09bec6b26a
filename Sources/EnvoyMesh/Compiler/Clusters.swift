import FleetModel
import IntentModel

/// Where a pod's connections go: one cluster per service port, one per declared inbound port, and two fixed ones.
struct Clusters {
  let compiler: SidecarCompiler
  let pod: MeshPod

  func all(routes: [OutboundRoute]) -> [JSONValue] {
    var clusters = [passthrough, nowhere]
    var seen: Set<Int> = []
    for flow in pod.intent.inbound.sorted(by: { $0.port < $1.port }) where seen.insert(flow.port).inserted {
      clusters.append(application(port: flow.port))
    }
    return clusters + routes.map(service)
  }

  /// Endpoints of a service port. Moving a pod into the mesh, out of readiness or between cohorts changes only this.
  func assignment(for route: OutboundRoute) -> JSONValue {
    var assignment = endpoints(of: route)
    assignment["@type"] = EnvoyType.assignment
    return assignment
  }

  private func endpoints(of route: OutboundRoute) -> JSONValue {
    let pods = route.service.targets.flatMap(compiler.pods).filter(\.ready)
    let share = route.service.targets.compactMap { compiler.state.canaryShare[$0] }.max() ?? 0
    let weights = EndpointWeights(pods: pods, canaryShare: share)
    let localities = [true, false].compactMap { mutual -> JSONValue? in
      let endpoints = pods.filter { $0.intent.posture.enrolled == mutual }
        .map { endpoint(at: $0, port: route.port.targetPort, weight: weights.weight(of: $0.cohort)) }
      guard !endpoints.isEmpty else { return nil }
      // Not a place: an endpoint that changes its locality is made anew, and what connects to it in plaintext closes
      // when the pod moves into the mesh under its address.
      return ["locality": ["sub_zone": mutual ? "mutual" : "plaintext"], "lb_endpoints": .array(endpoints)]
    }
    return ["cluster_name": .string(route.cluster), "endpoints": .array(localities)]
  }

  private func endpoint(at other: MeshPod, port: Int, weight: Int) -> JSONValue {
    let isCut = compiler.state.cuts.contains(CutFault(caller: pod.id, target: other.id))
    var metadata: JSONValue = .object([
      EnvoyName.balancing: ["cohort": .string(other.cohort.rawValue), "primary": weight > 0 ? "yes" : "no"]
    ])
    if other.intent.posture.enrolled { metadata[EnvoyName.socketMatch] = ["tls": "mutual"] }
    return [
      "endpoint": ["address": Self.address(isCut ? SidecarPorts.nobody : other.address, port)],
      "metadata": ["filter_metadata": metadata],
      // HTTP never mixes cohorts, so these weights only matter to plain TCP.
      "load_balancing_weight": .number(max(1, weight)),
    ]
  }

  private func service(_ route: OutboundRoute) -> JSONValue {
    var matches: [JSONValue] = []
    let identities = Set(route.service.targets.compactMap(compiler.identity)).sorted()
    if !identities.isEmpty {
      matches.append([
        "name": "mutual", "match": ["tls": "mutual"], "transport_socket": TransportSockets.client(to: identities),
      ])
    }
    matches.append(["name": "plaintext", "match": [:], "transport_socket": TransportSockets.plaintext])
    var cluster: JSONValue = [
      "@type": EnvoyType.cluster, "name": .string(route.cluster), "connect_timeout": "1s", "lb_policy": "ROUND_ROBIN",
      "transport_socket_matches": .array(matches),
      "lb_subset_config": [
        "fallback_policy": "ANY_ENDPOINT",
        "subset_selectors": [
          ["keys": ["cohort"], "fallback_policy": "ANY_ENDPOINT"],
          ["keys": ["primary"], "fallback_policy": "ANY_ENDPOINT"],
        ],
      ],
      "outlier_detection": [
        "interval": "0.5s", "base_ejection_time": "5s", "max_ejection_time": "15s", "max_ejection_percent": 50,
        "split_external_local_origin_errors": true, "consecutive_local_origin_failure": 2,
        "enforcing_consecutive_local_origin_failure": 100, "consecutive_gateway_failure": 5,
        "enforcing_consecutive_gateway_failure": 100, "enforcing_consecutive_5xx": 0, "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
      ],
    ]
    if route.isCalled {
      cluster["type"] = "EDS"
      cluster["eds_cluster_config"] = ["eds_config": Bootstrap.configSource]
    } else {
      cluster["type"] = "STATIC"
      cluster["load_assignment"] = endpoints(of: route)
    }
    return cluster
  }

  /// The application is reached at the pod's address and not at 127.0.0.1: what listens on loopback alone was never
  /// served to others and is not served through the sidecar either.
  private func application(port: Int) -> JSONValue {
    let name = JSONValue.string(EnvoyName.inbound(port))
    return [
      "@type": EnvoyType.cluster, "name": name, "type": "STATIC", "connect_timeout": "1s",
      "load_assignment": [
        "cluster_name": name,
        "endpoints": [["lb_endpoints": [["endpoint": ["address": Self.address(pod.address, port)]]]]],
      ],
    ]
  }

  private let passthrough: JSONValue = [
    "@type": EnvoyType.cluster, "name": .string(EnvoyName.passthrough), "type": "ORIGINAL_DST",
    "lb_policy": "CLUSTER_PROVIDED", "connect_timeout": "1s",
  ]

  /// A cluster without endpoints: connections to it are closed.
  private let nowhere: JSONValue = [
    "@type": EnvoyType.cluster, "name": .string(EnvoyName.nowhere), "type": "STATIC", "connect_timeout": "1s",
    "load_assignment": ["cluster_name": .string(EnvoyName.nowhere)],
  ]

  private static func address(_ address: String, _ port: Int) -> JSONValue {
    ["socket_address": ["address": .string(address), "port_value": .number(port)]]
  }
}

/// Weights that give the canary's pods together their share of plain TCP connections, however many pods there are.
/// A cohort without ready pods leaves everything to the other one.
struct EndpointWeights {
  private let stable: Int
  private let canary: Int

  init(pods: [MeshPod], canaryShare: Int) {
    let canaries = pods.count { $0.cohort == .canary }
    let stables = pods.count - canaries
    let share = min(max(canaryShare, 0), 100)
    stable = canaries == 0 ? 1 : (100 - share) * canaries
    canary = stables == 0 ? 1 : share * stables
  }

  /// 0: no connections.
  func weight(of cohort: Cohort) -> Int { cohort == .canary ? canary : stable }
}
