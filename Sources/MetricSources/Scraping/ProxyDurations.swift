/// How long the calls of one pod took that its proxy has seen, by the service that was called, from the proxy's page.
package struct ProxyDurations: Sendable, Equatable {
  /// Since the proxy began.
  package struct Sum: Sendable, Equatable {
    package var calls = 0.0
    package var milliseconds = 0.0
  }

  package var outbound: [ProxyCounts.Target: Sum] = [:]

  /// - Throws: for a page that is none.
  package static func read(_ page: [UInt8], _ dialect: ProxyCounts.Dialect) throws -> ProxyDurations {
    let metric = metric(dialect)
    let series = try Exposition.series(page, at: 0) { $0 == metric + "_sum" || $0 == metric + "_count" }
    var durations = ProxyDurations()
    for one in series {
      guard let value = one.samples.first?.value, value >= 0, value < 1e15, let target = target(one, dialect) else {
        continue
      }
      if one.metric.hasSuffix("_count") {
        durations.outbound[target, default: Sum()].calls += value
      } else {
        durations.outbound[target, default: Sum()].milliseconds += value
      }
    }
    return durations
  }

  private static func metric(_ dialect: ProxyCounts.Dialect) -> String {
    switch dialect {
    case .istio: "istio_request_duration_milliseconds"
    case .linkerd: "response_latency_ms"
    case .consul: "envoy_cluster_upstream_rq_time"
    }
  }

  private static func target(_ series: MetricSeries, _ dialect: ProxyCounts.Dialect) -> ProxyCounts.Target? {
    let (name, namespace): (String?, String?)
    switch dialect {
    case .istio:
      // What the callee's proxy measured lacks what held the call up on its way.
      guard series["reporter"] == "source" else { return nil }
      (name, namespace) = (series["destination_service_name"], series["destination_service_namespace"])
    case .linkerd:
      guard series["direction"] == "outbound" else { return nil }
      (name, namespace) = (series["dst_service"], series["dst_namespace"])
    case .consul: (name, namespace) = (series["consul_destination_service"], nil)
    }
    guard let name, !["", "unknown"].contains(name) else { return nil }
    return ProxyCounts.Target(namespace: namespace == "unknown" ? "" : namespace ?? "", service: name)
  }
}
