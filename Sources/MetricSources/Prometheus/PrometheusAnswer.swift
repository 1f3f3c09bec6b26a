import Diagnostics

/// What Prometheus' HTTP API answers: `{status, data: {resultType, result}, errorType, error, warnings}`.
enum PrometheusAnswer: Equatable {
  case vector([MetricSeries])
  case matrix([MetricSeries])
  case scalar(MetricSample)
  case string

  /// - Throws: for an error, for a warning (the answer is a part then), and for all that is no such answer.
  init(_ answer: HTTPAnswer) throws(SourceProblem) {
    let tree: JSONTree
    do {
      tree = try JSONTree(answer.body)
    } catch {
      throw Self.unreadable(answer.status, error)
    }
    if tree["status"]?.text == "error" {
      throw SourceProblem(
        "error \(Self.excerpt(tree["errorType"]?.text ?? "unknown")): \(Self.excerpt(tree["error"]?.text ?? ""))")
    }
    guard (200..<300).contains(answer.status), tree["status"]?.text == "success" else {
      throw SourceProblem("the answer (status \(answer.status)) is not Prometheus'")
    }
    if let warning = tree["warnings"]?.list?.first {
      throw SourceProblem("the answer is incomplete: \(Self.excerpt(warning.text ?? ""))")
    }
    guard let data = tree["data"], let type = data["resultType"]?.text, let result = data["result"] else {
      throw SourceProblem("the answer has no result")
    }
    switch type {
    case "vector": self = .vector(try Self.series(result, isMatrix: false))
    case "matrix": self = .matrix(try Self.series(result, isMatrix: true))
    case "scalar": self = .scalar(try Self.sample(result))
    case "string": self = .string
    default: throw SourceProblem("the result is of the unknown type '\(Self.excerpt(type))'")
    }
  }

  /// For messages: what came instead of what was asked for.
  var kind: String {
    switch self {
    case .vector: "vector"
    case .matrix: "matrix"
    case .scalar: "scalar"
    case .string: "string"
    }
  }

  private static func unreadable(_ status: Int, _ problem: JSONTree.Problem) -> SourceProblem {
    switch status {
    case 401, 403: SourceProblem("the server refuses the token, or wants one (status \(status))")
    case 404: SourceProblem("there is no Prometheus API at this address (status 404)")
    case 200..<300: SourceProblem("the answer is \(problem)")
    default: SourceProblem("the server answers with status \(status)")
    }
  }

  private static func excerpt(_ text: String) -> String { String(text.prefix(300)).safeForTerminal }

  private static func series(_ result: JSONTree, isMatrix: Bool) throws(SourceProblem) -> [MetricSeries] {
    guard let entries = result.list else { throw SourceProblem("the result is \(result.kind), no list") }
    guard entries.count <= SourceLimits.series else { throw SourceProblem("more than \(SourceLimits.series) series") }
    var all: [MetricSeries] = []
    for entry in entries {
      var one = try identity(entry["metric"])
      if isMatrix, let values = entry["values"]?.list {
        for value in values { one.samples.append(try sample(value)) }
      } else if !isMatrix, let value = entry["value"] {
        one.samples = [try sample(value)]
      } else if entry["histogram"] != nil || entry["histograms"] != nil {
        throw SourceProblem("native histograms are not read; scrape the classic ones too")
      } else {
        throw SourceProblem("a series has no value\(isMatrix ? "s" : "")")
      }
      all.append(one)
    }
    return all
  }

  private static func identity(_ metric: JSONTree?) throws(SourceProblem) -> MetricSeries {
    guard let members = metric?.members, members.count <= SourceLimits.labels else {
      throw SourceProblem("a series has no labels, or too many")
    }
    var series = MetricSeries(metric: "", labels: [], samples: [])
    for member in members {
      guard let value = member.value.text else { throw SourceProblem("a label's value is no text") }
      if member.key == "__name__" {
        series.metric = value
      } else {
        series.labels.append(MetricSeries.Label(name: member.key, value: value))
      }
    }
    series.labels.sort { $0.name < $1.name }
    return series
  }

  /// `[1700000000.123, "1.5"]`: the value is a text, since JSON has no NaN.
  private static func sample(_ tree: JSONTree) throws(SourceProblem) -> MetricSample {
    guard let pair = tree.list, pair.count == 2, let time = pair[0].number, time.isFinite, let text = pair[1].text,
      let value = Exposition.value(text)
    else { throw SourceProblem("a value is not a pair of a time and a number in quotes") }
    return MetricSample(time: time, value: value)
  }
}
