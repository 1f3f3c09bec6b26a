import IntentModel

/// TLS contexts: version 1.3 alone (both bounds must be said, a client's default maximum is 1.2), and in ALPN the
/// mesh's own name alone (an offered h2 would switch the codec of a side that the other side does not expect).
enum TransportSockets {
  static let plaintext: JSONValue = [
    "name": "envoy.transport_sockets.raw_buffer", "typed_config": ["@type": EnvoyType.plaintext],
  ]

  /// Server side: any member of the trust domain gets in; who may do what is decided above TLS.
  static func server(trustDomain: String) -> JSONValue {
    [
      "name": "envoy.transport_sockets.tls",
      "typed_config": [
        "@type": EnvoyType.downstreamTLS, "require_client_certificate": true,
        "common_tls_context": common(peers: [["prefix": "spiffe://\(trustDomain)/"]]),
      ],
    ]
  }

  /// Server side of a deliberately open sidecar: asks nobody for a certificate.
  static let openServer: JSONValue = [
    "name": "envoy.transport_sockets.tls",
    "typed_config": [
      "@type": EnvoyType.downstreamTLS, "require_client_certificate": false, "common_tls_context": common(peers: []),
    ],
  ]

  /// Client side: the server must be exactly one of those who are meant.
  static func client(to identities: [SpiffeID]) -> JSONValue {
    [
      "name": "envoy.transport_sockets.tls",
      "typed_config": [
        "@type": EnvoyType.upstreamTLS,
        "common_tls_context": common(peers: identities.map { ["exact": .string($0.description)] }),
      ],
    ]
  }

  /// - Parameter peers: the names of which the other side must bear one; none: it is not asked.
  private static func common(peers: [JSONValue]) -> JSONValue {
    var context: JSONValue = [
      "tls_params": ["tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"],
      "alpn_protocols": [.string(EnvoyName.meshProtocol)],
      "tls_certificate_sds_secret_configs": [
        ["name": .string(EnvoyName.certificate), "sds_config": Bootstrap.configSource]
      ],
    ]
    if !peers.isEmpty {
      context["combined_validation_context"] = [
        "default_validation_context": [
          "match_typed_subject_alt_names": .array(peers.map { ["san_type": "URI", "matcher": $0] })
        ],
        "validation_context_sds_secret_config": [
          "name": .string(EnvoyName.trust), "sds_config": Bootstrap.configSource,
        ],
      ]
    }
    return context
  }
}
