/// Ports of a sidecar, the same in every pod; capture rules send connections to the last two.
package enum SidecarPorts {
  package static let admin = 15000
  package static let outbound = 15001
  package static let inbound = 15006
  /// Of TEST-NET-1 (RFC 5737), where nobody is. A sidecar that is told to go there for another pod meets what a cut
  /// network is like, as long as whoever captures the pod's traffic drops what goes there.
  package static let nobody = "192.0.2.1"
}

/// Envoy's own names of what is counted beside requests and answers.
package enum SidecarCounter {
  /// Of connections that no filter chain takes: plaintext to a strict port, above all.
  package static let refusedConnections = "listener.0.0.0.0_\(SidecarPorts.inbound).no_filter_chain_match"
  /// Of connections to others that nobody answered in time: what shows that a pod is cut off.
  package static let unansweredConnections = "upstream_cx_connect_timeout"
}

/// How times of requests are told: as counters of their own, `NAME.le_25` for those above 20 and up to 25 ms.
package enum LatencyBuckets {
  /// In milliseconds.
  package static let bounds = [
    1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 125, 150, 175, 200, 250, 300, 400, 500, 750,
    1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000,
  ]
  private static let names = bounds.map { "le_\($0)" } + ["le_more"]
  private static let positions = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })

  /// The last part of the counter that a time belongs to.
  package static func name(milliseconds: Double) -> String {
    names[bounds.firstIndex { Double($0) >= milliseconds } ?? bounds.count]
  }

  /// Index among the buckets, of which there is one more than bounds; nil for what is no bucket's name.
  package static func index(of name: some StringProtocol) -> Int? { positions[String(name)] }
}
