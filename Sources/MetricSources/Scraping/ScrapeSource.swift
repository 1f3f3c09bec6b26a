package import Judgement

/// Counts requests from processes that are asked directly: Envoys over their admin interface, applications over their
/// `/metrics`. Counters only say what has happened since their process began, so every question is compared with the
/// one before; the first only starts the counting.
///
/// One reader asks. Where one target of a service does not answer, the whole service waits and the next good answer
/// covers the time since the last one, so that both arms always cover the same span. Histograms of Envoy are a few
/// seconds old, since it merges them at its flush interval (5 s by default); its counters are not.
package actor ScrapeSource: MetricSource {
  package nonisolated let name: String
  private let targets: [ScrapeTarget]
  private let token: BearerToken?
  private let limits: MetricLimits
  private let patience: Double
  /// The last complete look at a service's targets.
  private var last: [String: Look] = [:]

  private struct Look {
    var time: Double
    /// By the target's index.
    var scrapes: [Int: Scrape]
  }

  private typealias Outcome = Result<Scrape, SourceProblem>

  package init(
    _ targets: [ScrapeTarget], token: BearerToken? = nil, limits: MetricLimits = MetricLimits(), patience: Double = 30
  ) {
    self.targets = targets
    self.token = token
    self.limits = limits
    self.patience = patience
    name = targets.count == 1 ? "\(targets[0].address)" : "\(targets.count) metric pages"
  }

  package func metrics(
    of services: [String], in window: MetricWindow
  ) async throws(CancellationError) -> [ArmMetrics] {
    let outcomes = await scrapeAll(window.to)
    if Task.isCancelled { throw CancellationError() }
    return services.flatMap { metrics($0, window, outcomes) }
  }

  private func scrapeAll(_ time: Double) async -> [Outcome] {
    await withTaskGroup(of: (Int, Outcome).self) { group in
      var outcomes = targets.map { _ in Outcome.failure(SourceProblem("it was not asked")) }
      for (index, target) in targets.enumerated() {
        if index >= 8, let (done, outcome) = await group.next() { outcomes[done] = outcome }
        group.addTask { [token, limits] in
          do {
            return (index, .success(try await target.scrape(time, token: token, limits: limits)))
          } catch {
            let why = (error as? SourceProblem)?.description ?? String(String(describing: error).prefix(300))
            return (index, .failure(SourceProblem(why)))
          }
        }
      }
      while let (done, outcome) = await group.next() { outcomes[done] = outcome }
      return outcomes
    }
  }

  private func metrics(_ service: String, _ window: MetricWindow, _ outcomes: [Outcome]) -> [ArmMetrics] {
    func answer(_ quality: (Arm) -> DataQuality) -> [ArmMetrics] {
      Arm.allCases.map { ArmMetrics(service: service, arm: $0, window: window, quality: quality($0)) }
    }
    let own = targets.indices.filter { targets[$0].service == nil || targets[$0].service == service }
    var scrapes: [Int: Scrape] = [:]
    var failures: [Arm: String] = [:]
    for index in own {
      switch outcomes[index] {
      case .success(let scrape): scrapes[index] = scrape
      case .failure(let problem): failures[targets[index].arm] = failures[targets[index].arm] ?? problem.description
      }
    }
    guard failures.isEmpty else {
      return answer { failures[$0].map { .broken($0) } ?? .absent("the other arm did not answer; it waits for it") }
    }
    guard let before = last.updateValue(Look(time: window.to, scrapes: scrapes), forKey: service) else {
      return answer { arm in
        .absent(own.contains { targets[$0].arm == arm } ? "counting starts with this answer" : Self.noTarget)
      }
    }
    guard window.to > before.time else {
      last[service] = before
      return answer { _ in .broken("the question's time is not later than the one before") }
    }
    let span = MetricWindow(from: before.time, to: window.to)
    return Arm.allCases.map { arm in
      counted(service, arm, span, own.filter { targets[$0].arm == arm }, before, scrapes)
    }
  }

  private static let noTarget = "no target belongs to this arm"

  private func counted(
    _ service: String, _ arm: Arm, _ span: MetricWindow, _ own: [Int], _ before: Look, _ now: [Int: Scrape]
  ) -> ArmMetrics {
    guard let first = own.first else {
      return ArmMetrics(service: service, arm: arm, window: span, quality: .absent(Self.noTarget))
    }
    let queries = targets[first].queries
    guard own.allSatisfy({ targets[$0].queries == queries }) else {
      let why = "the targets of one arm have different metrics; name one kind"
      return ArmMetrics(service: service, arm: arm, window: span, quality: .broken(why))
    }
    var series: [MetricSeries] = []
    for index in own {
      let (old, new) = (before.scrapes[index], now[index])
      // Uptimes are whole seconds. A younger process has counted afresh, even where it has counted further.
      if let oldStart = old?.began, let newStart = new?.began, newStart > oldStart + 2 {
        return ArmMetrics(service: service, arm: arm, window: span, quality: .reset)
      }
      series += Self.merged(old?.series ?? [], new?.series ?? [], target: index)
    }
    return SeriesCount(queries: queries, window: span, patience: patience).metrics(service, arm, series)
  }

  /// Both looks' samples, series by series, with the target as a label.
  private static func merged(_ old: [MetricSeries], _ new: [MetricSeries], target: Int) -> [MetricSeries] {
    struct Key: Hashable {
      var metric: String
      var labels: [MetricSeries.Label]
    }
    var result: [MetricSeries] = []
    var places: [Key: Int] = [:]
    for one in old + new {
      let key = Key(metric: one.metric, labels: one.labels)
      if let place = places[key] {
        result[place].samples += one.samples
      } else {
        places[key] = result.count
        result.append(one)
      }
    }
    for index in result.indices {
      result[index].labels.removeAll { $0.name == "instance" }
      result[index].labels.append(MetricSeries.Label(name: "instance", value: "\(target)"))
    }
    return result
  }
}
