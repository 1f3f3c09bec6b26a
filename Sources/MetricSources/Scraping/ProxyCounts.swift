/// What the proxy of one pod has counted since it began, from its own page for Prometheus.
package struct ProxyCounts: Sendable, Equatable {
  package struct Count: Sendable, Equatable {
    package var requests = 0.0
    /// Answers of 5xx and none at all, and refusals by the mesh's own rules.
    package var errors = 0.0
  }
  package struct Target: Sendable, Hashable, Comparable {
    /// Empty where the page does not tell.
    package var namespace: String
    package var service: String

    package static func < (left: Target, right: Target) -> Bool {
      (left.namespace, left.service) < (right.namespace, right.service)
    }
  }
  /// How a mesh's proxies name what they count.
  package enum Dialect: String, Sendable, CaseIterable { case istio, linkerd, consul }

  package var inbound = Count()
  package var outbound: [Target: Count] = [:]

  /// - Throws: for a page that is none: half of one would miss counters without a word.
  package static func read(_ page: [UInt8], _ dialect: Dialect) throws -> ProxyCounts {
    let series = try Exposition.series(page, at: 0) { wants($0, dialect) }
    var counts = ProxyCounts()
    switch dialect {
    case .istio: for one in series { counts.addIstio(one) }
    case .linkerd: counts.addLinkerd(series)
    case .consul: for one in series { counts.addConsul(one) }
    }
    // Refusals of connections are no requests in some proxies' books.
    counts.inbound.requests = max(counts.inbound.requests, counts.inbound.errors)
    return counts
  }

  private static func wants(_ metric: String, _ dialect: Dialect) -> Bool {
    switch dialect {
    case .istio:
      metric == "istio_requests_total" || metric == "istio_tcp_connections_opened_total"
        || (metric.hasPrefix("envoy_") && metric.hasSuffix("rbac"))
    case .linkerd:
      ["response_total", "tcp_open_total", "inbound_http_authz_deny_total", "inbound_tcp_authz_deny_total"]
        .contains(metric)
    case .consul:
      ["envoy_http_downstream_rq_xx", "envoy_tcp_downstream_cx_total", "envoy_cluster_upstream_rq_xx"].contains(metric)
        || (metric.hasPrefix("envoy_") && metric.hasSuffix("rbac_denied"))
    }
  }

  private mutating func add(_ value: Double, failed: Bool, to target: Target?) {
    guard let target else {
      inbound.requests += value
      if failed { inbound.errors += value }
      return
    }
    outbound[target, default: Count()].requests += value
    if failed { outbound[target, default: Count()].errors += value }
  }

  private static func value(_ series: MetricSeries) -> Double? {
    guard let value = series.samples.first?.value, value >= 0, value < 1e15 else { return nil }
    return value
  }

  // MARK: - Istio

  private mutating func addIstio(_ series: MetricSeries) {
    guard let value = Self.value(series) else { return }
    guard series.metric.hasPrefix("istio_") else {
      if series["authz_enforce_result"] == "denied" { inbound.errors += value }
      return
    }
    let isHTTP = series.metric == "istio_requests_total"
    let code = isHTTP ? series["response_code"].flatMap { Int($0) } : 200
    guard let code,
      let kind = RequestClass(
        code: code, flags: series["response_flags"] ?? "", grpc: series["grpc_response_status"].flatMap { Int($0) })
    else { return }
    // What a person's test injected is a failure to whoever waits for the answer all the same.
    let failed = [.server, .unanswered, .injected].contains(kind)
    if series["reporter"] == "destination" {
      add(value, failed: failed, to: nil)
    } else if let name = series["destination_service_name"], !["", "unknown"].contains(name) {
      let namespace = series["destination_service_namespace"] ?? ""
      add(value, failed: failed, to: Target(namespace: namespace == "unknown" ? "" : namespace, service: name))
    }
  }

  // MARK: - Linkerd

  private mutating func addLinkerd(_ all: [MetricSeries]) {
    // The kubelet's probes and whoever reads these counts are no users.
    let own = all.filter { series in
      series["route_name"] != "probe" && series["target_addr"]?.hasSuffix(":4191") != true
        && series["target_port"] != "4191"
    }
    let speaksHTTP = own.contains { $0.metric == "response_total" && $0["direction"] == "inbound" }
    for series in own {
      guard let value = Self.value(series) else { continue }
      switch (series.metric, series["direction"]) {
      case ("response_total", "inbound"):
        add(value, failed: series["classification"] == "failure", to: nil)
      case ("response_total", "outbound"):
        guard let name = series["dst_service"] else { continue }
        let target = Target(namespace: series["dst_namespace"] ?? "", service: name)
        add(value, failed: series["classification"] == "failure", to: target)
      case ("tcp_open_total", "inbound") where !speaksHTTP && series["peer"] == "src":
        add(value, failed: false, to: nil)
      case ("inbound_http_authz_deny_total", _), ("inbound_tcp_authz_deny_total", _):
        add(value, failed: true, to: nil)
      default: continue
      }
    }
  }

  // MARK: - Consul

  private mutating func addConsul(_ series: MetricSeries) {
    guard let value = Self.value(series) else { return }
    let failed = series["envoy_response_code_class"] == "5"
    switch series.metric {
    case "envoy_http_downstream_rq_xx":
      if series["envoy_http_conn_manager_prefix"] == "public_listener" { add(value, failed: failed, to: nil) }
    case "envoy_tcp_downstream_cx_total":
      if series["envoy_tcp_prefix"] == "public_listener" { add(value, failed: false, to: nil) }
    case "envoy_cluster_upstream_rq_xx":
      guard let name = series["consul_destination_service"], !name.isEmpty else { return }
      add(value, failed: failed, to: Target(namespace: "", service: name))
    default: inbound.errors += value
    }
  }
}
