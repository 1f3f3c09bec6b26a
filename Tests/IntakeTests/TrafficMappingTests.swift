import Diagnostics
import FleetModel
import Testing

@testable import Intake

/// Names that sources of traffic have, and what of a fleet is meant.
struct TrafficMappingTests {
  /// `web` is wired to `cart`; `cart` (8080 by a service on 80, 9090 by none), `two` (80 and 81) and `db` (a stateful
  /// set, TCP) are not called by anything that is written.
  private static let manifests = """
    apiVersion: v1
    kind: Service
    metadata: {name: cart, namespace: shop}
    spec: {selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}]}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: cart-external, namespace: shop}
    spec: {type: LoadBalancer, selector: {app: cart}, ports: [{name: http, port: 8080, targetPort: 8080}]}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: two, namespace: other}
    spec: {selector: {app: two}, ports: [{name: http-a, port: 80}, {name: http-b, port: 81}, {name: tcp-c, port: 82}]}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: db, namespace: shop}
    spec: {clusterIP: None, selector: {app: db}, ports: [{name: tcp, port: 5432}, {name: dns, port: 53, protocol: UDP}]}

    """ + deployment("web", "shop", "env: [{name: CART_ADDR, value: 'cart:80'}]") + deployment("cart", "shop")
    + deployment("two", "other") + deployment("db", "shop", kind: "StatefulSet")

  private static func deployment(
    _ name: String, _ namespace: String, _ more: String = "env: []", kind: String = "Deployment"
  ) -> String {
    """
    ---
    apiVersion: apps/v1
    kind: \(kind)
    metadata: {name: \(name), namespace: \(namespace)}
    spec:
      selector: {matchLabels: {app: \(name)}}
      template:
        metadata: {labels: {app: \(name)}}
        spec:
          serviceAccountName: \(name)
          containers: [{name: c, image: i, \(more)}]

    """
  }

  private func read() throws -> IntakeResult {
    try Intake().read([InputSource(name: "in.yaml", bytes: Array(Self.manifests.utf8))])
  }

  private func added(_ sightings: [TrafficSighting], gaps: [String] = []) throws -> IntakeResult {
    var report = TrafficReport(source: "flows.json")
    (report.sightings, report.gaps) = (sightings, gaps)
    return Intake().adding([report], to: try read())
  }

  private static func end(
    _ namespace: String? = "shop", workload: String? = nil, kind: String? = nil, pod: String? = nil,
    account: String? = nil, service: String? = nil, host: String? = nil, isOutside: Bool = false
  ) -> TrafficEnd {
    var end = TrafficEnd(namespace: namespace, workload: workload, pod: pod, service: service, host: host)
    (end.kind, end.account, end.isOutside) = (kind, account, isOutside)
    return end
  }

  private static func sighting(
    _ caller: TrafficEnd, _ callee: TrafficEnd, _ port: TrafficPort, _ transport: Transport = .tcp,
    _ spoken: WireProtocol? = nil, times: Int? = 3, lastSeen: Int? = 1_000
  ) -> TrafficSighting {
    TrafficSighting(
      caller: caller, callee: callee, port: port, transport: transport, wireProtocol: spoken, times: times,
      lastSeen: lastSeen, source: "flows.json")
  }

