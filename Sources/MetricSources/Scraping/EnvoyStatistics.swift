/// What of an Envoy is counted.
package enum EnvoyScope: Sendable, Equatable {
  /// Requests that come in, by the `stat_prefix` of the connection manager.
  case inbound(String)
  /// Requests that go out, by the cluster's name.
  case cluster(String)

  var counters: String {
    switch self {
    case .inbound(let prefix): "http.\(prefix).downstream_rq_"
    case .cluster(let name): "cluster.\(name).upstream_rq_"
    }
  }
}

/// Envoy's admin page `/stats?format=json&histogram_buckets=cumulative`.
///
/// The names are whole here, `cluster.NAME.upstream_rq_5xx`; on the page for Prometheus a cluster whose name has a dot
/// is cut at it and stands under another metric's name.
enum EnvoyStatistics {
  /// The question, with a filter that lets only what is needed through.
  static func path(_ scope: EnvoyScope) -> String {
    let filter = "^(\(PromQL.regexQuoted(scope.counters))([1-5]xx|completed|time)|server\\.uptime)$"
    return "/stats?format=json&histogram_buckets=cumulative&filter=\(MetricHTTP.encoded(filter))"
  }

  private static let tornRequests = 1_000.0

  struct Page: Equatable {
    /// As series of the queries `envoy-inbound`, so that they are counted like everything else.
    var series: [MetricSeries] = []
    /// Seconds since the process began.
    var uptime: Double?
  }

  /// - Throws: for what is no such page, and for one that hides classes of answers.
  static func page(_ bytes: [UInt8], _ scope: EnvoyScope, at time: Double) throws(SourceProblem) -> Page {
    let tree: JSONTree
    do { tree = try JSONTree(bytes) } catch { throw SourceProblem("Envoy's statistics are \(error)") }
    guard let entries = tree["stats"]?.list else { throw SourceProblem("the page is not Envoy's statistics") }
    var page = Page()
    var classes: [Double] = Array(repeating: 0, count: 5)
    var completed: Double?
    for entry in entries {
      if let histograms = entry["histograms"] {
        page.series += try buckets(histograms, scope, time)
        continue
      }
      guard let name = entry["name"]?.text, let value = entry["value"]?.looseNumber else { continue }
      if name == "server.uptime" { page.uptime = value }
      guard name.hasPrefix(scope.counters) else { continue }
      let rest = name.dropFirst(scope.counters.count)
      if rest == "completed" { completed = value }
      if rest.count == 3, rest.hasSuffix("xx"), let digit = rest.first?.wholeNumberValue, (1...5).contains(digit) {
        classes[digit - 1] = value
      }
    }
    guard let completed else { throw SourceProblem("Envoy has no statistics '\(scope.counters)completed'") }
    // Envoy makes the counter of a class at the first request of it: an absent one is zero, unless it is hidden. The
    // page is made while requests end, so the sum may be off by a few.
    let hidden = completed - classes.reduce(0, +)
    guard hidden <= Self.tornRequests else {
      throw SourceProblem("the classes miss \(hidden) of \(completed) requests: a stats_matcher may leave some out")
    }
    for (index, value) in classes.enumerated() {
      page.series.append(
        series(
          MetricQueries.envoyInbound.requests, ["envoy_response_code_class": "\(index + 1)"],
          MetricSample(time: time, value: value)))
    }
    return page
  }

  private static func buckets(
    _ tree: JSONTree, _ scope: EnvoyScope, _ time: Double
  ) throws(SourceProblem) -> [MetricSeries] {
    let wanted = tree.list?.first { $0["name"]?.text == scope.counters + "time" }
    guard let buckets = wanted?["buckets"]?.list else { return [] }
    guard buckets.count <= 1_000 else { throw SourceProblem("a histogram has more than 1,000 buckets") }
    var result: [MetricSeries] = []
    for bucket in buckets {
      guard let bound = bucket["upper_bound"]?.looseNumber, let count = bucket["cumulative"]?.looseNumber else {
        throw SourceProblem("a histogram's bucket has no bound or no count")
      }
      result.append(
        series(MetricQueries.envoyInbound.buckets, ["le": "\(bound)"], MetricSample(time: time, value: count)))
    }
    return result
  }

  private static func series(
    _ metric: String, _ labels: KeyValuePairs<String, String>, _ sample: MetricSample
  ) -> MetricSeries {
    MetricSeries(
      metric: metric, labels: labels.map { MetricSeries.Label(name: $0.key, value: $0.value) }, samples: [sample])
  }
}
