package import Diagnostics
import Foundation

/// The `judge` command without its I/O: one line of JSON in, one line of JSON out.
///
/// In: `{"t":…,"baseline":{"n":…,"errors":…},"canary":{"n":…,"errors":…}}`, counts since the line before. Out:
/// `{"t":…,"verdict":…,"logE":…,"ratio":[lo,hi]}`; logE is the regression's evidence, hi is null while the data set
/// no upper bound. The first verdict other than `continue` stays.
package struct JudgeStream: Sendable {
  private var judge: CanaryJudge
  private var verdict = CanaryVerdict.continue
  private var lineNumber = 0

  package init(settings: JudgeSettings) { judge = CanaryJudge(settings: settings) }

  /// Throws a `badInput` error with the line's number for anything but such a line; the stream ends there.
  package mutating func answer(_ line: String) throws(BulkheadError) -> String {
    lineNumber += 1
    let input = try parse(line)
    let look = Look(baseline: input.baseline.count, canary: input.canary.count)
    if let problem = look.problem { throw refused(problem, "counts are those since the line before") }
    let refusedBefore = judge.refusedLooks
    judge.observe(look)
    if judge.refusedLooks > refusedBefore { throw refused(judge.lastProblem ?? "", "restart with fresh counts") }
    if verdict == .continue { verdict = judge.verdict }
    let evidence = judge.evidence
    let high = evidence.ratioHigh.map(number) ?? "null"
    return "{\"t\":\(input.t.text),\"verdict\":\"\(verdict.rawValue)\",\"logE\":\(number(evidence.logEWorse)),"
      + "\"ratio\":[\(number(evidence.ratioLow)),\(high)]}"
  }

  private func parse(_ line: String) throws(BulkheadError) -> Line {
    do {
      return try JSONDecoder().decode(Line.self, from: Data(line.utf8))
    } catch {
      throw refused(Self.explanation(of: error), Self.shape)
    }
  }

  private func refused(_ message: String, _ cure: String) -> BulkheadError {
    BulkheadError(.badInput, message, cure: cure, location: SourceLocation(file: "<stdin>", line: lineNumber))
  }

  private static let shape =
    "one line is {\"t\":1,\"baseline\":{\"n\":100,\"errors\":0},\"canary\":{\"n\":100,\"errors\":0}}"

  private static func explanation(of error: any Error) -> String {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map(\.stringValue).joined(separator: ".")
    }
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      let parent = path(context)
      return "no \(parent.isEmpty ? "" : parent + ".")\(key.stringValue)"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      return path(context).isEmpty ? "not a JSON object" : "\(path(context)) is not of the right type"
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "\(path(context)) is not a whole number in range"
    default:
      return "not valid JSON"
    }
  }

  private func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
}

/// One input line.
private struct Line: Decodable {
  var t: Time
  var baseline: Arm
  var canary: Arm

  struct Arm: Decodable {
    var n: Int
    var errors: Int
    var count: ArmCount { ArmCount(requests: n, errors: errors) }
  }

  /// A number, given back as it came where it is a whole one.
  struct Time: Decodable {
    var text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let whole = try? container.decode(Int.self) {
        text = "\(whole)"
      } else {
        text = "\(try container.decode(Double.self))"
      }
    }
  }
}
