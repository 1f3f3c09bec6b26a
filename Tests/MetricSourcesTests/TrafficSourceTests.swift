import Diagnostics
import FleetModel
import Foundation
import NIOHTTP1
import Testing

@testable import MetricSources

/// Whole sources, good and bad: an answer, or an error that says why there is none.
struct TrafficSourceTests {
  private static let now = 1_769_860_800.0

  // MARK: - Prometheus

  private static func vector(_ series: [([String: String], String)]) -> String {
    let entries = series.map { labels, value in
      let pairs = labels.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value)""# }.joined(separator: ",")
      return #"{"metric":{\#(pairs)},"value":[\#(now),"\#(value)"]}"#
    }
    return #"{"status":"success","data":{"resultType":"vector","result":[\#(entries.joined(separator: ","))]}}"#
  }

  /// Answers the totals of one metric, and when it last grew.
  private static func prometheus(
    _ metric: String, _ series: [([String: String], String)], last: [([String: String], String)]
  ) -> ScriptedAnswer {
    .computed { head, _ in
      let question = head.uri.removingPercentEncoding ?? ""
      guard question.contains("(\(metric)[") || question.contains("(\(metric){") else { return vector([]) }
      return vector(question.contains("increase") ? last : series)
    }
  }

  private func report(_ server: ScriptedServer, seconds: Double = 5) async throws -> TrafficReport {
    let address = try MetricAddress("http://127.0.0.1:\(server.port)")
    let limits = MetricLimits(seconds: seconds, bytes: 1_000_000)
    return try await PrometheusTraffic(address, days: 7, limits: limits).report(now: Self.now)
  }

  private static let istio = [
    "reporter": "source", "source_workload": "web", "source_workload_namespace": "shop", "destination_workload": "cart",
    "destination_workload_namespace": "shop", "destination_service": "cart.shop.svc.cluster.local",
    "destination_service_name": "cart", "destination_service_namespace": "shop", "request_protocol": "http",
  ]

  @Test func istioTellsBothEnds() async throws {
    let callee = Self.istio.merging(["reporter": "destination"]) { $1 }
    let stranger = callee.merging(["source_workload": "unknown", "source_workload_namespace": "unknown"]) { $1 }
    let passed = Self.istio.merging(["destination_service_name": "PassthroughCluster"]) { $1 }
      .merging(["destination_workload": "unknown", "destination_service": "unknown"]) { $1 }
    let answer = Self.prometheus(
      "istio_requests_total", [(Self.istio, "40"), (callee, "41"), (stranger, "7"), (passed, "3")],
      last: [(Self.istio, "\(Self.now - 7_200)"), (callee, "\(Self.now - 3_600)"), (stranger, "0")])
    try await ScriptedServer.with(answer) { server in
      let report = try await report(server)
      let web = try #require(report.sightings.first { $0.caller.workload == "web" })
      #expect(report.sightings.count == 2 && report.gaps.isEmpty)
      #expect(web.times == 41 && web.lastSeen == Int(Self.now) - 3_600 && web.port == .unknown)
      #expect(web.callee.service == "cart" && web.callee.workload == "cart" && web.wireProtocol == .http)
      let other = try #require(report.sightings.first { $0.caller == TrafficEnd() })
      #expect(other.times == 7 && other.lastSeen == nil)
      // Nothing is asked but what is needed, and nothing changes anything.
      #expect(server.requests.allSatisfy { $0.method == .GET && $0.uri.hasPrefix("/api/v1/query?") })
    }
  }

  @Test func linkerdTellsPorts() async throws {
    let labels = [
      "namespace": "shop", "deployment": "web", "pod": "web-1-abcde", "dst_namespace": "shop", "dst_service": "cart",
      "dst_deployment": "cart", "authority": "cart.shop.svc.cluster.local:80",
    ]
    let modern = ["namespace": "shop", "pod": "job-abcde", "dst_namespace": "shop", "dst_statefulset": "db"]
      .merging(["target_addr": "10.0.0.7:5432"]) { $1 }
    let answer = Self.prometheus("response_total", [(labels, "5"), (modern, "1")], last: [])
    try await ScriptedServer.with(answer) { server in
      let sightings = try await report(server).sightings
      #expect(sightings.map(\.port) == [.container(5432), .service(80)])
      #expect(sightings[0].caller.pod == "job-abcde" && sightings[0].callee.workload == "db")
      #expect(sightings[1].caller.workload == "web" && sightings[1].caller.pod == nil)
      #expect(server.requests.contains { $0.uri.contains("direction%3D%22outbound%22") })
    }
  }

  @Test func envoysAreTheirCallers() async throws {
    func cluster(_ name: String, _ more: [String: String]) -> [String: String] {
      more.merging(["envoy_cluster_name": name]) { $1 }
    }
    let pod = ["namespace": "shop", "pod": "web-5d9c7-x2x4z"]
    let answer = Self.prometheus(
      "envoy_cluster_upstream_rq_total",
      [
        (cluster("outbound|80||cart.shop.svc.cluster.local", pod), "5"), (cluster("xds-grpc", pod), "5"),
        (cluster("odd name", pod), "5"),
        (cluster("x", ["local_cluster": "web", "consul_destination_service": "cart"]), "2"),
      ], last: [])
    try await ScriptedServer.with(answer) { server in
      let sightings = try await report(server).sightings
      let told = sightings.map { "\($0.caller)>\($0.callee):\($0.port)" }.sorted()
      let own = "shop/web-5d9c7-x2x4z"
      #expect(
        told == ["\(own)>cart.shop.svc.cluster.local:service(80)", "\(own)>odd name:unknown", "web>cart:unknown"])
    }
  }

  static let lies: [(ScriptedAnswer, String)] = [
    (prometheus("istio_requests_total", [(istio, "4")], last: [(istio, "\(now + 86_400)")]), "a time outside the span"),
    (prometheus("istio_requests_total", [(istio, "4")], last: [(istio, "12")]), "a time outside the span"),
    (prometheus("istio_requests_total", [(istio, "-4")], last: []), "a count that is none"),
    (prometheus("istio_requests_total", [(istio, "NaN")], last: []), "a count that is none"),
    (prometheus("istio_requests_total", [(["pod": "x"], "4")], last: []), "not asked for"),
    (.whole(200, vector([])), "no metrics of Istio"), (.whole(200, "<html>"), "not the JSON"),
    (.whole(403, "no"), "token"), (.whole(302, "", headers: ["Location": "http://169.254.169.254/"]), "not followed"),
    (.long(2_000_000), "more than 1000000 bytes"), (.cutOff(1_000), "closed the connection"), (.hangUp, "closed"),
    (.notHTTP, "HTTP"), (.silence, "did not answer"),
    (
      .whole(200, #"{"status":"success","warnings":["half of it"],"data":{"resultType":"vector","result":[]}}"#),
      "half of it"
    ),
  ]

  @Test(arguments: lies.indices) func liesAreErrors(_ index: Int) async throws {
    let (answer, message) = Self.lies[index]
    try await ScriptedServer.with(answer) { server in
      do {
        // Only silence is waited out.
        let seconds = if case .silence = answer { 0.4 } else { 60.0 }
        _ = try await report(server, seconds: seconds)
        Issue.record("no error")
      } catch let error as BulkheadError {
        #expect(error.exit == .targetUnreachable && error.message.contains(message), "\(error)")
      }
    }
  }

  @Test func waitingCanBeCancelled() async throws {
    try await ScriptedServer.with(.silence) { server in
      let task = Task { try await report(server, seconds: 600) }
      while server.requests.isEmpty { await Task.yield() }
      task.cancel()
      await #expect(throws: CancellationError.self) { _ = try await task.value }
    }
  }

  // MARK: - Files

  private func report(_ text: String, owner: String? = nil) async throws -> TrafficReport {
    try await Support.withFolder { folder in
      let path = "\(folder)/traffic"
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      return try TrafficFile(path, owner: owner).report(now: Self.now)
    }
  }

  private static func flow(_ to: String, _ time: String, more: String = "") -> String {
    #"{"flow":{"time":"\#(time)","verdict":"FORWARDED","source":{"namespace":"shop","pod_name":"web-0"},"#
      + #""destination":{"namespace":"shop","pod_name":"\#(to)"},"#
      + #""l4":{"TCP":{"destination_port":80,"flags":{"SYN":true}}}\#(more)}}"# + "\n"
  }

  @Test func flowsAddUp() async throws {
    let twice = Self.flow("cart-0", "2026-01-31T11:00:00Z") + Self.flow("cart-0", "2026-01-31T10:00:00Z")
    // The callee's node tells of the same connection.
    let same = Self.flow("cart-0", "2026-01-31T10:00:00Z", more: #","traffic_direction":"INGRESS""#)
    let ahead = Self.flow("db-0", "2027-01-31T10:00:00Z")
    let lost = #"{"lost_events":{"num_events_lost":"4"}}"# + "\n"
    let denied = Self.flow("db-0", "x").replacing("FORWARDED", with: "DROPPED")
    let report = try await report(twice + same + "\n  \r\n" + ahead + lost + denied)
    #expect(report.sightings.map(\.callee.pod) == ["cart-0", "db-0"])
    #expect(report.sightings.map(\.times) == [2, 1])
    #expect(report.sightings.map(\.lastSeen) == [Int(Self.now) - 3_600, nil])
    #expect(
      report.gaps == [
        "Hubble lost 4 events", "1 requests were refused and are not taken for calls", "1 times lie in the future",
      ])
  }

  @Test func accessLogsNeedAnOwner() async throws {
    let line = #"{"start_time":"2026-01-31T11:00:00Z","response_code":200,"authority":"cart:80"}"# + "\n"
    let chatter = "2026-01-31T12:00:00Z info connected\n"
    let report = try await report(chatter + line + line + line, owner: "shop/web")
    #expect(report.sightings.map(\.caller.workload) == ["web"] && report.sightings.map(\.times) == [3])
    #expect(report.gaps == ["1 of 4 lines cannot be read"])
    await #expect(throws: BulkheadError.self) { _ = try await self.report(line) }
  }

  @Test(arguments: [
    ("", "there is nothing in it"), ("\n\n", "there is nothing in it"), ("hello\nworld\n", "neither Hubble flows"),
    (flow("a", "x") + String(repeating: "x\n", count: 3), "neither Hubble flows"),
    (String(repeating: "x", count: 200_000), "neither Hubble flows"),
    (String(repeating: "{\"a\":", count: 50_000), "neither Hubble flows"),
  ])
  func otherFilesAreRefused(_ text: String, _ message: String) async throws {
    do {
      _ = try await report(text)
      Issue.record("no error")
    } catch let error as BulkheadError {
      #expect(error.exit == .badInput && error.message.contains(message) && !error.cure.isEmpty, "\(error)")
    }
  }

  @Test func whatIsNoFileIsRefused() {
    for path in ["/nowhere", "/dev/zero", "/"] {
      #expect(throws: BulkheadError.self) { _ = try TrafficFile(path).report(now: Self.now) }
    }
  }

  @Test func distinctCallsAreBounded() {
    var tally = TrafficTally(now: Self.now)
    #expect(throws: SourceProblem.self) {
      for number in 0...TrafficTally.most {
        let callee = TrafficEnd(host: "h\(number)")
        let key = TrafficKey(caller: TrafficEnd(pod: "a"), callee: callee, port: .unknown)
        try tally.add(key, .caller, times: 1, at: nil)
      }
    }
  }

  @Test func linesAreCutAnywhere() throws {
    let text = Array("one\r\n\ntwo\n\(String(repeating: "x", count: 70_000))\nthree".utf8)
    for size in [1, 3, 7, 100_000] {
      var (lines, cutter) = ([String](), TrafficLines())
      for start in stride(from: 0, to: text.count, by: size) {
        try cutter.cut(text[start..<min(text.count, start + size)]) {
          lines.append(String(decoding: $0, as: UTF8.self))
        }
      }
      try cutter.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
      #expect(lines == ["one", "two", "three"] && cutter.tooLong == 1)
    }
  }

  /// Whatever stands in a file: an answer or an error.
  @Test func fuzz() async {
    let rounds = ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == nil ? 3_000 : 1_000_000
    let seeds = [
      Array(Self.flow("cart-0", "2026-01-31T11:00:00Z", more: #","is_reply":false"#).utf8),
      Array(#"[pod/web-0/c] {"start_time":"2026-01-31T11:00:00Z","response_code":200,"authority":"cart:80"}"#.utf8),
    ]
    let tokens = ["{", "}", "null", "-1", "1e999", "\"", "\\u0000", "[", "|", ":", "reserved:world", "é"]
    var read = 0
    for round in 0..<rounds {
      // Others wait for answers meanwhile.
      if round % 100 == 0 { await Task.yield() }
      var generator = Generator(state: UInt64(round))
      var bytes = seeds[round % 2]
      for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
        let at = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + 9))
        default: bytes.insert(contentsOf: tokens[Int.random(in: tokens.indices, using: &generator)].utf8, at: at)
        }
      }
      if case .call = HubbleFlow.line(bytes[...]) { read += 1 }
      if case .call = AccessLogCall.line(bytes[...], owner: nil) { read += 1 }
    }
    #expect(read > rounds / 50)
  }
}
