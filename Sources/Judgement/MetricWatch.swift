/// Turns the answers of a source about one service into lines for `JudgeStream`. Pure: the clock is the caller's.
///
/// A window that brought nothing is asked for again together with the next one, until patience ends: between two
/// scrapes there is nothing to see, and that is neither an error nor a zero.
package struct MetricWatch: Sendable {
  private let failures: FailurePolicy
  private let patience: Double
  private let status: Bool
  private var from: Double
  /// Since when there is nothing to see.
  private var silentSince: Double?
  /// Whether any answer could be judged.
  package private(set) var hasSeenData = false

  /// - Parameters:
  ///   - start: seconds since 1970; counting starts here.
  ///   - patience: seconds; longer silence becomes a line without counts.
  ///   - status: whether lines have the classes of answers too, which then take part of the judge's α.
  package init(start: Double, patience: Double, failures: FailurePolicy = FailurePolicy(), status: Bool = false) {
    from = start
    self.status = status
    self.patience = patience
    self.failures = failures
  }

  /// What to ask for at a moment; nil where the clock has not gone on.
  package func window(at now: Double) -> MetricWindow? {
    now > from ? MetricWindow(from: from, to: now) : nil
  }

  package struct Outcome: Sendable, Equatable {
    /// A line for the judge; nil where there is nothing to say yet.
    package var line: String?
    /// For a person: what was wrong or is to be known.
    package var remarks: [String] = []
  }

  package mutating func take(_ answers: [ArmMetrics], of window: MetricWindow) -> Outcome {
    guard let baseline = answers.first(where: { $0.arm == .baseline }),
      let canary = answers.first(where: { $0.arm == .canary })
    else { return Outcome(remarks: ["the source gave no answer"]) }
    var outcome = Outcome()
    for answer in [baseline, canary] {
      if let problem = answer.problem { outcome.remarks.append("\(problem)") }
      outcome.remarks += answer.notes.map { "\(answer.arm.rawValue): \($0)" }
    }
    do throws(DataProblem) {
      let reading = try ArmMetrics.reading(baseline: baseline, canary: canary, failures: failures)
      from = window.to
      silentSince = nil
      hasSeenData = true
      outcome.line = line(reading, baseline, canary)
    } catch {
      // What was lost in a reset is not asked for again; it would be lost each time.
      let isLost = [baseline, canary].contains { $0.quality == .reset }
      let since = silentSince ?? window.from
      let isAbsence = [baseline, canary].allSatisfy {
        if case .absent = $0.quality { true } else { $0.quality.hasCounts }
      }
      if isAbsence, !isLost, window.to - since <= patience {
        silentSince = since
        return outcome
      }
      if isLost { from = window.to }
      silentSince = window.to
      outcome.line = Self.emptyLine(window.to)
    }
    return outcome
  }

  private static func emptyLine(_ time: Double) -> String {
    let nothing = "{\"n\":null,\"errors\":null}"
    return "{\"t\":\(stamp(time)),\"baseline\":\(nothing),\"canary\":\(nothing)}"
  }

  private func line(_ reading: Reading, _ baseline: ArmMetrics, _ canary: ArmMetrics) -> String {
    // Histograms may lag behind counters; more latencies than requests would not be believed.
    let latency =
      [baseline, canary].allSatisfy { one in
        one.latency.map { Double($0.total) <= one.requests ?? 0 } ?? false
      } && baseline.latency?.bounds == canary.latency?.bounds
    let classes = [baseline, canary].map(Self.classes)
    let status = status && !classes.contains(nil)
    func arm(_ counts: ArmReading, _ metrics: ArmMetrics) -> String {
      var text = "{\"n\":\(Self.whole(counts.requests)),\"errors\":\(Self.whole(counts.errors))"
      if status, let classes = Self.classes(metrics) { text += ",\"status\":\(classes)" }
      if latency, let buckets = metrics.latency { text += ",\"latency\":\(Self.buckets(buckets))" }
      return text + "}"
    }
    return "{\"t\":\(Self.stamp(reading.to)),\"baseline\":\(arm(reading.baseline, baseline)),"
      + "\"canary\":\(arm(reading.canary, canary))}"
  }

  /// Nil where the source cannot tell all classes. What was injected carries a server's status.
  private static func classes(_ metrics: ArmMetrics) -> String? {
    guard let requests = metrics.requests, let errors = metrics.errors, let client = errors.client,
      let server = errors.server
    else { return nil }
    let (refused, none) = (client + (errors.denied ?? 0), errors.unanswered ?? 0)
    let failed = server + (errors.injected ?? 0)
    return "{\"2xx\":\(whole(requests - refused - failed - none)),\"4xx\":\(whole(refused)),"
      + "\"5xx\":\(whole(failed)),\"none\":\(whole(none))}"
  }

  private static func whole(_ count: Double?) -> String {
    count.flatMap { Int(exactly: $0) }.map(String.init) ?? "null"
  }

  private static func buckets(_ latency: LatencyCounts) -> String {
    let pairs = latency.counts.enumerated().map { index, count in
      "[\(index < latency.bounds.count ? "\(latency.bounds[index])" : "null"),\(count)]"
    }
    return "[\(pairs.joined(separator: ","))]"
  }

  /// Milliseconds suffice, and are the same wherever they are read.
  private static func stamp(_ seconds: Double) -> String { "\((seconds * 1_000).rounded() / 1_000)" }
}
