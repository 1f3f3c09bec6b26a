package import Judgement

/// A process that is asked for its counters directly.
package struct ScrapeTarget: Sendable {
  enum Page: Sendable {
    case envoy(EnvoyScope)
    case exposition(path: String, MetricQueries, [LabelMatcher])
  }

  let address: MetricAddress
  /// `namespace/name`; nil where it is whatever service is asked about.
  let service: String?
  let arm: Arm
  let page: Page

  /// An Envoy's admin interface, by its JSON.
  package static func envoy(
    _ address: MetricAddress, scope: EnvoyScope, service: String? = nil, arm: Arm
  ) -> ScrapeTarget {
    ScrapeTarget(address: address, service: service, arm: arm, page: .envoy(scope))
  }

  /// A page for Prometheus: `/stats/prometheus` of an Envoy's admin interface, `/metrics` of an application.
  ///
  /// - Parameter matchers: which of the page's series; all of the arm's, since the target belongs to one arm.
  package static func exposition(
    _ address: MetricAddress, path: String, queries: MetricQueries, matchers: [LabelMatcher] = [],
    service: String? = nil, arm: Arm
  ) -> ScrapeTarget {
    ScrapeTarget(
      address: address, service: service, arm: arm,
      page: .exposition(path: path, queries, queries.always + matchers))
  }

  var queries: MetricQueries {
    switch page {
    case .envoy: .envoyInbound
    case .exposition(_, let queries, _): queries
    }
  }

  func scrape(_ time: Double, token: BearerToken?, limits: MetricLimits) async throws -> Scrape {
    let http = MetricHTTP(address: address, token: token, limits: limits)
    switch page {
    case .envoy(let scope):
      let answer = try await http.ask(EnvoyStatistics.path(scope))
      guard answer.status == 200 else { throw SourceProblem("\(address) answers with status \(answer.status)") }
      let page = try EnvoyStatistics.page(answer.body, scope, at: time)
      return Scrape(series: page.series, began: page.uptime.map { time - $0 })
    case .exposition(let path, let queries, let matchers):
      let answer = try await http.ask(path)
      guard answer.status == 200 else { throw SourceProblem("\(address) answers with status \(answer.status)") }
      return try Scrape(answer.body, queries, matchers, at: time)
    }
  }
}

/// One look at a process.
struct Scrape: Sendable {
  var series: [MetricSeries]
  /// When the process began, in seconds since 1970 by the clock of the questions; nil where it does not say.
  var began: Double?

  init(series: [MetricSeries], began: Double?) {
    self.series = series
    self.began = began
  }

  init(_ bytes: [UInt8], _ queries: MetricQueries, _ matchers: [LabelMatcher], at time: Double) throws(SourceProblem) {
    let started = "process_start_time_seconds"
    let uptime = "envoy_server_uptime"
    let all = try Exposition.series(bytes, at: time) { queries.wants($0) || $0 == started || $0 == uptime }
    series = all.filter { one in queries.wants(one.metric) && matchers.allSatisfy { $0.matches(one) } }
    // A page's own times, where it has any, are of another clock than the questions.
    for index in series.indices { series[index].samples[0].time = time }
    func value(_ metric: String) -> Double? {
      all.first { $0.metric == metric }?.samples.first.flatMap { $0.value.isFinite ? $0.value : nil }
    }
    began = value(started) ?? value(uptime).map { time - $0 }
    var seen: Set<[String]> = []
    for one in series where !seen.insert([one.metric] + one.labels.flatMap { [$0.name, $0.value] }).inserted {
      throw SourceProblem("a series of \(one.metric) stands twice on the page")
    }
  }
}
