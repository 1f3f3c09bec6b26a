import Testing

@testable import MetricSources

/// Pages as the meshes' proxies give them, cut down to the lines that count and to some that must not.
struct ProxyCountsTests {
  static let istio = """
    # TYPE istio_requests_total counter
    istio_requests_total{reporter="destination",response_code="200",response_flags="-",\
    destination_service_name="cart"} 90
    istio_requests_total{reporter="destination",response_code="503",response_flags="-"} 4
    istio_requests_total{reporter="destination",response_code="403",response_flags="-"} 6
    istio_requests_total{reporter="destination",response_code="200",grpc_response_status="14",response_flags="-"} 2
    istio_requests_total{reporter="source",response_code="200",destination_service_name="db",\
    destination_service_namespace="shop"} 7
    istio_requests_total{reporter="source",response_code="0",response_flags="UF,URX",\
    destination_service_name="db",destination_service_namespace="shop"} 3
    istio_requests_total{reporter="source",response_code="200",destination_service_name="unknown"} 5
    istio_tcp_connections_opened_total{reporter="destination",response_flags="-"} 10
    envoy_http_inbound_0_0_0_0_8080_rbac{authz_enforce_result="denied"} 6
    envoy_http_inbound_0_0_0_0_8080_rbac{authz_enforce_result="allowed"} 96
    envoy_http_inbound_0_0_0_0_8080_rbac{authz_dry_run_action="allow",authz_dry_run_result="denied"} 50
    an_application_metric{reporter="destination"} 1000
    """

  static let linkerd = """
    response_total{direction="inbound",classification="success",status_code="200",route_name="default"} 40
    response_total{direction="inbound",classification="failure",status_code="500",route_name="default"} 2
    response_total{direction="inbound",classification="success",status_code="200",route_name="probe"} 900
    response_total{direction="inbound",classification="success",target_addr="10.0.0.9:4191"} 77
    response_total{direction="outbound",classification="success",dst_service="db",dst_namespace="shop"} 8
    response_total{direction="outbound",classification="failure",dst_service="db",dst_namespace="shop"} 1
    tcp_open_total{direction="inbound",peer="src"} 33
    inbound_http_authz_deny_total{srv_name="x"} 5
    """

  static let consul = """
    envoy_http_downstream_rq_xx{envoy_response_code_class="2",envoy_http_conn_manager_prefix="public_listener"} 50
    envoy_http_downstream_rq_xx{envoy_response_code_class="4",envoy_http_conn_manager_prefix="public_listener"} 3
    envoy_http_downstream_rq_xx{envoy_response_code_class="5",envoy_http_conn_manager_prefix="public_listener"} 1
    envoy_http_downstream_rq_xx{envoy_response_code_class="2",\
    envoy_http_conn_manager_prefix="envoy_prometheus_metrics"} 9
    envoy_cluster_upstream_rq_xx{envoy_response_code_class="2",consul_destination_service="db"} 6
    envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",consul_destination_service="db"} 2
    envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",envoy_cluster_name="local_app"} 4
    envoy_http_rbac_denied{envoy_http_conn_manager_prefix="public_listener"} 2
    """

  static let cases: [(ProxyCounts.Dialect, String, (Double, Double), String, (Double, Double))] = [
    (.istio, istio, (112, 12), "shop", (10, 3)), (.linkerd, linkerd, (47, 7), "shop", (9, 1)),
    (.consul, consul, (54, 3), "", (8, 2)),
  ]

  @Test(arguments: cases.indices)
  func pagesAreCounted(_ index: Int) throws {
    let (dialect, page, inbound, namespace, outbound) = Self.cases[index]
    let counts = try ProxyCounts.read(Array(page.utf8), dialect)
    #expect(counts.inbound == .init(requests: inbound.0, errors: inbound.1))
    #expect(
      counts.outbound == [
        .init(namespace: namespace, service: "db"): .init(requests: outbound.0, errors: outbound.1)
      ])
  }

  @Test func connectionsCountWhereNoRequestsAreSeen() throws {
    let page = """
      tcp_open_total{direction="inbound",peer="src"} 12
      tcp_open_total{direction="inbound",peer="dst"} 12
      inbound_tcp_authz_deny_total{srv_name="x"} 3
      """
    let counts = try ProxyCounts.read(Array(page.utf8), .linkerd)
    #expect(counts.inbound == .init(requests: 15, errors: 3))
  }

  @Test(arguments: ProxyCounts.Dialect.allCases)
  func aPageWithoutCountsHasNone(_ dialect: ProxyCounts.Dialect) throws {
    #expect(try ProxyCounts.read(Array("up 1\n".utf8), dialect) == ProxyCounts())
    #expect(try ProxyCounts.read([], dialect) == ProxyCounts())
  }

  @Test(arguments: [
    "istio_requests_total{reporter=\"destination\"", "istio_requests_total nothing", "<html>",
  ])
  func whatIsNoPageIsAnError(_ page: String) {
    #expect(throws: (any Error).self) { try ProxyCounts.read(Array(page.utf8), .istio) }
  }

  @Test(arguments: ["-5", "NaN", "+Inf", "1e300"])
  func absurdNumbersCountNothing(_ number: String) throws {
    let page = "istio_requests_total{reporter=\"destination\",response_code=\"200\"} \(number)\n"
    #expect(try ProxyCounts.read(Array(page.utf8), .istio) == ProxyCounts())
  }
}
