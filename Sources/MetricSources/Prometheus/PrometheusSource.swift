package import Judgement

/// Counts requests from a mesh's own metrics in Prometheus, from raw samples: no extrapolation, real ages, and every
/// reset of a counter seen.
///
/// An answer lags by up to one scrape interval: windows shorter than it are often empty, which is `absent` and no zero.
/// Ask the next time from where the last good window ended.
package struct PrometheusSource: MetricSource {
  /// The arms may be measured at different places, such as a baseline without sidecars.
  let queries: [Arm: MetricQueries]
  let client: PrometheusClient
  let selection: ArmSelection
  /// Seconds; must be more than the scrape interval.
  let patience: Double
  let latency: Bool
  /// Seconds by which samples may be seen late (a scrape under way, remote write); windows end so much earlier, or a
  /// sample would be in neither the window of its time nor the next one.
  let delay: Double

  package init(
    _ client: PrometheusClient, queries: MetricQueries, baselineQueries: MetricQueries? = nil,
    selection: ArmSelection = ArmSelection(), patience: Double = 30, latency: Bool = true, delay: Double
  ) {
    self.client = client
    self.queries = [.baseline: baselineQueries ?? queries, .canary: queries]
    self.selection = selection
    self.patience = patience
    self.latency = latency
    self.delay = delay
  }

  package var name: String { "Prometheus at \(client.http.address)" }

  package func metrics(
    of services: [String], in window: MetricWindow
  ) async throws(CancellationError) -> [ArmMetrics] {
    try await ArmQuestions.ask(services, window) { service, arm in
      try await metrics(service, arm, window)
    }
  }

  private func metrics(_ service: String, _ arm: Arm, _ window: MetricWindow) async throws -> ArmMetrics {
    guard let queries = queries[arm] else { throw SourceProblem("there are no queries for the \(arm.rawValue)") }
    let asked = MetricWindow(from: window.from - delay, to: window.to - delay)
    let matchers = try queries.matchers(try ServiceName(service), arm, selection)
    let series = try await client.samples(
      queries.selector(matchers, latency: latency), last: asked.to - asked.from + patience, at: asked.to)
    // Not to be trusted to have obeyed the selector.
    guard series.allSatisfy({ one in queries.wants(one.metric) && matchers.allSatisfy { $0.matches(one) } }) else {
      throw SourceProblem("the answer holds series that were not asked for")
    }
    var counted = SeriesCount(queries: queries, window: asked, patience: patience).metrics(service, arm, series)
    counted.window = window
    return counted
  }
}

/// Asks about each arm of each service, some at a time, and turns failures into answers.
enum ArmQuestions {
  private static let atOnce = 4

  static func ask(
    _ services: [String], _ window: MetricWindow,
    _ question: @escaping @Sendable (String, Arm) async throws -> ArmMetrics
  ) async throws(CancellationError) -> [ArmMetrics] {
    let wanted = services.flatMap { service in Arm.allCases.map { (service, $0) } }
    guard window.from.isFinite, window.to.isFinite, window.from < window.to, window.to - window.from <= 86_400 else {
      return wanted.map {
        ArmMetrics(service: $0, arm: $1, window: window, quality: .broken("the window is empty or longer than a day"))
      }
    }
    let answers = await withTaskGroup(of: (Int, ArmMetrics).self) { group in
      var answers: [ArmMetrics?] = Array(repeating: nil, count: wanted.count)
      for (index, (service, arm)) in wanted.enumerated() {
        if index >= atOnce, let (done, answer) = await group.next() { answers[done] = answer }
        group.addTask {
          do {
            return (index, try await question(service, arm))
          } catch {
            let why = (error as? SourceProblem)?.description ?? String(String(describing: error).prefix(300))
            return (index, ArmMetrics(service: service, arm: arm, window: window, quality: .broken(why)))
          }
        }
      }
      while let (done, answer) = await group.next() { answers[done] = answer }
      return answers.compactMap(\.self)
    }
    if Task.isCancelled { throw CancellationError() }
    return answers
  }
}
