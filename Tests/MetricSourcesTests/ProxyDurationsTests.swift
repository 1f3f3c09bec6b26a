import Testing

@testable import MetricSources

/// How long calls took, from pages cut down to the lines that count and to some that must not.
struct ProxyDurationsTests {
  static let pages: [(ProxyCounts.Dialect, String, String)] = [
    (
      .istio, "shop",
      """
      istio_request_duration_milliseconds_bucket{reporter="source",destination_service_name="db",le="10"} 3
      istio_request_duration_milliseconds_sum{reporter="source",response_code="200",\
      destination_service_name="db",destination_service_namespace="shop"} 150
      istio_request_duration_milliseconds_sum{reporter="source",response_code="503",\
      destination_service_name="db",destination_service_namespace="shop"} 50
      istio_request_duration_milliseconds_count{reporter="source",response_code="200",\
      destination_service_name="db",destination_service_namespace="shop"} 7
      istio_request_duration_milliseconds_count{reporter="source",response_code="503",\
      destination_service_name="db",destination_service_namespace="shop"} 1
      istio_request_duration_milliseconds_sum{reporter="destination",destination_service_name="db"} 900
      istio_request_duration_milliseconds_count{reporter="source",destination_service_name="unknown"} 9
      """
    ),
    (
      .linkerd, "shop",
      """
      response_latency_ms_sum{direction="outbound",dst_service="db",dst_namespace="shop",status_code="200"} 200
      response_latency_ms_count{direction="outbound",dst_service="db",dst_namespace="shop",status_code="200"} 8
      response_latency_ms_sum{direction="inbound",target_addr="10.0.0.9:80"} 900
      response_latency_ms_count{direction="outbound"} 4
      """
    ),
    (
      .consul, "",
      """
      envoy_cluster_upstream_rq_time_sum{consul_destination_service="db",envoy_cluster_name="db.default"} 200
      envoy_cluster_upstream_rq_time_count{consul_destination_service="db",envoy_cluster_name="db.default"} 8
      envoy_cluster_upstream_rq_time_sum{envoy_cluster_name="local_app"} 900
      """
    ),
  ]

  @Test(arguments: pages.indices)
  func whatCallsTookIsAddedUp(_ index: Int) throws {
    let (dialect, namespace, page) = Self.pages[index]
    let read = try ProxyDurations.read(Array(page.utf8), dialect)
    #expect(read.outbound == [.init(namespace: namespace, service: "db"): .init(calls: 8, milliseconds: 200)])
  }

  @Test(arguments: ProxyCounts.Dialect.allCases)
  func aPageWithoutThemHasNone(_ dialect: ProxyCounts.Dialect) throws {
    #expect(try ProxyDurations.read(Array("up 1\n".utf8), dialect) == ProxyDurations())
  }

  @Test func aPageThatIsNoneIsRefused() {
    #expect(throws: (any Error).self) { try ProxyDurations.read(Array("response_latency_ms_sum{ 1\n".utf8), .linkerd) }
  }
}
