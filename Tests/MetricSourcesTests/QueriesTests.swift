import Judgement
import TestSupport
import Testing

@testable import MetricSources

struct QueriesTests {
  static let selectorsTable: [(String, Arm, String)] = [
    (
      "istio", Arm.baseline,
      "{__name__=~\"istio_requests_total|istio_request_duration_milliseconds_bucket\",reporter=\"destination\","
        + "destination_workload_namespace=\"shop\",destination_workload=\"cart\"}"
    ),
    (
      "linkerd", .canary,
      "{__name__=~\"response_total|response_latency_ms_bucket\",direction=\"inbound\",namespace=\"shop\","
        + "deployment=\"cart-canary\"}"
    ),
    (
      "consul", .canary,
      "{__name__=~\"envoy_cluster_upstream_rq_xx|envoy_cluster_upstream_rq_time_bucket\","
        + "consul_destination_service=\"cart-canary\"}"
    ),
    (
      "app", .baseline,
      "{__name__=~\"http_request_duration_seconds_count|http_request_duration_seconds_bucket\",namespace=\"shop\","
        + "pod=~\"cart-[b-df-hj-np-tv-xz2-9]+-[b-df-hj-np-tv-xz2-9]{5}\"}"
    ),
  ]

  @Test(arguments: selectorsTable)
  func selectors(_ name: String, _ arm: Arm, _ wanted: String) throws {
    let queries = try MetricQueries.named(name)
    let matchers = try queries.matchers(ServiceName("shop/cart"), arm, ArmSelection())
    #expect(queries.selector(matchers, latency: true) == wanted)
  }

