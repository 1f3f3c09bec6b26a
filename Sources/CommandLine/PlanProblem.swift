import Diagnostics
import Foundation
import Planning

/// A bare instance, for comparisons and for other programs: `plan --problem` (design, section 4).
struct PlanProblem: Decodable {
  struct Job: Decodable {
    var id: String
    var weight: Double
    var effort: Double?
  }
  var jobs: [Job]
  var precedence: [[String]]?
  var capacity: Double

  private struct Answer: Encodable {
    var order: [[String]]
    var objective: Double
    var lowerBound: Double
    var solverSeconds: Double
  }

  private static let example = """
    write {"jobs":[{"id":"a","weight":3,"effort":1},{"id":"b","weight":1,"effort":1}],"precedence":[["a","b"]],\
    "capacity":2}
    """

  static func answer(file: String) throws -> String {
    let problem: PlanProblem
    do {
      let url = URL(fileURLWithPath: file == "-" ? "/dev/stdin" : file)
      problem = try JSONDecoder().decode(PlanProblem.self, from: Data(contentsOf: url))
    } catch {
      throw BulkheadError(
        .badInput, "\(file.safeForTerminal) is not a planning problem (\(reason(error).safeForTerminal))", cure: example)
    }
    let bare = try problem.waveProblem()
    var solution: WaveSolution?
    let time = try ContinuousClock().measure { solution = try WaveSolver().solve(bare) }
    guard let solution else { return "" }
    let answer = Answer(
      order: solution.waves.map { $0.map { bare.jobs[$0].id } }, objective: solution.objective,
      lowerBound: solution.lowerBound, solverSeconds: time / .seconds(1))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = String(decoding: try encoder.encode(answer), as: UTF8.self)
    return "{\"schema\":\"bulkhead.plan.problem/1\"," + body.dropFirst() + "\n"
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "no \(key.stringValue)"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "wrong type at " + context.codingPath.map(\.stringValue).joined(separator: ".")
    case DecodingError.dataCorrupted: "no JSON, or a number out of range"
    default: error.localizedDescription
    }
  }

  func waveProblem() throws(BulkheadError) -> WaveProblem {
    var places: [String: Int] = [:]
    for (index, job) in jobs.enumerated() where places.updateValue(index, forKey: job.id) != nil {
      throw BulkheadError(.badInput, "two jobs are called \(job.id.safeForTerminal)", cure: "give each job its own id")
    }
    var pairs: [WaveProblem.Precedence] = []
    for pair in precedence ?? [] {
      guard pair.count == 2 else {
        throw BulkheadError(.badInput, "an entry of precedence has \(pair.count) ids", cure: "write [\"a\",\"b\"]")
      }
      guard let before = places[pair[0]], let after = places[pair[1]] else {
        let unknown = places[pair[0]] == nil ? pair[0] : pair[1]
        throw BulkheadError(
          .badInput, "precedence names \(unknown.safeForTerminal), which is no job", cure: "add the job or drop the pair")
      }
      pairs.append(WaveProblem.Precedence(before, after))
    }
    let (efforts, capacity) = try wholeEfforts()
    let problem = WaveProblem(
      jobs: zip(jobs, efforts).map { WaveProblem.Job(id: $0.id, weight: $0.weight, effort: $1) }, precedence: pairs,
      capacity: capacity)
    try problem.validate()
    if let cycle = problem.shortestCycle() {
      let names = (cycle + cycle.prefix(1)).map { jobs[$0].id.safeForTerminal }.joined(separator: " → ")
      throw BulkheadError(
        .badInput, "no order exists, because these jobs wait for each other: \(names)",
        cure: "take one of these pairs out of precedence")
    }
    return problem
  }

  /// Efforts and capacity as whole numbers of the smallest decimal that all of them are multiples of, up to a
  /// millionth, so that sums are exact.
  private func wholeEfforts() throws(BulkheadError) -> ([Int], Int) {
    for (name, value) in jobs.lazy.map({ ("job " + $0.id, $0.effort ?? 1) }) + [("the capacity", capacity)] {
      guard value.isFinite, value > 0, value <= WaveProblem.maximumNumber else {
        throw BulkheadError(
          .badInput, "\(name.safeForTerminal): \(value) is no effort", cure: "give a number above 0, at most 1e12")
      }
    }
    let values = jobs.map { $0.effort ?? 1 } + [capacity]
    var scale = 1.0
    while scale <= 1_000_000 {
      let scaled = values.map { ($0 * scale).rounded() }
      if zip(values, scaled).allSatisfy({ $0 == $1 / scale }) {
        return (scaled.dropLast().map { Int($0) }, Int(scaled[values.count - 1]))
      }
      scale *= 10
    }
    throw BulkheadError(
      .badInput, "an effort or the capacity has more than six decimals", cure: "round efforts to a millionth")
  }
}
