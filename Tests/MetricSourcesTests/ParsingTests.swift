import Judgement
import NIOHTTP1
import Testing

@testable import MetricSources

struct ParsingTests {
  @Test(arguments: [
    "", " ", "{", "[1,]", "{\"a\"}", "{\"a\":1,\"a\":2}", "\"\\x\"", "\"\\u12\"", "01", "1.", "-", "tru", "[1] 2",
    "\"\n\"",
    "\"a", "{1:2}", "[1 2]", "nan", "\"\\u12 4\"", String(repeating: "[", count: 100),
  ])
  func brokenJSONIsRefused(_ text: String) { #expect(throws: JSONTree.Problem.self) { try JSONTree(Array(text.utf8)) } }

  @Test func jsonIsRead() throws {
    let tree = try JSONTree(
      Array(" {\"a\":[1,-2.5e3,\"x\\u00e9\\n\\ud83d\\ude00\\ud83d\"],\"b\":{\"c\":null,\"d\":true}} ".utf8))
    #expect(tree["a"] == .list([.number(1), .number(-2_500), .text("xé\n😀\u{FFFD}")]))
    #expect(tree["b"]?["d"] == .bool(true) && tree["b"]?["c"] == .null && tree["x"] == nil)
  }

  @Test func expositionIsRead() throws {
    let text = """
      # HELP a b
      # TYPE a counter
      a 1
      a{x="1",y="q\\"\\\\\\n}"} 2.5 1700000000123
      a { x = "2" , } +Inf # {trace="x"} 1
      b{} NaN

      """
    let series = try Exposition.series(Array(text.utf8), at: 5) { _ in true }
    #expect(series.map(\.metric) == ["a", "a", "a", "b"])
    #expect(series[1]["y"] == "q\"\\\n}" && series[1].samples == [MetricSample(time: 1_700_000_000.123, value: 2.5)])
    #expect(series[2].samples == [MetricSample(time: 5, value: .infinity)])
    #expect(series[3].samples.first?.value.isNaN == true && series[3].labels.isEmpty)
  }

  static let brokenExpositionIsNamedTable: [(String, String)] = [
    ("a", "line 1"), ("a x", "no value"), ("a{x} 1", "no name"), ("a{x=1} 1", "no value"), ("a{x=\"1} 1", "cut off"),
    ("a{x=\"1\"y=\"2\"} 1", "comma"), ("a{x=\"1\",x=\"2\"} 1", "twice"), ("1a 1", "no metric"), ("a 1 x", "time"),
    ("a 0x10", "no value"), ("\na nan", "line 2"), ("a{", "no name"),
  ]

  @Test(arguments: brokenExpositionIsNamedTable)
  func brokenExpositionIsNamed(_ text: String, _ words: String) {
    let message = Support.message { _ = try Exposition.series(Array(text.utf8), at: 0) { _ in true } }
    #expect(message?.contains(words) == true, "\(message ?? "read")")
  }

  @Test func realEnvoyPagesAreRead() throws {
    let page = try EnvoyStatistics.page(Support.corpus("envoy-stats.json"), .inbound("in_8080"), at: 50)
    #expect(page.uptime == 100)
    let counts = page.series.filter { $0.metric == MetricQueries.envoyInbound.requests }
    #expect(counts.map { $0.samples[0].value } == [0, 6, 0, 1, 2])
    // The class of this cluster that never was stands nowhere on the page.
    let cluster = try EnvoyStatistics.page(Support.corpus("envoy-stats.json"), .cluster("cart-canary"), at: 50)
    #expect(cluster.series.filter { $0["le"] == nil }.map { $0.samples[0].value } == [0, 1, 0, 0, 0])
    #expect(cluster.series.count { $0["le"] != nil } == 19)
    let scrape = try Scrape(
      Support.corpus("envoy.prom"), .envoyInbound, [LabelMatcher("envoy_http_conn_manager_prefix", "in_8080")], at: 9)
    #expect(scrape.series.filter { $0["le"] == nil }.map { $0.samples[0].value }.reduce(0, +) == 9)
    #expect(scrape.began != nil)
  }

  @Test(arguments: [
    ("{}", "not Envoy's"), ("[", "JSON"), ("{\"stats\":[]}", "no statistics"),
    ("{\"stats\":[{\"name\":\"http.p.downstream_rq_completed\",\"value\":9000}]}", "stats_matcher"),
  ])
  func brokenEnvoyPagesAreNamed(_ text: String, _ words: String) {
    let message = Support.message { _ = try EnvoyStatistics.page(Array(text.utf8), .inbound("p"), at: 0) }
    #expect(message?.contains(words) == true, "\(message ?? "read")")
  }

  private func answer(_ body: String, _ status: Int = 200) throws -> PrometheusAnswer {
    try PrometheusAnswer(HTTPAnswer(status: status, headers: [:], body: Array(body.utf8)))
  }

  @Test func realPrometheusAnswersAreRead() throws {
    let body = String(decoding: try Support.corpus("prometheus-matrix.json"), as: UTF8.self)
    guard case .matrix(let series) = try answer(body) else { Issue.record("no matrix"); return }
    #expect(series.count == 19 && series.allSatisfy { $0.samples.count == 2 && $0["instance"] == "127.0.0.1:18473" })
    #expect(
      try answer("{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1.5,\"+Inf\"]}}")
        == .scalar(MetricSample(time: 1.5, value: .infinity)))
  }

