import Diagnostics
package import FleetModel

/// Asks a Prometheus who called whom, by the metrics of whatever meshes it knows.
package struct PrometheusTraffic: Sendable {
  private let client: PrometheusClient
  private let days: Int

  /// - Parameter days: how far back; a call that happens once a month is not seen in a week.
  package init(_ address: MetricAddress, token: BearerToken? = nil, days: Int, limits: MetricLimits) {
    client = PrometheusClient(address, token: token, limits: limits)
    self.days = days
  }

  /// - Parameter now: seconds since 1970.
  /// - Throws: `BulkheadError(.targetUnreachable)` where it does not answer, answers something else, or knows nothing
  ///   of any mesh; `CancellationError`.
  package func report(now: Double) async throws -> TrafficReport {
    var report = TrafficReport(source: "\(client.http.address)")
    do {
      for queries in TrafficQueries.all {
        let (sightings, gap) = try await ask(queries, now)
        report.sightings += sightings
        if let gap { report.gaps.append(gap) }
      }
    } catch let problem as SourceProblem {
      throw BulkheadError(
        .targetUnreachable, "traffic of \(client.http.address): \(problem)",
        cure: "see whether it is a Prometheus that answers: curl \(client.http.address)/api/v1/query?query=up")
    }
    guard report.sightings.isEmpty, report.gaps.isEmpty else { return report }
    throw BulkheadError(
      .targetUnreachable,
      "\(client.http.address) has no metrics of Istio, Linkerd or an Envoy with calls in \(days) days",
      cure: "see whether it scrapes the proxies, or look further back with --traffic-days")
  }

  private func ask(
    _ queries: TrafficQueries, _ now: Double
  ) async throws -> (sightings: [TrafficSighting], gap: String?) {
    let span = Double(days) * 86_400
    let total = try await client.instant(queries.total(span), at: now)
    guard !total.isEmpty else { return ([], nil) }
    // At most 170 steps: an hour for a week.
    let step = max(3_600, (span / 168).rounded(.up))
    let last = try await client.instant(queries.last(span, step: step), at: now)
    var times: [[MetricSeries.Label]: Double] = [:]
    for series in last {
      try check(series, queries)
      times[series.labels] = try time(series, now, span)
    }
    var tally = TrafficTally(now: now)
    var odd = 0
    for series in total {
      try check(series, queries)
      guard let count = series.samples.first?.value, count > 0, count.isFinite else {
        throw SourceProblem("the answer holds a count that is none")
      }
      guard let (key, side) = queries.key(series) else {
        odd += 1
        continue
      }
      try tally.add(key, side, times: count, at: times[series.labels])
    }
    let name = "\(queries.name) metrics of \(client.http.address)"
    let gap = odd == total.count ? "the \(queries.name) metrics name no call (\(queries.metric))" : nil
    return (tally.sightings(from: name), gap)
  }

  /// Not to be trusted to have obeyed the query.
  private func check(_ series: MetricSeries, _ queries: TrafficQueries) throws(SourceProblem) {
    guard series.samples.count == 1, series.labels.allSatisfy({ queries.labels.contains($0.name) }) else {
      throw SourceProblem("the answer holds series that were not asked for")
    }
  }

  /// When a series last grew; nil where it has not in the span.
  private func time(_ series: MetricSeries, _ now: Double, _ span: Double) throws(SourceProblem) -> Double? {
    guard let value = series.samples.first?.value, value.isFinite, value != 0 else { return nil }
    guard value <= now + TrafficTally.toleratedSkew, value >= now - span - 86_400 else {
      throw SourceProblem("the answer holds a time outside the span that was asked for")
    }
    return value
  }
}
