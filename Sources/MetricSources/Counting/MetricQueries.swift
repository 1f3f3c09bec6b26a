import Diagnostics

/// What a mesh calls its metrics: which counter holds the requests, how its labels tell errors, which histogram the
/// latencies, and which labels name service and arm.
package struct MetricQueries: Sendable, Equatable {
  /// How an arm is told from the other by default: this label holds the service's name, or the name and `-canary`.
  enum ArmLabel: Sendable, Equatable {
    case name(String)
    /// The label holds a pod's name.
    case pod(String)
    /// The pods tell nothing: the user must say.
    case none
  }

  package let name: String
  let requests: String
  /// The label with the status or its class; the first that a series has.
  let codes: [String]
  var flags: String?
  var grpc: String?
  /// A label whose value `failure` is an error whatever the status.
  var verdict: String?
  let buckets: String
  let millisecondsPerUnit: Double
  /// Without these the same request would be counted twice.
  var always: [LabelMatcher] = []
  var namespace: String?
  var arm: ArmLabel

  /// Reported by the receiving side's proxy, so that each request counts once.
  static let istio = MetricQueries(
    name: "istio", requests: "istio_requests_total", codes: ["response_code"], flags: "response_flags",
    grpc: "grpc_response_status", buckets: "istio_request_duration_milliseconds_bucket", millisecondsPerUnit: 1,
    always: [LabelMatcher("reporter", "destination")], namespace: "destination_workload_namespace",
    arm: .name("destination_workload"))

  static let linkerd = MetricQueries(
    name: "linkerd", requests: "response_total", codes: ["status_code"], grpc: "grpc_status",
    verdict: "classification", buckets: "response_latency_ms_bucket", millisecondsPerUnit: 1,
    always: [LabelMatcher("direction", "inbound")], namespace: "namespace", arm: .name("deployment"))

  static let consul = MetricQueries(
    name: "consul", requests: "envoy_cluster_upstream_rq_xx", codes: ["envoy_response_code_class"],
    buckets: "envoy_cluster_upstream_rq_time_bucket", millisecondsPerUnit: 1,
    arm: .name("consul_destination_service"))

  /// A caller's Envoy; the clusters' names are the user's.
  static let envoy = MetricQueries(
    name: "envoy", requests: "envoy_cluster_upstream_rq_xx", codes: ["envoy_response_code_class"],
    buckets: "envoy_cluster_upstream_rq_time_bucket", millisecondsPerUnit: 1, arm: .name("envoy_cluster_name"))

  /// The service's own Envoy, or a gateway.
  static let envoyInbound = MetricQueries(
    name: "envoy-inbound", requests: "envoy_http_downstream_rq_xx", codes: ["envoy_response_code_class"],
    buckets: "envoy_http_downstream_rq_time_bucket", millisecondsPerUnit: 1, arm: .none)

  /// An application without a mesh.
  static let app = MetricQueries(
    name: "app", requests: "http_request_duration_seconds_count",
    codes: ["status", "code", "status_code", "response_code", "http_response_status_code"],
    buckets: "http_request_duration_seconds_bucket", millisecondsPerUnit: 1_000, namespace: "namespace",
    arm: .pod("pod"))

  /// In the order in which they are shown.
  static let all = [istio, linkerd, consul, envoy, envoyInbound, app]
  package static var names: [String] { all.map(\.name) }

  /// - Throws: `BulkheadError(.usage)` for a name that is none.
  package static func named(_ name: String) throws -> MetricQueries {
    guard let found = all.first(where: { $0.name == name }) else {
      throw BulkheadError(
        .usage, "there are no queries called '\(String(name.prefix(80)).safeForTerminal)'",
        cure: "use one of \(names.joined(separator: ", "))")
    }
    return found
  }

  func wants(_ metric: String) -> Bool { metric == requests || metric == buckets }

  /// How the requests that a series counts ended; nil where its labels do not tell.
  func classify(_ series: MetricSeries) -> RequestClass? {
    if let verdict, series[verdict] == "failure" { return .server }
    guard let label = codes.first(where: { series[$0] != nil }), let written = series[label] else { return nil }
    // Some applications write `5xx`.
    let digits = written.utf8.count == 3 && written.hasSuffix("xx") ? String(written.prefix(1)) : written
    guard let code = Int(digits) else { return nil }
    return RequestClass(
      code: code, flags: flags.flatMap { series[$0] } ?? "", grpc: grpc.flatMap { series[$0] }.flatMap { Int($0) })
  }
}
