package import Judgement

/// Counts from the user's own PromQL: one expression for requests, one for errors, each giving a single number of what
/// happened in the window, such as `sum(increase(http_requests_total{app="$name-$arm"}[$window]))`.
///
/// `$namespace`, `$name`, `$arm` and `$window` are filled in; names are escaped as inside a string. `increase`
/// extrapolates, so its numbers are rounded; prefer `PrometheusSource` where its queries fit.
package struct PrometheusExpressionSource: MetricSource {
  let client: PrometheusClient
  let requests: String
  let errors: String
  /// Seconds; as in `PrometheusSource`.
  let delay: Double

  package init(_ client: PrometheusClient, requests: String, errors: String, delay: Double) {
    self.client = client
    self.requests = requests
    self.errors = errors
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
    let name = try ServiceName(service)
    var result = ArmMetrics(service: service, arm: arm, window: window, quality: .fresh)
    do throws(Absence) {
      let end = window.to - delay
      let all = try await number(Self.filled(requests, name, arm, window), "requests", end)
      let failed = try await number(Self.filled(errors, name, arm, window), "errors", end)
      result.requests = all.rounded()
      result.errors = ErrorCounts(server: failed.rounded())
      if all != all.rounded() || failed != failed.rounded() {
        result.notes = ["counts were rounded; Prometheus' increase() extrapolates"]
      }
    } catch {
      result = ArmMetrics(service: service, arm: arm, window: window, quality: error.quality)
    }
    return result
  }

  private struct Absence: Error { var quality: DataQuality }

  private func number(_ expression: String, _ what: String, _ time: Double) async throws(Absence) -> Double {
    let series: [MetricSeries]
    do {
      series = try await client.instant(expression, at: time)
    } catch {
      let why = (error as? SourceProblem)?.description ?? String(String(describing: error).prefix(300))
      throw Absence(quality: .broken("\(what): \(why)"))
    }
    guard let value = series.first?.samples.first?.value else {
      throw Absence(quality: .absent("no \(what); if no series means none, write 'or vector(0)' behind the expression"))
    }
    guard series.count == 1 else {
      throw Absence(quality: .broken("\(what): \(series.count) series where one number was expected; use sum()"))
    }
    if value.isNaN { throw Absence(quality: .absent("\(what) is NaN")) }
    guard value >= 0, value <= Double(ArmCount.greatest) else {
      throw Absence(quality: .broken("\(what): the number is negative, infinite or absurd"))
    }
    return value
  }

  static func filled(_ expression: String, _ service: ServiceName, _ arm: Arm, _ window: MetricWindow) -> String {
    let values: KeyValuePairs = [
      "$namespace": escaped(service.namespace ?? ""), "$name": escaped(service.name), "$arm": arm.rawValue,
      "$window": PromQL.duration(window.to - window.from),
    ]
    // In one pass, so that a name that looks like a placeholder stays a name.
    var result = ""
    var rest = expression[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[dollar...]
      if let (placeholder, value) = values.first(where: { rest.hasPrefix($0.key) }) {
        result += value
        rest = rest.dropFirst(placeholder.count)
      } else {
        result.append("$")
        rest = rest.dropFirst()
      }
    }
    return result + rest
  }

  private static func escaped(_ value: String) -> String { String(PromQL.quoted(value).dropFirst().dropLast()) }
}
