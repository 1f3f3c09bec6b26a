import Foundation
import Judgement
import NIOHTTP1
import Synchronization
import Testing

@testable import MetricSources

/// Against a small server that behaves as badly as a Prometheus, or what stands in its place, may.
struct PrometheusTests {
  private static let window = MetricWindow(from: 1_000, to: 1_010)

  private func client(_ server: ScriptedServer, seconds: Double = 5, token: String? = nil) throws -> PrometheusClient {
    PrometheusClient(
      try MetricAddress("http://127.0.0.1:\(server.port)"), token: try token.map(BearerToken.init),
      limits: MetricLimits(seconds: seconds, bytes: 100_000))
  }

  private func ask(_ server: ScriptedServer, seconds: Double = 5, token: String? = nil) async throws -> [ArmMetrics] {
    try await PrometheusSource(client(server, seconds: seconds, token: token), queries: .istio, delay: 0)
      .metrics(of: ["shop/cart"], in: Self.window)
  }

  private static func matrix(_ workload: String, _ values: String, type: String = "matrix", code: String = "200")
    -> String
  {
    "{\"status\":\"success\",\"data\":{\"resultType\":\"\(type)\",\"result\":[{\"metric\":{\"__name__\":"
      + "\"istio_requests_total\",\"reporter\":\"destination\",\"destination_workload_namespace\":\"shop\","
      + "\"destination_workload\":\"\(workload)\",\"response_code\":\"\(code)\"},\(values)}]}}"
  }

  /// Answers each arm with its own series.
  private static func arms(_ values: String) -> ScriptedAnswer {
    .computed { head, _ in matrix(head.uri.contains("cart-canary") ? "cart-canary" : "cart", values) }
  }