  static let brokenPrometheusAnswersAreNamedTable: [(String, Int, String)] = [
    ("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"1:5: parse \\u001b[31merror\"}", 400, "bad_data"),
    ("<html>", 502, "status 502"), ("<html>", 200, "JSON"), ("", 401, "token"), ("", 404, "no Prometheus"),
    ("{}", 200, "not Prometheus'"), ("{\"status\":\"success\"}", 200, "no result"),
    (
      "{\"status\":\"success\",\"warnings\":[\"partial\"],\"data\":{\"resultType\":\"vector\",\"result\":[]}}", 200,
      "incomplete"
    ),
    ("{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[]}}", 200, "unknown type"),
    (
      "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[1,2]}]}}", 200,
      "in quotes"
    ),
    (
      "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[1,\"x\"]}]}}",
      200, "in quotes"
    ),
    (
      "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"values\":[]}]}}", 200,
      "no value"
    ),
    (
      "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"value\":[1,\"1\"]}]}}", 200,
      "no labels"
    ),
    (
      "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"histogram\":[1,{}]}]}}",
      200, "native"
    ),
    ("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":{}}}", 200, "no list"),
  ]

  @Test(arguments: brokenPrometheusAnswersAreNamedTable)
  func brokenPrometheusAnswersAreNamed(_ body: String, _ status: Int, _ words: String) {
    let message = Support.message { _ = try answer(body, status) }
    #expect(message?.contains(words) == true, "\(message ?? "read")")
    #expect(message?.contains("\u{1B}") != true)
  }

  static let momentsTable: [(String, Double)] = [
    ("2026-11-21T10:49:48.558Z", 1_795_258_188.558), ("1970-01-01T00:00:00Z", 0),
    ("2024-02-29T23:59:59Z", 1_709_251_199),
    ("2026-01-01T01:00:00.5+01:00", 1_767_225_600.5), ("2000-03-01T00:00:00.000Z", 951_868_800),
  ]

  @Test(arguments: momentsTable)
  func moments(_ text: String, _ seconds: Double) throws {
    #expect(abs(try #require(Moment.seconds(text[...])) - seconds) < 1e-6)
  }

  @Test(arguments: [
    "", "2026-11-21", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T10:49:48", "2026-11-21T10:49:48.Z",
    "20x6-11-21T10:49:48Z", "2026-11-21T10:49:48+1",
  ])
  func noMoments(_ text: String) { #expect(Moment.seconds(text[...]) == nil) }

  static let countLinesTable: [(String, String?)] = [
    ("{\"t\":1,\"baseline\":{\"n\":5,\"errors\":0},\"canary\":{\"n\":1,\"errors\":1}}", nil),
    ("{\"t\":1,\"baseline\":{\"n\":null,\"errors\":null},\"canary\":{\"n\":1,\"errors\":1}}", nil),
    ("{\"t\":\"1\",\"baseline\":{\"n\":5,\"errors\":0},\"canary\":{\"n\":1,\"errors\":1}}", "no time"),
    ("{\"t\":1,\"canary\":{\"n\":1,\"errors\":1}}", "no 'baseline'"),
    ("{\"t\":1,\"baseline\":{\"n\":-5,\"errors\":0},\"canary\":{\"n\":1,\"errors\":1}}", "no count"),
    ("{\"t\":1,\"baseline\":{\"n\":1.5,\"errors\":0},\"canary\":{\"n\":1,\"errors\":1}}", "no count"),
    ("{\"t\":1,\"baseline\":{\"n\":5},\"canary\":{\"n\":1,\"errors\":1}}", "missing"),
    ("{\"t\":1,\"baseline\":{\"n\":5,\"errors\":9},\"canary\":{\"n\":1,\"errors\":1}}", "more errors"),
    ("{\"t\":1,\"service\":3,\"baseline\":{\"n\":5,\"errors\":9},\"canary\":{\"n\":1,\"errors\":1}}", "no text"),
    ("{\"t\":1,\"baseline\":{\"n\":5,\"errors\":0,\"latency\":[[5]]},\"canary\":{\"n\":1,\"errors\":1}}", "buckets"),
  ]

  @Test(arguments: countLinesTable)
  func countLines(_ line: String, _ words: String?) {
    let message = Support.message { _ = try CountLine(Array(line.utf8)[...]) }
    #expect(words.map { message?.contains($0) == true } ?? (message == nil), "\(message ?? "read")")
  }
}