  @Test func armsMayBeToldByOtherLabels() throws {
    let selection = ArmSelection(
      both: [try LabelMatcher(parsing: "pod!=\"old\"")], canary: [try LabelMatcher(parsing: "version=v2")])
    let matchers = try MetricQueries.istio.matchers(ServiceName("cart"), .canary, selection)
    #expect(
      MetricQueries.istio.selector(matchers, latency: false)
        == "{__name__=\"istio_requests_total\",reporter=\"destination\",version=\"v2\",pod!=\"old\"}")
    #expect(throws: SourceProblem.self) {
      try MetricQueries.envoyInbound.matchers(ServiceName("cart"), .canary, ArmSelection())
    }
  }

  /// Whatever a name holds, it stays inside its quotes.
  @Test func namesCannotChangeAQuery() {
    var generator = SplitMix64(7)
    let pieces = ["\"", "\\", "}", "{", "\n", "a", "é", " or vector(1) #", "\u{7F}", "\u{1}", "$1", "`", "'"]
    for _ in 0..<2_000 {
      let value = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
        pieces[Int.random(in: pieces.indices, using: &generator)]
      }.joined()
      let quoted = PromQL.quoted(value)
      // Reads the literal as Go does: an unescaped quote may only stand at its ends.
      var inside = quoted.dropFirst()
      var read = ""
      while let character = inside.first, character != "\"" {
        inside = inside.dropFirst()
        guard character == "\\" else { read.append(character); continue }
        let escape = inside.removeFirst()
        switch escape {
        case "n": read.append("\n")
        case "x":
          read.unicodeScalars.append(Unicode.Scalar(UInt8(inside.prefix(2), radix: 16) ?? 0))
          inside = inside.dropFirst(2)
        default: read.append(escape)
        }
      }
      #expect(inside == "\"" && read == value)
      #expect(!quoted.contains("\n"))
    }
    #expect(PromQL.regexQuoted("a.b-c|d") == "a\\.b-c\\|d")
  }

  @Test(arguments: [
    ("cart-5d9f7c6b8-x2zvq", true), ("cart-canary-5d9f7c6b8-x2zvq", false), ("cart-canary-x2zvq", false),
    ("cart-0", false), ("cart-5d9f7c6b8", false), ("xcart-5d9f7c6b8-x2zvq", false), ("", false),
  ])
  func podsOfADeployment(_ pod: String, _ matches: Bool) {
    let series = Support.series("m", ["pod": pod], [])
    #expect(LabelMatcher("pod", .podOfDeployment("cart")).matches(series) == matches)
  }

  @Test(arguments: ["", "=x", "a", "1a=x", "a-b=x", "a=~x", "__name__\u{0}=x"])
  func badConditionsAreRefused(_ text: String) {
    #expect(Support.message { _ = try LabelMatcher(parsing: text) }?.contains("cure") == true)
  }

  @Test(arguments: ["", "/", "a/b/c", "a/", "a b", "a\nb"])
  func badServicesAreRefused(_ text: String) { #expect(throws: SourceProblem.self) { try ServiceName(text) } }

  @Test func classesOfAnswers() {
    let cases: [(MetricQueries, [String: String], RequestClass?)] = [
      (.istio, ["response_code": "200", "response_flags": "-"], .success),
      (.istio, ["response_code": "503", "response_flags": "-"], .server),
      (.istio, ["response_code": "503", "response_flags": "UF,URX"], .unanswered),
      (.istio, ["response_code": "503", "response_flags": "FI"], .injected),
      (.istio, ["response_code": "200", "response_flags": "DI"], .success),
      (.istio, ["response_code": "0", "response_flags": "DC"], .client),
      (.istio, ["response_code": "0", "response_flags": "-"], .unanswered),
      (.istio, ["response_code": "200", "grpc_response_status": "14"], .server),
      (.istio, ["response_code": "200", "grpc_response_status": "5"], .client),
      (.istio, ["response_code": "200", "grpc_response_status": "0"], .success),
      (.istio, ["response_code": "200", "grpc_response_status": ""], .success),
      (.istio, ["response_code": "403", "response_flags": "UAEX"], .denied),
      (.istio, [:], nil), (.istio, ["response_code": "abc"], nil), (.istio, ["response_code": "600"], nil),
      (.linkerd, ["classification": "failure", "status_code": "200"], .server),
      (.linkerd, ["classification": "success", "status_code": "404"], .client),
      (.envoy, ["envoy_response_code_class": "5"], .server), (.envoy, ["envoy_response_code_class": "2"], .success),
      (.app, ["code": "4xx"], .client), (.app, ["status": "500"], .server), (.app, ["handler": "/"], nil),
    ]
    for (queries, labels, wanted) in cases {
      #expect(queries.classify(Support.series(queries.requests, labels, [])) == wanted, "\(queries.name) \(labels)")
    }
  }

  @Test func expressionsAreFilledInOnce() throws {
    let filled = PrometheusExpressionSource.filled(
      "sum(increase(x{n=\"$namespace\",a=\"$name-$arm\"}[$window])) # $other",
      try ServiceName("$name/a\"b"), .canary, MetricWindow(from: 10, to: 11.5))
    #expect(filled == "sum(increase(x{n=\"$name\",a=\"a\\\"b-canary\"}[1500ms])) # $other")
  }

  @Test(arguments: [
    ("http://h:9090/p/", "http://h:9090/p"), ("h:9090", "http://h:9090"), ("http://[::1]:9", "http://[::1]:9"),
    ("unix:/run/a.sock", "unix:/run/a.sock"), ("http://h", "http://h"),
  ])
  func addresses(_ text: String, _ wanted: String) throws { #expect("\(try MetricAddress(text))" == wanted) }

  @Test(arguments: [
    "", "h", "https://h", "http://", "http://u:p@h", "http://h:0", "http://h:99999", "http://h?x", "h:9 0", "unix:a",
    "http://[::1", "http://h:9x", "ftp://h:1", "unix:/" + String(repeating: "a", count: 200), "http://h\r\nX: y",
  ])
  func badAddressesAreRefused(_ text: String) {
    #expect(Support.message { _ = try MetricAddress(text) }?.contains("cure") == true)
  }
}
