/// The text in which programs expose their metrics to Prometheus (format 0.0.4; OpenMetrics' samples are read too,
/// their exemplars are not).
enum Exposition {
  /// The series of the metrics that are wanted, each with one sample.
  ///
  /// - Parameter time: of the scrape, given to samples without a time of their own.
  /// - Throws: for a line that is none; a half-read page would miss counters without a word.
  static func series(
    _ bytes: [UInt8], at time: Double, wanted: (String) -> Bool
  ) throws(SourceProblem) -> [MetricSeries] {
    guard bytes.count <= SourceLimits.answerBytes else {
      throw SourceProblem("the metrics have more than \(SourceLimits.answerBytes) bytes")
    }
    var result: [MetricSeries] = []
    var number = 0
    var rest = bytes[...]
    // Line by line: a page of nothing but line ends must not become millions of lines in memory.
    while !rest.isEmpty {
      let line = rest.prefix { $0 != UInt8(ascii: "\n") }
      rest = rest.dropFirst(line.count + 1)
      number += 1
      guard line.count <= SourceLimits.lineBytes else { throw SourceProblem("line \(number) is too long") }
      var scanner = ExpositionScanner(line)
      do throws(SourceProblem) {
        guard let series = try scanner.series(at: time, wanted: wanted) else { continue }
        guard result.count < SourceLimits.series else {
          throw SourceProblem("more than \(SourceLimits.series) series are wanted")
        }
        result.append(series)
      } catch {
        throw SourceProblem("line \(number) of the metrics: \(error)")
      }
    }
    return result
  }

  /// A number as Prometheus writes it: `+Inf` and `NaN` are numbers, `nan`, `0x1p3` and 1e999 are none.
  static func value(_ text: String) -> Double? {
    switch text {
    case "+Inf", "Inf": return .infinity
    case "-Inf": return -.infinity
    case "NaN": return .nan
    default:
      guard text.utf8.count <= 400, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
        let value = Double(text), value.isFinite
      else { return nil }
      return value
    }
  }
}

private struct ExpositionScanner {
  private var rest: ArraySlice<UInt8>

  init(_ line: ArraySlice<UInt8>) { rest = line.last == UInt8(ascii: "\r") ? line.dropLast() : line }

  /// Nil for blank lines, comments and metrics that are not wanted.
  mutating func series(at time: Double, wanted: (String) -> Bool) throws(SourceProblem) -> MetricSeries? {
    skipBlanks()
    guard let first = rest.first, first != UInt8(ascii: "#") else { return nil }
    let metric = name(colons: true)
    guard !metric.isEmpty else { throw SourceProblem("no metric's name begins here") }
    skipBlanks()
    var labels: [MetricSeries.Label] = []
    if rest.first == UInt8(ascii: "{") { labels = try labelSet() }
    guard wanted(metric) else { return nil }
    let words = rest.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
    guard let written = words.first, let value = Exposition.value(String(decoding: written, as: UTF8.self)) else {
      throw SourceProblem("'\(metric.prefix(80))' has no value")
    }
    var own = time
    if words.count > 1, words[1].first != UInt8(ascii: "#") {
      // Milliseconds in 0.0.4, seconds with a fraction in OpenMetrics.
      let text = String(decoding: words[1], as: UTF8.self)
      guard let stamp = Double(text), stamp.isFinite else { throw SourceProblem("a time is no number") }
      own = text.contains(".") ? stamp : stamp / 1_000
    }
    return MetricSeries(
      metric: metric, labels: labels.sorted { $0.name < $1.name }, samples: [MetricSample(time: own, value: value)])
  }

  private mutating func skipBlanks() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }

  private mutating func name(colons: Bool) -> String {
    let word = rest.prefix { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: colons && byte == UInt8(ascii: ":")
      }
    }
    rest = rest.dropFirst(word.count)
    if let first = word.first, (0x30...0x39).contains(first) { return "" }
    return String(decoding: word, as: UTF8.self)
  }

  private mutating func labelSet() throws(SourceProblem) -> [MetricSeries.Label] {
    rest = rest.dropFirst()
    var labels: [MetricSeries.Label] = []
    while true {
      skipBlanks()
      if rest.first == UInt8(ascii: "}") { break }
      let name = name(colons: false)
      skipBlanks()
      guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { throw SourceProblem("a label has no name") }
      skipBlanks()
      guard rest.popFirst() == UInt8(ascii: "\"") else { throw SourceProblem("the label '\(name)' has no value") }
      guard !labels.contains(where: { $0.name == name }) else {
        throw SourceProblem("the label '\(name)' stands twice")
      }
      guard labels.count < SourceLimits.labels else { throw SourceProblem("too many labels") }
      labels.append(MetricSeries.Label(name: name, value: try quoted()))
      skipBlanks()
      if rest.first == UInt8(ascii: ",") {
        rest = rest.dropFirst()
      } else if rest.first != UInt8(ascii: "}") {
        throw SourceProblem("a comma is missing after the label '\(name)'")
      }
    }
    rest = rest.dropFirst()
    return labels
  }

  private mutating func quoted() throws(SourceProblem) -> String {
    var value: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { throw SourceProblem("a label's value is cut off") }
        value.append(escaped == UInt8(ascii: "n") ? 0x0A : escaped)
      default: value.append(byte)
      }
    }
    throw SourceProblem("a label's value is cut off")
  }
}
