/// Prometheus' HTTP API: instant and range queries, each checked for what was asked.
package struct PrometheusClient: Sendable {
  let http: MetricHTTP

  package init(_ address: MetricAddress, token: BearerToken? = nil, limits: MetricLimits = MetricLimits()) {
    http = MetricHTTP(address: address, token: token, limits: limits)
  }

  /// The samples of a selector in (at - seconds, at], with the times at which they were scraped.
  func samples(_ selector: String, last seconds: Double, at time: Double) async throws -> [MetricSeries] {
    let answer = try await ask(
      "query", ["query": "\(selector)[\(PromQL.duration(seconds))]", "time": Self.stamp(time)])
    guard case .matrix(let series) = answer else {
      throw SourceProblem("the answer is a \(answer.kind) where a matrix was asked for")
    }
    // A millisecond for rounding.
    try Self.check(series, from: time - seconds - 0.01, to: time + 0.01)
    return series
  }

  /// The value of an expression at a time. A scalar comes as a series without labels.
  func instant(_ expression: String, at time: Double) async throws -> [MetricSeries] {
    let answer = try await ask("query", ["query": expression, "time": Self.stamp(time)])
    let series: [MetricSeries]
    switch answer {
    case .vector(let vector): series = vector
    case .scalar(let sample): series = [MetricSeries(metric: "", labels: [], samples: [sample])]
    case .matrix, .string: throw SourceProblem("the answer is a \(answer.kind) where a vector was asked for")
    }
    // The time of an instant answer is the time asked for.
    try Self.check(series, from: time - 0.01, to: time + 0.01)
    return series
  }

  /// The values of an expression at each step of a span; at most 11,000 steps, Prometheus' own limit.
  func range(_ expression: String, from: Double, to: Double, step: Double) async throws -> [MetricSeries] {
    guard from <= to, step >= 0.001, (to - from) / step <= 11_000 else {
      throw SourceProblem("a span needs an end after its start and at most 11,000 steps")
    }
    let answer = try await ask(
      "query_range",
      ["query": expression, "start": Self.stamp(from), "end": Self.stamp(to), "step": Self.stamp(step)])
    guard case .matrix(let series) = answer else {
      throw SourceProblem("the answer is a \(answer.kind) where a matrix was asked for")
    }
    try Self.check(series, from: from - 0.01, to: to + 0.01)
    return series
  }

  private func ask(_ endpoint: String, _ fields: KeyValuePairs<String, String>) async throws -> PrometheusAnswer {
    let form = fields.map { "\($0.key)=\(MetricHTTP.encoded($0.value))" }.joined(separator: "&")
    // A question that changes nothing is a GET, which also passes proxies that allow reading alone; a long one must
    // be posted.
    let path = "/api/v1/\(endpoint)"
    let isShort = form.utf8.count <= 4_000
    return try PrometheusAnswer(await isShort ? http.ask("\(path)?\(form)") : http.ask(path, form: form))
  }

  private static func check(_ series: [MetricSeries], from: Double, to: Double) throws(SourceProblem) {
    for one in series {
      for sample in one.samples where sample.time < from || sample.time > to {
        let (side, by) = sample.time < from ? ("before", from - sample.time) : ("after", sample.time - to)
        throw SourceProblem("the answer holds a time \(Self.stamp(by)) s \(side) the span that was asked for")
      }
    }
  }

  /// Seconds with three digits, which is Prometheus' precision.
  static func stamp(_ seconds: Double) -> String {
    guard abs(seconds) < 1e12 else { return "\(seconds)" }
    let milliseconds = Int((seconds * 1_000).rounded())
    let rest = String(abs(milliseconds) % 1_000)
    return "\(milliseconds < 0 ? "-" : "")\(abs(milliseconds) / 1_000)."
      + String(repeating: "0", count: 3 - rest.count) + rest
  }
}
