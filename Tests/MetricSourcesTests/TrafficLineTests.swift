import FleetModel
import Testing

@testable import MetricSources

/// One line at a time: Hubble flows, access logs, names of clusters.
struct TrafficLineTests {
  private static let web =
    #""source":{"namespace":"shop","pod_name":"web-5d9c7-x2x4z","workloads":[{"name":"web","kind":"Deployment"}]}"#
  private static let cart = #""destination":{"namespace":"shop","pod_name":"cart-77-abcde"}"#
  private static let open = #""l4":{"TCP":{"source_port":41000,"destination_port":8080,"flags":{"SYN":true}}}"#

  private static func flow(_ parts: String..., verdict: String = "FORWARDED", rest: String = "") -> String {
    let fields = parts.joined(separator: ",")
    return #"{"flow":{"time":"2026-01-31T12:00:00.5Z","verdict":"\#(verdict)",\#(fields)},"node_name":"n"\#(rest)}"#
  }

  static let flows: [(String, String)] = [
    (flow(web, cart, open), "web>cart-77-abcde:container(8080) tcp caller 1"),
    (
      flow(web, cart, open, #""traffic_direction":"INGRESS","is_reply":false"#),
      "web>cart-77-abcde:container(8080) tcp callee 1"
    ),
    (
      flow(web, cart, #""is_reply":false,"l4":{"TCP":{"destination_port":8080,"flags":{"ACK":true}}}"#),
      "web>cart-77-abcde:container(8080) tcp caller 0"
    ),
    (
      flow(web, cart, #""is_reply":false,"l4":{"UDP":{"destination_port":53}}"#),
      "web>cart-77-abcde:container(53) udp caller 1"
    ),
    (
      flow(web, open, #""destination":{"labels":["reserved:world"]},"destination_names":["api.example.com"]"#),
      "web>api.example.com:service(8080) tcp caller 1"
    ),
    (
      flow(web, open, #""destination":{"labels":["reserved:world"]},"IP":{"destination":"203.0.113.9"}"#),
      "web>203.0.113.9:service(8080) tcp caller 1"
    ),
    (
      flow(web, open, #""destination_service":{"name":"cart","namespace":"shop"},"destination":{"labels":[]}"#),
      "web>cart:service(8080) tcp caller 1"
    ),
    // As older versions print it.
    (#"{"verdict":"FORWARDED",\#(web),\#(cart),\#(open)}"#, "web>cart-77-abcde:container(8080) tcp caller 1"),
    // Replies, and what may be one.
    (flow(web, cart, open, #""is_reply":true"#), "noCall"),
    (flow(web, cart, #""l4":{"TCP":{"destination_port":8080,"flags":{"ACK":true}}}"#), "noCall"),
    (flow(web, cart, #""l4":{"TCP":{"destination_port":8080,"flags":{"SYN":true,"ACK":true}}}"#), "noCall"),
    (flow(web, cart, #""l4":{"UDP":{"destination_port":53}}"#), "noCall"),
    // Neither end, or no connection.
    (flow(#""source":{"labels":["reserved:host"]}"#, cart, open), "noCall"),
    (flow(web, #""destination":{"labels":["reserved:kube-apiserver"]}"#, open), "noCall"),
    (flow(web, cart, #""is_reply":false,"l4":{"ICMPv4":{"type":8}}"#), "noCall"),
    (flow(web, cart, #""is_reply":false,"l4":{"TCP":{"destination_port":808000}}"#), "noCall"),
    (flow(web, cart, open, verdict: "DROPPED"), "denied"),
    (flow(web, cart, open, verdict: "AUDIT"), "web>cart-77-abcde:container(8080) tcp caller 1"),
    (flow(web, cart, open, verdict: "NEW"), "noCall"),
    (#"{"lost_events":{"source":"HUBBLE_RING_BUFFER","num_events_lost":"17"},"time":"x"}"#, "lost 17"),
    (#"{"lost_events":{"num_events_lost":-3}}"#, "lost 1"), (#"{"node_status":{"state_change":"x"}}"#, "noCall"),
    ("{", "unreadable"), ("[]", "unreadable"), ("{}", "unreadable"), (#"{"flow":[]}"#, "unreadable"),
    (#"{"flow":{"verdict":3}}"#, "unreadable"),
  ]

  @Test(arguments: flows.indices) func hubble(_ index: Int) {
    let (line, wanted) = Self.flows[index]
    let found =
      switch HubbleFlow.line(Array(line.utf8)[...]) {
      case .call(let key, let side, let opens, let time):
        "\(key.caller.workload ?? "?")>\(key.callee.pod ?? key.callee.service ?? key.callee.host ?? "?"):\(key.port) "
          + "\(key.transport) \(side) \(opens ? 1 : 0)"
          + (time == 1_769_860_800.5 || !line.contains("2026") ? "" : " bad")
      case .denied: "denied"
      case .noCall: "noCall"
      case .lost(let count): "lost \(count)"
      case .unreadable: "unreadable"
      }
    #expect(found == wanted, "\(line)")
  }

  private static func log(_ fields: String) -> String {
    #"{"start_time":"2026-01-31T12:00:00Z","response_code":200,\#(fields)}"#
  }
  private static let cluster = #""upstream_cluster":"outbound|80||cart.shop.svc.cluster.local""#

  static let lines: [(String, String?, String)] = [
    (log(cluster), "web", "shop/web>cart.shop.svc.cluster.local:service(80)"), (log(cluster), nil, "ownerless"),
    (
      "[pod/web-5d9c7-x2x4z/istio-proxy] " + log(cluster), nil,
      "web-5d9c7-x2x4z>cart.shop.svc.cluster.local:service(80)"
    ),
    (log(#""authority":"cart:8080""#), "web", "shop/web>cart:service(8080)"),
    (log(#""authority":"cart","upstream_cluster":"PassthroughCluster""#), "web", "shop/web>cart:unknown"),
    (log(#""upstream_cluster":"out|shop/cart|80""#), "web", "shop/web>shop/cart:service(80)"),
    (log(#""upstream_cluster":"inbound|8080||""#), "web", "noCall"),
    (
      log(
        #""upstream_cluster":"inbound|8080||","downstream_peer_uri_san":"spiffe://cluster.local/ns/other/sa/two""#),
      "web", "other/account two>shop/web:container(8080)"
    ),
    (log(#""upstream_cluster":"xds-grpc""#), "web", "noCall"), (log(#""authority":"a b""#), "web", "noCall"),
    (log(#""response_flags":"UAEX","authority":"cart:80""#), "web", "denied"),
    (
      #"[2026-01-31T12:00:00Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 2 1 0 "-" "curl" "id" "cart:80" "#
        + #""10.0.0.7:8080" outbound|80||cart.shop.svc.cluster.local 10.0.0.1:1 10.0.0.2:80 10.0.0.1:2 - default"#,
      "web", "shop/web>cart.shop.svc.cluster.local:service(80)"
    ),
    (
      #"[2026-01-31T12:00:00Z] "GET / HTTP/1.1" 200 - 0 2 1 0 "-" "curl" "id" "cart:8080" "127.0.0.1:1""#, "web",
      "shop/web>cart:service(8080)"
    ),
    ("2026-01-31T12:00:00Z info xdsproxy connected", "web", "unreadable"), ("", "web", "unreadable"),
    ("[pod/x", "web", "unreadable"), ("[pod//c] {}", "web", "unreadable"),
  ]

  @Test(arguments: lines.indices) func accessLogs(_ index: Int) {
    let (line, owner, wanted) = Self.lines[index]
    let end = owner.map { TrafficEnd(namespace: "shop", workload: $0) }
    let found =
      switch AccessLogCall.line(Array(line.utf8)[...], owner: end) {
      case .call(let key, _, let time):
        "\(key.caller)>\(key.callee):\(key.port)" + (time == 1_769_860_800 || time == 1_769_860_800.001 ? "" : " bad")
      case .denied: "denied"
      case .ownerless: "ownerless"
      case .noCall: "noCall"
      case .unreadable: "unreadable"
      }
    #expect(found == wanted, "\(line)")
  }

  @Test(arguments: [
    (
      "outbound|80|v1|cart.shop.svc.cluster.local",
      EnvoyClusterName.service(TrafficEnd(host: "cart.shop.svc.cluster.local"), port: .service(80))
    ),
    ("out|shop/cart|80", .service(TrafficEnd(namespace: "shop", service: "cart"), port: .service(80))),
    ("inbound|8080||", .own(port: 8080)), ("inbound|x||", .internalUse), ("xds-grpc", .internalUse),
    ("PassthroughCluster", .anything), ("in_8080", .internalUse),
    (
      "cart.default.shop.dc1.internal.11e-22.consul",
      .service(TrafficEnd(namespace: "shop", service: "cart"), port: .unknown)
    ),
    ("v1.cart.default.default.dc1.internal.11e.consul", .service(TrafficEnd(service: "cart"), port: .unknown)),
    ("cart:80", .service(TrafficEnd(host: "cart"), port: .service(80))), ("outbound|0||cart", .unknown),
    ("outbound|80||", .unknown), ("out|cart|80", .unknown), ("", .unknown), ("a b", .unknown), ("cart:99999", .unknown),
  ])
  func clusterNames(_ name: String, _ wanted: EnvoyClusterName) { #expect(EnvoyClusterName(name) == wanted) }
}
