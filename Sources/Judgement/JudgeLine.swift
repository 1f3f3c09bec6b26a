import Diagnostics
import Foundation

/// One line of the `judge` command's input.
struct JudgeLine: Decodable {
  var t: Time
  var baseline: Arm
  var canary: Arm

  /// A number, given back as it came where it is a whole one.
  struct Time: Decodable {
    var text: String
    var value: Double

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let whole = try? container.decode(Int.self) {
        (text, value) = ("\(whole)", Double(whole))
      } else {
        value = try container.decode(Double.self)
        text = "\(value)"
      }
    }
  }

  /// `n` and `errors` must be there; null is "no data". The others are optional.
  struct Arm: Decodable {
    var reading: ArmReading
    var latency: [[Double?]]?
    var over: [Int]?
    var status: [String: Int]?

    private enum CodingKeys: String, CodingKey { case n, errors, latency, over, status }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      func count(_ key: CodingKeys) throws -> Double? {
        try container.decodeNil(forKey: key) ? nil : try container.decode(Double.self, forKey: key)
      }
      reading = ArmReading(requests: try count(.n), errors: try count(.errors))
      latency = try container.decodeIfPresent([[Double?]].self, forKey: .latency)
      over = try container.decodeIfPresent([Int].self, forKey: .over)
      status = try container.decodeIfPresent([String: Int].self, forKey: .status)
    }
  }

  private static let shape =
    "one line is {\"t\":1,\"baseline\":{\"n\":100,\"errors\":0},\"canary\":{\"n\":100,\"errors\":0}}"

  static func parse(_ line: String, number: Int) throws(BulkheadError) -> JudgeLine {
    do {
      return try JSONDecoder().decode(JudgeLine.self, from: Data(line.utf8))
    } catch {
      throw BulkheadError(
        .badInput, explanation(of: error), cure: shape, location: SourceLocation(file: "<stdin>", line: number))
    }
  }

  private static func explanation(of error: any Error) -> String {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map(\.stringValue).joined(separator: ".").safeForTerminal
    }
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      let parent = path(context)
      return "no \(parent.isEmpty ? "" : parent + ".")\(key.stringValue)"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      return path(context).isEmpty ? "not a JSON object" : "\(path(context)) is not of the right type"
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "\(path(context)) is not a number in range"
    default:
      return "not valid JSON"
    }
  }
}

extension JudgeLine {
  /// The judge for a stream that begins with this line: α is shared among the metrics that it has.
  func judge(_ options: JudgeStreamOptions) -> MetricsJudge {
    let settings = LatencySettings(budget: options.budget)
    var latency: LatencyTest?
    if baseline.latency != nil, canary.latency != nil {
      latency = LatencyTest(settings: settings)
    } else if let thresholds = baseline.over?.count, canary.over != nil {
      latency = LatencyTest(thresholds: thresholds, settings: settings)
    }
    let status = baseline.status != nil && canary.status != nil ? StatusTest(margin: options.settings.margin) : nil
    return MetricsJudge(settings: options.settings, latency: latency, status: status)
  }

  /// The look, and why parts of it were left out.
  func look(for judge: MetricsJudge) throws(DataProblem) -> (look: MetricsLook, leftOut: [String]) {
    let first = try baseline.reading.count("baseline")
    let second = try canary.reading.count("canary")
    var look = MetricsLook(errors: Look(baseline: first, canary: second))
    var leftOut: [String] = []
    if judge.latency != nil {
      do throws(DataProblem) {
        look.latency = try latencies(first, second)
        look.over = look.latency == nil ? try counts(first, second) : nil
        if look.latency == nil, look.over == nil { throw .noData("no latencies in this line") }
      } catch { leftOut.append("\(error)") }
    } else if baseline.latency ?? canary.latency != nil || baseline.over ?? canary.over != nil {
      leftOut.append("latency is judged only where the first line has it in both arms")
    }
    if judge.status != nil {
      do throws(DataProblem) { look.status = try classes() } catch { leftOut.append("\(error)") }
    } else if baseline.status ?? canary.status != nil {
      leftOut.append("status classes are judged only where the first line has them in both arms")
    }
    return (look, leftOut)
  }

  private func latencies(_ first: ArmCount, _ second: ArmCount) throws(DataProblem)
    -> MetricsLook.Pair<LatencyCounts>?
  {
    guard let slow = baseline.latency, let slower = canary.latency else { return nil }
    return .init(
      try Self.buckets(slow, of: first, "baseline.latency"), try Self.buckets(slower, of: second, "canary.latency"))
  }

  /// `[[5,90],[10,8],[null,2]]`: upper bound in milliseconds, count; null for the bucket without a bound.
  private static func buckets(_ pairs: [[Double?]], of arm: ArmCount, _ name: String) throws(DataProblem)
    -> LatencyCounts
  {
    var bounds: [Double] = []
    var counts: [Int] = []
    for (index, pair) in pairs.enumerated() {
      guard pair.count == 2, let count = pair[1], count >= 0, count <= Double(ArmCount.greatest),
        count == count.rounded()
      else { throw .malformed("\(name): bucket \(index + 1) is not [milliseconds or null, whole number]") }
      if let bound = pair[0] {
        bounds.append(bound)
      } else if index != pairs.count - 1 {
        throw .malformed("\(name): bucket \(index + 1) has no bound and is not the last")
      }
      counts.append(Int(count))
    }
    if counts.count == bounds.count { counts.append(0) }
    guard let result = LatencyCounts(bounds: bounds, counts: counts) else {
      throw .malformed("\(name): bounds must rise, and be at most \(LatencyCounts.mostBuckets)")
    }
    guard result.total <= arm.requests else { throw .malformed("\(name): more latencies than requests") }
    return result
  }

  private func counts(_ first: ArmCount, _ second: ArmCount) throws(DataProblem) -> MetricsLook.Pair<[Int]>? {
    guard let slow = baseline.over, let slower = canary.over else { return nil }
    func check(_ values: [Int], _ arm: ArmCount, _ name: String) throws(DataProblem) {
      for value in values where value < 0 { throw .negative("\(name): \(value)") }
      for value in values where value > arm.requests {
        throw .malformed("\(name): \(value) of \(arm.requests) requests")
      }
    }
    try check(slow, first, "baseline.over")
    try check(slower, second, "canary.over")
    return .init(slow, slower)
  }

  private func classes() throws(DataProblem) -> MetricsLook.Pair<[Int]> {
    guard let first = baseline.status, let second = canary.status else { throw .noData("no status in this line") }
    return .init(try Self.ordered(first, "baseline.status"), try Self.ordered(second, "canary.status"))
  }

  private static func ordered(_ status: [String: Int], _ name: String) throws(DataProblem) -> [Int] {
    if let unknown = status.keys.sorted().first(where: { !StatusTest.classes.contains($0) }) {
      let known = StatusTest.classes.joined(separator: ", ")
      throw .malformed("\(name): \(String(unknown.prefix(20)).safeForTerminal) is none of \(known)")
    }
    for key in status.keys.sorted() where status[key] ?? 0 < 0 { throw .negative("\(name).\(key)") }
    return StatusTest.classes.map { status[$0] ?? 0 }
  }
}