  @Test func countsAreRead() async throws {
    try await ScriptedServer.with(Self.arms("\"values\":[[995,\"5\"],[1001,\"9\"],[1009,\"12\"]]")) { server in
      let found = try await ask(server)
      #expect(found.map(\.arm) == [.baseline, .canary])
      for one in found { #expect(one.requests == 7 && one.quality == .fresh && one.errors?.failures() == 0) }
      let uris = server.requests.map(\.uri).sorted()
      #expect(uris.count == 2 && uris.allSatisfy { $0.contains("time=1010.000") && $0.contains("%5B40000ms%5D") })
    }
  }

  @Test func delaysMoveTheWindow() async throws {
    try await ScriptedServer.with(Self.arms("\"values\":[[975,\"5\"],[985,\"9\"]]")) { server in
      let source = PrometheusSource(try client(server), queries: .istio, delay: 20)
      let found = try await source.metrics(of: ["shop/cart"], in: Self.window)
      #expect(found.map(\.requests) == [4, 4] && found.allSatisfy { $0.window == Self.window })
    }
  }

  /// One counter, 5 more every 5 s; a scrape is seen 0.9 s after its time.
  @Test(arguments: [(0.0, 20.0), (1.0, 40.0)])
  func aScrapeUnderWayIsCountedByTheNextWindow(_ delay: Double, _ sum: Double) async throws {
    let now = Mutex(0.0)
    let answer = ScriptedAnswer.computed { head, _ in
      let query = URLComponents(string: head.uri)?.queryItems ?? []
      let asked = query.first { $0.name == "time" }.flatMap { Double($0.value ?? "") } ?? .nan
      let seen = stride(from: 954.5, through: min(asked, now.withLock { $0 } - 0.9), by: 5).filter { $0 > asked - 70 }
      let values = seen.map { "[\($0),\"\(Int($0))\"]" }
      return Self.matrix("cart", "\"values\":[\(values.joined(separator: ","))]")
    }
    try await ScriptedServer.with(answer) { server in
      let source = PrometheusSource(try client(server), queries: .istio, patience: 60, delay: delay)
      var counted = 0.0
      for end in stride(from: 1_010.0, through: 1_040, by: 10) {
        now.withLock { $0 = end }
        let found = try await source.metrics(of: ["shop/cart"], in: MetricWindow(from: end - 10, to: end))
        counted += try #require(found.first?.requests, "\(found)")
      }
      #expect(counted == sum)
    }
  }

  @Test func delaysMoveOwnExpressions() async throws {
    let answer = ScriptedAnswer.computed { head, _ in
      let time = URLComponents(string: head.uri)?.queryItems?.first { $0.name == "time" }?.value ?? ""
      return "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":"
        + "[{\"metric\":{},\"value\":[\(time),\"\(time == "990.000" ? 7 : 1)\"]}]}}"
    }
    try await ScriptedServer.with(answer) { server in
      let source = PrometheusExpressionSource(try client(server), requests: "r", errors: "e", delay: 20)
      let found = try await source.metrics(of: ["cart"], in: Self.window)
      #expect(found.allSatisfy { $0.requests == 7 && $0.window == Self.window }, "\(found)")
    }
  }

  static let bad: [(ScriptedAnswer, String)] = [
    (.whole(200, "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"boom\"}"), "execution: boom"),
    (.whole(503, "{\"status\":\"error\",\"errorType\":\"timeout\",\"error\":\"slow\"}"), "timeout: slow"),
    (.whole(401, "no"), "token"), (.whole(500, "oops"), "status 500"),
    (.whole(302, "", headers: ["Location": "http://169.254.169.254/latest"]), "169.254.169.254"),
    (.whole(307, "", headers: ["Location": "/api/v1/query"]), "not followed"), (.whole(301, ""), "nowhere"),
    (.whole(200, "{}", headers: ["Content-Encoding": "gzip"]), "compressed"), (.long(200_000), "100000 bytes"),
    (.cutOff(5_000), "closed the connection"), (.notHTTP, "HTTP"), (.hangUp, "closed"),
    (.silence, "did not answer within 0.3"), (.whole(200, ""), "JSON"),
    (arms("\"value\":[1010,\"5\"]"), "no values"),
    (.whole(200, matrix("cart", "\"value\":[1010,\"5\"]", type: "vector")), "vector where a matrix"),
    (arms("\"values\":[[995,\"5\"],[87410,\"9\"]]"), "86399.990 s after"),
    (arms("\"values\":[[1,\"5\"],[1005,\"9\"]]"), "s before"),
    (.whole(200, matrix("other", "\"values\":[[995,\"5\"],[1001,\"9\"]]")), "not asked for"),
    (.whole(200, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}"), "no series"),
    (arms("\"values\":[[995,\"5\"],[1001,\"NaN\"]]"), "NaN"),
    (arms("\"values\":[[995,\"5\"],[1001,\"+Inf\"]]"), "infinite"),
    (arms("\"values\":[[995,\"5\"],[1001,\"2\"]]"), "reset"),
  ]

  @Test(arguments: bad.indices) func badAnswersAreReasons(_ index: Int) async throws {
    let (answer, words) = Self.bad[index]
    try await ScriptedServer.with(answer) { server in
      let found = try await ask(server, seconds: index == 12 ? 0.3 : 5, token: "s3cret")
      #expect(found.count == 2)
      for one in found {
        #expect("\(one.quality)".contains(words) && one.requests == nil, "\(one.quality)")
        #expect(!"\(one)".contains("s3cret"))
      }
      // Nobody else was asked, and nobody twice.
      #expect(server.requests.count <= 2)
      #expect(server.requests.allSatisfy { $0.headers["Authorization"] == ["Bearer s3cret"] })
    }
  }

  @Test func nobodyListens() async throws {
    let place = try HeldPort()
    defer { place.release() }
    let client = PrometheusClient(try MetricAddress("127.0.0.1:\(place.port)"))
    let found = try await PrometheusSource(client, queries: .istio, delay: 0).metrics(of: ["cart"], in: Self.window)
    #expect(found.allSatisfy { "\($0.quality)".contains("cannot be reached (Connection refused)") })
  }

  @Test func senselessQuestionsAreNotAsked() async throws {
    try await ScriptedServer.with(.silence) { server in
      let source = PrometheusSource(try client(server), queries: .istio, delay: 0)
      for window in [(10.0, 10.0), (10, 9), (.nan, 1), (0, 1e9)] {
        let found = try await source.metrics(of: ["cart"], in: MetricWindow(from: window.0, to: window.1))
        #expect(found.count == 2 && found.allSatisfy { !$0.quality.hasCounts })
      }
      #expect(server.requests.isEmpty)
    }
  }

  @Test func aCancelledQuestionEnds() async throws {
    try await ScriptedServer.with(.silence) { server in
      let source = PrometheusSource(try client(server, seconds: 600), queries: .istio, delay: 0)
      let task = Task { try await source.metrics(of: ["cart"], in: Self.window) }
      while server.requests.isEmpty { await Task.yield() }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }

  @Test func instantAndRangeQueriesAreChecked() async throws {
    let vector =
      "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":"
      + "[{\"metric\":{},\"value\":[1010,\"2.4\"]}]}}"
    try await ScriptedServer.with(.whole(200, vector)) { server in
      let client = try client(server)
      #expect(try await client.instant("x", at: 1_010).first?.samples == [MetricSample(time: 1_010, value: 2.4)])
      await #expect(throws: SourceProblem.self) { try await client.instant("x", at: 900) }
      await #expect(throws: SourceProblem.self) { try await client.range("x", from: 1, to: 9, step: 1) }
      await #expect(throws: SourceProblem.self) { try await client.range("x", from: 1, to: 90_000, step: 1) }
      // A long question is posted.
      _ = try await client.instant(String(repeating: "x", count: 5_000), at: 1_010)
      #expect(server.requests.last?.method == .POST && server.forms.last?.hasPrefix("query=xxx") == true)
      let source = PrometheusExpressionSource(client, requests: "r", errors: "e", delay: 0)
      let found = try await source.metrics(of: ["cart"], in: Self.window)
      #expect(found[0].requests == 2 && found[0].errors?.failures() == 2 && found[0].notes.count == 1)
    }
    let matrix =
      "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":"
      + "[{\"metric\":{},\"values\":[[1,\"2\"],[2,\"3\"]]}]}}"
    try await ScriptedServer.with(.whole(200, matrix)) { server in
      let client = try client(server)
      #expect(try await client.range("x", from: 1, to: 2, step: 1).first?.samples.count == 2)
      await #expect(throws: SourceProblem.self) { try await client.instant("x", at: 1) }
    }
  }

  @Test(arguments: [
    ("[]", "no requests"), ("[{\"metric\":{},\"value\":[1010,\"NaN\"]}]", "NaN"),
    ("[{\"metric\":{},\"value\":[1010,\"-1\"]}]", "negative"),
    ("[{\"metric\":{},\"value\":[1010,\"1\"]},{\"metric\":{\"a\":\"b\"},\"value\":[1010,\"1\"]}]", "use sum()"),
  ])
  func ownExpressionsAreChecked(_ result: String, _ words: String) async throws {
    let body = "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":\(result)}}"
    try await ScriptedServer.with(.whole(200, body)) { server in
      let source = PrometheusExpressionSource(try client(server), requests: "r", errors: "e", delay: 0)
      let found = try await source.metrics(of: ["cart"], in: Self.window)
      #expect(found.allSatisfy { "\($0.quality)".contains(words) && $0.requests == nil }, "\(found)")
    }
  }

  @Test func tokensAreNeverShown() throws {
    let token = try BearerToken("s3cret\n")
    #expect(token.header == "Bearer s3cret")
    var dumped = ""
    dump(token, to: &dumped)
    #expect(!"\(token) \(String(reflecting: token)) \(dumped)".contains("s3cret"))
    for text in ["", "a b", "a\r\nX: y", String(repeating: "a", count: 20_000)] {
      let message = Support.message { _ = try BearerToken(text) }
      #expect(message?.contains("cure") == true && message?.contains("X: y") == false)
    }
  }
}
