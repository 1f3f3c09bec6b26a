import IntentModel

/// What a sidecar in a cluster knows before it has asked for anything. The same for all pods of a cluster: which pod it
/// is, its credential says.
package enum ClusterBootstrap {
  /// Where the sidecar's container has its things.
  package static let configurationFolder = "/etc/bulkhead"
  package static let credentialFolder = "/run/bulkhead"
  package static let certificateFile = "credential.pem"
  package static let keyFile = "credential.key"
  package static let fileName = "bootstrap.json"
  /// Says whether the sidecar is ready, and nothing else.
  package static let readinessPort = 15021

  package static let arguments = [
    "-c", "\(configurationFolder)/\(fileName)", "--concurrency", "1", "--disable-hot-restart", "--drain-time-s",
    String(Bootstrap.drainSeconds), "--drain-strategy", "immediate", "-l", "warn",
  ]

  /// - Parameters:
  ///   - address: of the discovery server's Service; a name would need a resolver before there is a mesh.
  ///   - serverName: in the server's certificate.
  package static func text(address: String, serverName: String, root: String) -> String {
    let clusters: [JSONValue] = [
      server(EnvoyName.discoveryCluster, address, DiscoveryPorts.discovery, serverName, root),
      server(statisticsCluster, address, DiscoveryPorts.statistics, serverName, root), admin,
    ]
    let configuration: JSONValue = [
      "admin": ["address": ["pipe": ["path": .string(adminSocket), "mode": 0o600]]],
      "dynamic_resources": ["lds_config": Bootstrap.configSource, "cds_config": Bootstrap.configSource],
      "static_resources": ["clusters": .array(clusters), "listeners": [readiness]],
      "stats_flush_interval": "1s",
      "stats_config": ["stats_matcher": ["inclusion_list": ["patterns": .array(counted)]]],
      "stats_sinks": [
        [
          "name": "envoy.stat_sinks.statsd",
          "typed_config": [
            "@type": "type.googleapis.com/envoy.config.metrics.v3.StatsdSink",
            "tcp_cluster_name": .string(statisticsCluster), "prefix": "bulkhead",
          ],
        ]
      ],
      "overload_manager": [
        "resource_monitors": [
          [
            "name": "envoy.resource_monitors.global_downstream_max_connections",
            "typed_config": ["@type": EnvoyType.connectionLimit, "max_active_downstream_connections": 16384],
          ]
        ]
      ],
    ]
    return configuration.text
  }

  private static let statisticsCluster = "statistics"
  private static let adminCluster = "admin"
  private static let adminSocket = "\(credentialFolder)/admin.sock"

  /// What a rollout judges by: requests in and out with their answers, refusals, connections of plain TCP.
  private static let counted: [JSONValue] =
    ["http.in_", "http.out|", "tcp.in_", "tcp.out|", "cluster.in|", SidecarCounter.refusedConnections].map {
      ["prefix": .string($0)]
    } + [["safe_regex": ["regex": .string("cluster\\.out\\|.*\\.\(SidecarCounter.unansweredConnections)")]]]

  private static func server(
    _ name: String, _ address: String, _ port: Int, _ serverName: String, _ root: String
  ) -> JSONValue {
    let context: JSONValue = [
      "tls_params": ["tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"],
      "tls_certificates": [
        [
          "certificate_chain": ["filename": .string("\(credentialFolder)/\(certificateFile)")],
          "private_key": ["filename": .string("\(credentialFolder)/\(keyFile)")],
        ]
      ],
      "validation_context": [
        "trusted_ca": ["inline_string": .string(root)],
        "match_typed_subject_alt_names": [["san_type": "DNS", "matcher": ["exact": .string(serverName)]]],
      ],
    ]
    return [
      "name": .string(name), "type": "STATIC", "connect_timeout": "2s",
      "load_assignment": [
        "cluster_name": .string(name),
        "endpoints": [
          [
            "lb_endpoints": [
              [
                "endpoint": [
                  "address": ["socket_address": ["address": .string(address), "port_value": .number(port)]]
                ]
              ]
            ]
          ]
        ],
      ],
      "transport_socket": [
        "name": "envoy.transport_sockets.tls",
        "typed_config": [
          "@type": EnvoyType.upstreamTLS, "sni": .string(serverName), "common_tls_context": context,
        ],
      ],
      // One connection carries one held poll; a server that is gone must not be asked in a storm.
      "circuit_breakers": ["thresholds": [["max_connections": 1024, "max_pending_requests": 1024]]],
    ]
  }

  private static let admin: JSONValue = [
    "name": .string(adminCluster), "type": "STATIC", "connect_timeout": "1s",
    "load_assignment": [
      "cluster_name": .string(adminCluster),
      "endpoints": [["lb_endpoints": [["endpoint": ["address": ["pipe": ["path": .string(adminSocket)]]]]]]],
    ],
  ]

  /// How long the sidecar goes on when its pod ends: callers have not yet heard that it leaves.
  private static let leavingSeconds = 5

  /// `/ready` of the admin interface, and `/drain`, which answers as late as the sidecar may end: no image needs a
  /// program that waits.
  private static let readiness: JSONValue = [
    "name": "readiness", "address": ["socket_address": ["address": "0.0.0.0", "port_value": .number(readinessPort)]],
    "filter_chains": [
      [
        "filters": [
          Filters.connectionManager(
            [
              "stat_prefix": "readiness",
              "route_config": [
                "name": "readiness",
                "virtual_hosts": [
                  [
                    "name": "readiness", "domains": ["*"],
                    "routes": [["match": ["path": "/ready"], "route": ["cluster": .string(adminCluster)]], drain],
                  ]
                ],
              ],
            ], filters: [["name": .string(InboundPolicy.faultFilter), "typed_config": ["@type": EnvoyType.fault]]])
        ]
      ]
    ],
  ]

  /// Kubelets differ in the slashes that they put in front of a hook's path.
  private static let drain: JSONValue = [
    "match": ["safe_regex": ["regex": "/+drain"]], "direct_response": ["status": 200],
    "typed_per_filter_config": .object([
      InboundPolicy.faultFilter: [
        "@type": EnvoyType.fault,
        "delay": ["fixed_delay": .string("\(leavingSeconds)s"), "percentage": ["numerator": 100]],
      ]
    ]),
  ]
}