  static let two = end(workload: "two")
  static let cases: [(TrafficEnd, TrafficEnd, TrafficPort, Transport, WireProtocol?, [String])] = [
    // Callers by whatever tells them.
    (end("other", workload: "two"), end(workload: "cart"), .container(8080), .tcp, nil, ["two>shop/cart:80>cart"]),
    (end("other", pod: "two-5d9c7-x2x4z"), end(service: "cart"), .service(80), .tcp, nil, ["two>shop/cart:80>cart"]),
    (end(nil, pod: "two-5d9c7-x2x4z"), end(service: "cart"), .service(80), .tcp, nil, ["two>shop/cart:80>cart"]),
    (end("other", account: "two"), end(service: "cart"), .service(80), .tcp, nil, ["two>shop/cart:80>cart"]),
    (end(nil, service: "two"), end(service: "cart"), .service(80), .tcp, nil, ["two>shop/cart:80>cart"]),
    (end(pod: "db-0"), end(service: "cart"), .service(80), .tcp, nil, ["db>shop/cart:80>cart"]),
    (
      end("other", workload: "two-5d9c7", kind: "ReplicaSet"), end(service: "cart"), .service(80), .tcp, nil,
      ["two>shop/cart:80>cart"]
    ),
    // Places: names as Istio, Linkerd and Envoy have them.
    (
      end("other", workload: "two"), end(nil, host: "cart.shop.svc.cluster.local"), .service(80), .tcp, nil,
      ["two>shop/cart:80>cart"]
    ),
    (end(workload: "web"), end(nil, host: "two.other"), .service(81), .tcp, nil, ["web>other/two:81>two"]),
    (end(workload: "web"), end("other", service: "two"), .unknown, .tcp, .tcp, ["web>other/two:82>two"]),
    (
      end(workload: "web"), end("other", service: "two"), .unknown, .tcp, .http,
      ["web>other/two:80>two", "web>other/two:81>two"]
    ),
    (end(workload: "web"), end(workload: "db"), .container(53), .udp, nil, ["web>shop/db:53>db"]),
    (end(workload: "web"), end(pod: "db-1"), .container(5432), .tcp, nil, ["web>shop/db:5432>db"]),
    // Past all services.
    (end("other", workload: "two"), end(workload: "cart"), .container(9090), .tcp, .http, ["two>cart:9090>cart"]),
    (end("other", workload: "two"), end(workload: "cart"), .container(9090), .udp, nil, []),
    // Outside.
    (
      end(workload: "db"), end(nil, host: "api.stripe.com"), .service(443), .tcp, nil, ["db>api.stripe.com:443>outside"]
    ),
    (
      end(workload: "db"), end(nil, host: "8.8.8.8", isOutside: true), .service(53), .tcp, nil,
      ["db>8.8.8.8:53>outside"]
    ),
    // What is not there.
    (end(workload: "ghost"), end(service: "cart"), .service(80), .tcp, nil, []),
    (end(nil), end(service: "cart"), .service(80), .tcp, nil, []),
    (end(workload: "web"), end(service: "ghost"), .service(80), .tcp, nil, []),
    (end(workload: "db"), end(service: "cart"), .service(81), .tcp, nil, []),
    (end(workload: "db"), end(nil, host: "ghost.shop.svc"), .service(81), .tcp, nil, []),
  ]

  @Test(arguments: cases.indices) func namesAreFound(_ index: Int) throws {
    let (caller, callee, port, transport, spoken, wanted) = Self.cases[index]
    let before = try read().fleet.calls
    let result = try added([Self.sighting(caller, callee, port, transport, spoken)])
    let new = result.fleet.calls.filter { !before.contains($0) }.map { call in
      let place = call.service.map { "\($0.namespace)/\($0.name)" } ?? call.host
      return "\(call.caller.name)>\(place):\(call.port)>\(call.target?.name ?? call.destination.rawValue)"
    }
    #expect(new == wanted)
    // Never silence.
    #expect(wanted.isEmpty == result.findings.contains { $0.code == "BH-CALL-005" })
    #expect(new.count < 2 || result.findings.contains { $0.code == "BH-CALL-007" })
  }

  @Test func whatIsWiredIsConfirmed() throws {
    let before = try read().fleet.calls
    let seen = try added([
      Self.sighting(Self.end(workload: "web"), Self.end(service: "cart"), .service(80), times: 2, lastSeen: nil),
      Self.sighting(Self.end(workload: "web"), Self.end(workload: "cart"), .container(8080), times: 7, lastSeen: 500),
    ]).fleet.calls
    #expect(seen.count == before.count && seen.map(\.evidence) == before.map(\.evidence))
    #expect(seen[0].confirmation == Call.Observation(sources: ["flows.json"], times: 7, lastSeen: 500))
    #expect(before[0].observation == nil && seen[0].observation?.text == "seen 7 times in flows.json")
  }

  /// The order of the sources does not matter, and nothing is lost.
  @Test func callsAreSorted() throws {
    let sightings = [
      Self.sighting(Self.end(workload: "db"), Self.end(service: "cart"), .service(80)),
      Self.sighting(Self.end("other", workload: "two"), Self.end(workload: "db"), .container(5432)),
      Self.sighting(Self.end(workload: "cart"), Self.end(workload: "db"), .container(5432)),
    ]
    let (forth, back) = (try added(sightings), try added(sightings.reversed()))
    #expect(forth == back && forth.fleet.calls.count == 4)
    #expect(forth.fleet.calls.map(\.caller.description).isSorted)
    #expect(forth.fleet.calls.filter { $0.observation == nil }.map(\.caller.name) == ["web"])
  }

  @Test func gapsAreFindings() throws {
    let result = try added([], gaps: ["Hubble lost 7 events"])
    let finding = try #require(result.findings.first { $0.code == "BH-CALL-006" })
    #expect(finding.message == "flows.json: Hubble lost 7 events" && finding.severity == .medium)
  }
}

extension [String] {
  fileprivate var isSorted: Bool { zip(self, dropFirst()).allSatisfy { $0 <= $1 } }
}
