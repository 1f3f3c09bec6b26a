import Judgement
import NIOHTTP1
import Testing

@testable import MetricSources

struct ScrapeTests {
  private static func page(_ ok: Int, _ bad: Int, uptime: Int) -> String {
    "{\"stats\":[{\"name\":\"http.in.downstream_rq_2xx\",\"value\":\(ok)},"
      + "{\"name\":\"http.in.downstream_rq_5xx\",\"value\":\(bad)},"
      + "{\"name\":\"http.in.downstream_rq_completed\",\"value\":\(ok + bad)},"
      + "{\"name\":\"server.uptime\",\"value\":\(uptime)}]}"
  }

  private func ask(_ source: ScrapeSource, _ to: Double) async throws -> [ArmMetrics] {
    try await source.metrics(of: ["shop/cart"], in: MetricWindow(from: to - 1, to: to))
  }

  private func envoy(_ address: String, _ arm: Arm) throws -> ScrapeTarget {
    .envoy(try MetricAddress(address), scope: .inbound("in"), arm: arm)
  }

  @Test func countersAreComparedWithTheLookBefore() async throws {
    try await Support.withFolder { folder in
      let pages = [Self.page(10, 0, uptime: 5), Self.page(15, 2, uptime: 6), Self.page(15, 2, uptime: 7)]
      try await ScriptedServer.with(.each(pages), unixPath: folder + "/a") { _ in
        try await ScriptedServer.with(.each([Self.page(1, 1, uptime: 50), Self.page(4, 1, uptime: 51)])) { other in
          let source = ScrapeSource([
            try envoy("unix:\(folder)/a", .baseline), try envoy("127.0.0.1:\(other.port)", .canary),
          ])
          let first = try await ask(source, 100)
          #expect(first.allSatisfy { $0.quality == .absent("counting starts with this answer") })
          let second = try await ask(source, 101)
          #expect(second.map(\.requests) == [7, 3] && second.map { $0.errors?.failures() } == [2, 0])
          #expect(second.allSatisfy { $0.window == MetricWindow(from: 100, to: 101) })
          let third = try await ask(source, 102)
          #expect(third.map(\.requests) == [0, 0] && third.allSatisfy { $0.quality == .fresh })
          #expect(try await ask(source, 102).allSatisfy { !$0.quality.hasCounts })
          let uri = try #require(other.requests.first?.uri)
          #expect(uri.hasPrefix("/stats?format=json&histogram_buckets=cumulative&filter=%5E%28http%5C.in%5C."))
        }
      }
    }
  }

  /// A young process that has counted further than the old one.
  @Test func restartsAreSeen() async throws {
    try await ScriptedServer.with(
      .each([Self.page(10, 0, uptime: 500), Self.page(99, 0, uptime: 1), Self.page(100, 0, uptime: 2)])
    ) {
      let source = ScrapeSource([try envoy("127.0.0.1:\($0.port)", .canary)])
      _ = try await ask(source, 100)
      #expect(try await ask(source, 101)[1].quality == .reset)
      let after = try await ask(source, 102)
      #expect(after[1].requests == 1 && after[0].quality == .absent("no target belongs to this arm"))
    }
  }

  @Test func oneSilentTargetHoldsItsServiceBack() async throws {
    try await ScriptedServer.with(
      .each([Self.page(10, 0, uptime: 5), Self.page(12, 0, uptime: 6), Self.page(20, 0, uptime: 7)])
    ) { good in
      try await ScriptedServer.with(.each([Self.page(1, 0, uptime: 5), "oops", Self.page(9, 0, uptime: 7)])) { bad in
        let source = ScrapeSource([
          try envoy("127.0.0.1:\(good.port)", .baseline), try envoy("127.0.0.1:\(bad.port)", .canary),
        ])
        _ = try await ask(source, 100)
        let second = try await ask(source, 101)
        #expect(
          "\(second[1].quality)".contains("JSON")
            && second[0].quality == .absent("the other arm did not answer; it waits for it"))
        let third = try await ask(source, 102)
        #expect(third.map(\.requests) == [10, 8] && third.allSatisfy { $0.window == MetricWindow(from: 100, to: 102) })
      }
    }
  }

  @Test func pagesForPrometheusAreCounted() async throws {
    func page(_ ok: Int, _ start: Int) -> String {
      "process_start_time_seconds \(start)\nhttp_request_duration_seconds_count{code=\"200\"} \(ok)\n"
        + "http_request_duration_seconds_bucket{code=\"200\",le=\"0.01\"} \(ok - 1)\n"
        + "http_request_duration_seconds_bucket{code=\"200\",le=\"+Inf\"} \(ok)\nother{x=\"1\"} 5\n"
        + (ok > 5 ? "http_request_duration_seconds_count{code=\"500\"} 3\n" : "")
    }
    try await ScriptedServer.with(.each([page(5, 10), page(9, 10), page(12, 90)])) { server in
      let target = ScrapeTarget.exposition(
        try MetricAddress("127.0.0.1:\(server.port)"), path: "/metrics", queries: .app, arm: .canary)
      let source = ScrapeSource([target])
      _ = try await ask(source, 100)
      let second = try await ask(source, 101)[1]
      #expect(second.requests == 7 && second.errors?.failures() == 3)
      #expect(second.latency == LatencyCounts(bounds: [10], counts: [4, 0]))
      #expect(try await ask(source, 102)[1].quality == .reset)
    }
  }

  @Test func aSeriesTwiceIsRefused() {
    let text = "m_count{a=\"1\"} 1\nhttp_request_duration_seconds_count 1\nhttp_request_duration_seconds_count 2\n"
    #expect(Support.message { _ = try Scrape(Array(text.utf8), .app, [], at: 0) }?.contains("twice") == true)
  }
}
