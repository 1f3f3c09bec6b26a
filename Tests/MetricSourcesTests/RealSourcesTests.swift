import Foundation
import Judgement
import Testing

@testable import MetricSources

/// Real traffic through a real Envoy, scraped by a real Prometheus: what every source counts is what was sent.
struct RealSourcesTests {
  private struct Counted: Equatable {
    var requests = 0.0
    var client = 0.0
    var server = 0.0
    var latencies = 0
  }

  private static let wanted: [Arm: Counted] = [
    .baseline: Counted(requests: 212, client: 5, server: 7, latencies: 212),
    .canary: Counted(requests: 111, client: 0, server: 11, latencies: 111),
  ]

  @Test(.enabled(if: RealMesh.isThere)) func everySourceCountsWhatWasSent() async throws {
    try await RealMesh.with { mesh in
      try await mesh.eventually("traffic passes") {
        let http = MetricHTTP(address: try MetricAddress("127.0.0.1:\(mesh.frontPort)"))
        let (baseline, canary) = (try await http.ask("/baseline").status, try await http.ask("/canary").status)
        return baseline == 200 && canary == 200
      }
      let sources = try Self.sources(mesh)
      // What was sent so far must be on record, latencies too, before counting starts.
      let warm = PrometheusClient.stamp(Date().timeIntervalSince1970)
      let recorded =
        "count(timestamp(envoy_cluster_upstream_rq_xx) > \(warm)) >= 2"
        + " and on() (sum(envoy_cluster_upstream_rq_time_count) == sum(envoy_cluster_upstream_rq_xx))"
      try await mesh.eventually("Prometheus has seen both clusters") {
        try await mesh.prometheus.instant(recorded, at: Date().timeIntervalSince1970).count == 1
      }
      let start = Date().timeIntervalSince1970
      for (_, source, _) in sources.dropFirst() {
        _ = try await source.metrics(of: ["cart"], in: MetricWindow(from: start - 1, to: start))
      }
      try await mesh.send(200, "/baseline")
      try await mesh.send(7, "/baseline/bad")
      try await mesh.send(5, "/baseline/missing")
      try await mesh.send(100, "/canary")
      try await mesh.send(11, "/canary/bad")
      for (name, source, delay) in sources { try await check(mesh, name, source, start + delay) }
    }
  }

  /// With the seconds by which their windows end earlier than asked: a scrape that is under way at a window's end is in
  /// neither that window nor the next, and on a busy machine one takes its time.
  private static func sources(_ mesh: RealMesh) throws -> [(String, any MetricSource, Double)] {
    let admin = try MetricAddress("127.0.0.1:\(mesh.adminPort)")
    func page(_ arm: Arm, _ cluster: String) -> ScrapeTarget {
      .exposition(
        admin, path: "/stats/prometheus", queries: .envoy, matchers: [LabelMatcher("envoy_cluster_name", cluster)],
        arm: arm)
    }
    return [
      ("Prometheus", PrometheusSource(try mesh.prometheus, queries: .envoy, delay: 2), 2),
      (
        "admin JSON",
        ScrapeSource([
          .envoy(admin, scope: .cluster("cart"), arm: .baseline),
          .envoy(admin, scope: .cluster("cart-canary"), arm: .canary),
        ]), 0
      ),
      ("admin page", ScrapeSource([page(.baseline, "cart"), page(.canary, "cart-canary")]), 0),
    ]
  }

  /// Windows that follow each other until everything has arrived; then it must be exactly that.
  private func check(_ mesh: RealMesh, _ name: String, _ source: any MetricSource, _ start: Double) async throws {
    var from = start
    var found: [Arm: Counted] = [:]
    var last: [DataQuality] = []
    try await mesh.eventually("\(name) has counted everything, not \(found), \(last)") {
      let window = MetricWindow(from: from, to: Date().timeIntervalSince1970)
      let answers = try await source.metrics(of: ["cart"], in: window)
      // Windows without a scrape are asked for again.
      last = answers.map(\.quality)
      // A busy machine scrapes late now and then: that is told as a gap, and nothing is lost in it.
      guard answers.allSatisfy({ $0.requests != nil }) else { return false }
      from = window.to
      for one in answers {
        found[one.arm, default: Counted()].requests += try #require(one.requests)
        found[one.arm]?.client += one.errors?.client ?? 0
        found[one.arm]?.server += one.errors?.server ?? 0
        found[one.arm]?.latencies += one.latency?.total ?? 0
      }
      return Self.wanted.allSatisfy {
        found[$0.key, default: Counted()].requests >= $0.value.requests
          && found[$0.key, default: Counted()].latencies >= $0.value.latencies
      }
    }
    #expect(found == Self.wanted, "\(name)")
  }

  @Test(.enabled(if: RealMesh.envoyPath != nil && RealMesh.prometheusPath != nil))
  func theRealAccessLogIsCounted() async throws {
    try await RealMesh.with { mesh in
      try await mesh.eventually("traffic passes") {
        try await MetricHTTP(address: MetricAddress("127.0.0.1:\(mesh.frontPort)")).ask("/baseline").status == 200
      }
      let binding = AccessLogBinding(path: mesh.folder + "/access.log", service: "cart", arm: .canary)
      let source = AccessLogSource([binding], fromStart: true)
      var count = Counted()
      func ask() async throws {
        let now = Date().timeIntervalSince1970
        let one = try await source.metrics(of: ["cart"], in: MetricWindow(from: now - 1, to: now))[1]
        count.requests += one.requests ?? 0
        count.server += one.errors?.server ?? 0
      }
      try await mesh.eventually("the log begins") {
        try await ask()
        return count.requests >= 1
      }
      let before = count
      try await mesh.send(40, "/canary")
      try await mesh.send(3, "/canary/bad")
      try await mesh.eventually("the log has everything") {
        try await ask()
        return count.requests >= before.requests + 43
      }
      #expect(count == Counted(requests: before.requests + 43, server: before.server + 3))
    }
  }
}
