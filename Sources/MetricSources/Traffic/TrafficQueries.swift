import FleetModel
import Judgement

/// Which counter of a mesh tells who calls whom, and by which labels.
struct TrafficQueries: Sendable {
  let name: String
  let metric: String
  var matchers: [LabelMatcher] = []
  /// All that is asked for; other labels are summed over.
  let labels: [String]
  /// Nil for a series that is about no call, such as a proxy's own questions.
  let key: @Sendable (MetricSeries) -> (key: TrafficKey, side: TrafficTally.Side)?

  static let all =
    [istio("istio_requests_total"), istio("istio_tcp_connections_opened_total")]
    + [linkerd("response_total"), linkerd("tcp_open_total"), envoy]

  private var selector: String {
    matchers.isEmpty ? metric : "\(metric){\(matchers.map(\.promQL).joined(separator: ","))}"
  }

  /// How often, in the span; processes that are gone by now count too. A counter that began before the span counts
  /// whole: what matters is whether, not how often.
  func total(_ seconds: Double) -> String {
    "sum by (\(labels.joined(separator: ","))) (max_over_time(\(selector)[\(PromQL.duration(seconds))])) > 0"
  }

  /// When a counter last grew, to a step's precision; 0 where it has not in the span.
  func last(_ seconds: Double, step: Double) -> String {
    let (span, step) = (PromQL.duration(seconds), PromQL.duration(step))
    return "max_over_time((time() * (sum by (\(labels.joined(separator: ","))) (increase(\(selector)[\(step)]))"
      + " > bool 0))[\(span):\(step)])"
  }

  // MARK: - The meshes

  /// Either proxy reports; who has no proxy is `unknown`.
  private static func istio(_ metric: String) -> TrafficQueries {
    let isTCP = metric.contains("_tcp_")
    let labels = [
      "reporter", "source_workload", "source_workload_namespace", "destination_workload",
      "destination_workload_namespace", "destination_service", "destination_service_name",
      "destination_service_namespace", "request_protocol",
    ]
    return TrafficQueries(name: "istio", metric: metric, labels: labels) { series in
      let caller = end(series, "source_workload", "source_workload_namespace")
      var callee = end(series, "destination_workload", "destination_workload_namespace") ?? TrafficEnd()
      if let service = told(series["destination_service_name"]), service != "PassthroughCluster",
        service != "BlackHoleCluster", service != "InboundPassthroughCluster"
      {
        callee.service = service
        callee.namespace = told(series["destination_service_namespace"]) ?? callee.namespace
      }
      callee.host = told(series["destination_service"]).flatMap { TrafficEnd.place($0[...])?.end.host }
      if callee.service != nil, callee.namespace == nil { callee.service = nil }
      guard callee != TrafficEnd() else { return nil }
      let spoken: WireProtocol = isTCP || series["request_protocol"] == "tcp" ? .tcp : .http
      let key = TrafficKey(caller: caller ?? TrafficEnd(), callee: callee, port: .unknown, wireProtocol: spoken)
      return (key, series["reporter"] == "source" ? .caller : .callee)
    }
  }

  private static let linkerdKinds = ["deployment", "statefulset", "daemonset", "replicaset", "k8s_job", "cronjob"]

  private static func linkerd(_ metric: String) -> TrafficQueries {
    let isTCP = metric.hasPrefix("tcp_")
    let labels =
      ["namespace", "pod", "dst_namespace", "dst_service", "dst_pod", "authority", "target_addr", "target_port"]
      + linkerdKinds + linkerdKinds.map { "dst_\($0)" }
    var matchers = [LabelMatcher("direction", "outbound")]
    if isTCP { matchers.append(LabelMatcher("peer", "dst")) }
    return TrafficQueries(name: "linkerd", metric: metric, matchers: matchers, labels: labels) { series in
      var caller = TrafficEnd(namespace: told(series["namespace"]))
      caller.workload = linkerdKinds.lazy.compactMap { told(series[$0]) }.first
      caller.pod = caller.workload == nil ? told(series["pod"]) : nil
      var callee = TrafficEnd(namespace: told(series["dst_namespace"]), service: told(series["dst_service"]))
      callee.workload = linkerdKinds.lazy.compactMap { told(series["dst_\($0)"]) }.first
      callee.pod = callee.workload == nil ? told(series["dst_pod"]) : nil
      var port = TrafficPort.unknown
      if let place = told(series["authority"]).flatMap({ TrafficEnd.place($0[...]) }) {
        (callee.host, port) = (place.end.host, place.port)
      }
      let target = told(series["target_addr"]).flatMap { $0.split(separator: ":").last } ?? series["target_port"]?[...]
      if port == .unknown, let number = target.flatMap(TrafficPort.number) { port = .container(number) }
      guard callee != TrafficEnd() else { return nil }
      return (
        TrafficKey(caller: caller, callee: callee, port: port, wireProtocol: isTCP ? .tcp : .http), .caller
      )
    }
  }

  /// A caller's Envoy. Which pod it is in is for the scrape's labels to tell, or for Consul's.
  private static let envoy = TrafficQueries(
    name: "envoy", metric: "envoy_cluster_upstream_rq_total",
    labels: [
      "envoy_cluster_name", "namespace", "pod", "kubernetes_namespace", "kubernetes_pod_name", "local_cluster",
      "consul_source_service", "consul_source_namespace", "consul_destination_service", "consul_destination_namespace",
    ]
  ) { series in
    var caller = TrafficEnd(namespace: told(series["namespace"]) ?? told(series["kubernetes_namespace"]))
    caller.pod = told(series["pod"]) ?? told(series["kubernetes_pod_name"])
    caller.service = told(series["consul_source_service"]) ?? told(series["local_cluster"])
    if let service = told(series["consul_destination_service"]) {
      let namespace = told(series["consul_destination_namespace"]).flatMap { $0 == "default" ? nil : $0 }
      let callee = TrafficEnd(namespace: namespace, service: service)
      return (TrafficKey(caller: caller, callee: callee, port: .unknown, wireProtocol: .http), .caller)
    }
    guard let name = told(series["envoy_cluster_name"]) else { return nil }
    switch EnvoyClusterName(name) {
    case .service(let callee, let port):
      return (TrafficKey(caller: caller, callee: callee, port: port, wireProtocol: .http), .caller)
    case .unknown:
      let callee = TrafficEnd(host: String(name.prefix(253)))
      return (TrafficKey(caller: caller, callee: callee, port: .unknown, wireProtocol: .http), .caller)
    case .own, .internalUse, .anything: return nil
    }
  }

  private static func told(_ value: String?) -> String? {
    guard let value, !value.isEmpty, value != "unknown", value != "-", value.utf8.count <= 1_024 else { return nil }
    return value
  }

  private static func end(_ series: MetricSeries, _ name: String, _ namespace: String) -> TrafficEnd? {
    told(series[name]).map { TrafficEnd(namespace: told(series[namespace]), workload: $0) }
  }
}
