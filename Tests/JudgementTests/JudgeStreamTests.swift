import Diagnostics
import Foundation
import Testing

@testable import Judgement

@Suite struct JudgeStreamTests {
  private func line(_ t: String, _ baseline: (String, String), _ canary: (String, String)) -> String {
    "{\"t\":\(t),\"baseline\":{\"n\":\(baseline.0),\"errors\":\(baseline.1)},"
      + "\"canary\":{\"n\":\(canary.0),\"errors\":\(canary.1)}}"
  }

  private struct Answer: Decodable {
    var t: Double
    var verdict: String
    var logE: Double
    var ratio: [Double?]
  }

  private func answer(_ stream: inout JudgeStream, _ text: String) throws -> Answer {
    try JSONDecoder().decode(Answer.self, from: Data(try stream.answer(text).utf8))
  }

  @Test func `keys are in the order of the contract`() throws {
    var stream = JudgeStream(settings: JudgeSettings(tolerance: nil))
    #expect(
      try stream.answer(line("17", ("100", "0"), ("100", "0")))
        == #"{"t":17,"verdict":"continue","logE":0.0,"ratio":[0.0,null]}"#)
    #expect(try stream.answer(line("1.5", ("100", "0"), ("100", "0"))).hasPrefix(#"{"t":1.5,"#))
  }

  @Test func `a regression is found and stays`() throws {
    var stream = JudgeStream(settings: JudgeSettings(tolerance: nil))
    var verdicts: [String] = []
    for second in 1...20 {
      let errors = second <= 10 ? "4" : "0"
      verdicts.append(try answer(&stream, line("\(second)", ("100", "0"), ("100", errors))).verdict)
    }
    #expect(verdicts.first == "continue")
    #expect(verdicts[9...] == Array(repeating: "regression", count: 11)[...])
  }

  @Test func `noWorse stays`() throws {
    var stream = JudgeStream(settings: JudgeSettings(tolerance: nil))
    #expect(try answer(&stream, line("1", ("100000", "500"), ("100000", "500"))).verdict == "noWorse")
    let later = try answer(&stream, line("2", ("100000", "500"), ("100000", "5000")))
    #expect(later.verdict == "noWorse")
    #expect(later.logE > 3)
    #expect((later.ratio[0] ?? 0) > 2)
  }

  @Test(arguments: [
    "", "nonsense", "[]", "{}", "7", "{\"t\":1}", "{\"t\":1,\"baseline\":{\"n\":1,\"errors\":0}}",
    #"{"t":"x","baseline":{"n":1,"errors":0},"canary":{"n":1,"errors":0}}"#,
    #"{"t":1,"baseline":{"n":1},"canary":{"n":1,"errors":0}}"#,
    #"{"t":1,"baseline":{"n":1,"errors":0,"latency":5},"canary":{"n":1,"errors":0}}"#,
    #"{"t":1,"baseline":{"n":1,"errors":0,"status":{"2xx":0.5}},"canary":{"n":1,"errors":0}}"#,
    #"{"t":1,"baseline":{"n":"1","errors":0},"canary":{"n":1,"errors":0}}"#,
    #"{"t":1,"baseline":{"n":1,"errors":0},"canary":{"n":1,"errors":0}} x"#,
    #"{"t":1,"baseline":{"n":1,"errors":0},"canary":{"n":NaN,"errors":0}}"#,
  ])
  func `a line that is none ends the stream with its number`(text: String) throws {
    var stream = JudgeStream(settings: JudgeSettings(tolerance: nil))
    _ = try stream.answer(line("1", ("1", "0"), ("1", "0")))
    let error = try #require(throws: BulkheadError.self) { try stream.answer(text) }
    #expect(error.exit == .badInput)
    #expect(error.location == SourceLocation(file: "<stdin>", line: 2))
    #expect(!error.message.isEmpty && !error.cure.isEmpty)
  }

  @Test func `counts of 1e18 are judged, sums beyond are refused`() throws {
    var stream = JudgeStream(settings: JudgeSettings(tolerance: nil))
    let text = line("1e9", ("1e18", "1e15"), ("1000000000000000000", "1e15"))
    #expect(try answer(&stream, text).verdict == "noWorse")
    for time in 2...9 { _ = try stream.answer(text.replacing("1e9", with: "\(time)e9")) }
    let answer = try stream.answer(text.replacing("1e9", with: "10e9"))
    #expect(answer.contains(#""reasons":["the counts add up to more than can be held"]"#), "\(answer)")
  }

  @Test(arguments: [
    (#"{"t":2,"baseline":{"n":1.5,"errors":0},"canary":{"n":1,"errors":0}}"#, "no whole number"),
    (#"{"t":2,"baseline":{"n":null,"errors":0},"canary":{"n":1,"errors":0}}"#, "no data: baseline has no requests"),
    (#"{"t":2,"baseline":{"n":-1,"errors":0},"canary":{"n":1,"errors":0}}"#, "requests is negative"),
    (#"{"t":2,"baseline":{"n":1,"errors":0},"canary":{"n":1,"errors":2}}"#, "canary: more errors than requests"),
    (#"{"t":2,"baseline":{"n":1e30,"errors":2},"canary":{"n":1,"errors":0}}"#, "more than any counter can hold"),
    (#"{"t":0,"baseline":{"n":1,"errors":0},"canary":{"n":1000000,"errors":999999}}"#, "the clock jumped by -1.0 s"),
    (#"{"t":1,"baseline":{"n":1,"errors":0},"canary":{"n":1,"errors":0}}"#, "overlaps the one before"),
  ])
  func `data that cannot be judged are a reason, never a verdict`(text: String, reason: String) throws {
    var stream = JudgeStream(settings: JudgeSettings(tolerance: nil))
    let before = try answer(&stream, line("1", ("1", "0"), ("1", "0")))
    let reply = try stream.answer(text)
    #expect(reply.contains(reason) && reply.contains("\"reasons\":["), "\(reply)")
    let after = try JSONDecoder().decode(Answer.self, from: Data(reply.utf8))
    #expect(after.verdict == "continue" && after.logE == before.logE)
  }

  @Test func `noWorse is withheld while too many lines could not be judged`() throws {
    var stream = JudgeStream(settings: JudgeSettings(tolerance: nil))
    #expect(try stream.answer(line("1", ("1", "2"), ("1", "0"))).contains("continue"))
    let good = { (time: Int) in self.line("\(time)", ("100000", "500"), ("100000", "500")) }
    for time in 2...4 { #expect(try stream.answer(good(time)).contains("noWorse is withheld")) }
    #expect(try answer(&stream, good(5)).verdict == "noWorse")
  }

  @Test func `at the deadline a decision stands beside continue`() throws {
    var stream = JudgeStream(
      JudgeStreamOptions(settings: JudgeSettings(tolerance: nil), deadline: 10, atDeadline: .rollBack))
    for time in 100..<110 {
      #expect(!(try stream.answer(line("\(time)", ("10", "0"), ("10", "0")))).contains("decision"))
    }
    let late = try stream.answer(line("110", ("10", "0"), ("10", "0")))
    #expect(late.contains(#""verdict":"continue""#) && late.contains(#""decision":"rollBack","reasons":["#), "\(late)")
    var jumping = JudgeStream(JudgeStreamOptions(settings: JudgeSettings(), deadline: 10))
    _ = try jumping.answer(line("1", ("10", "0"), ("10", "0")))
    #expect(!(try jumping.answer(line("1e12", ("10", "0"), ("10", "0")))).contains("decision"))
  }

  private func arm(_ n: Int, latency: String = "", over: String = "", status: String = "") -> String {
    let fields = [("latency", latency), ("over", over), ("status", status)].filter { !$0.1.isEmpty }
    return "{\"n\":\(n),\"errors\":0\(fields.map { ",\"\($0.0)\":\($0.1)" }.joined())}"
  }

  @Test func `latency, thresholds and status are judged where the first line has them`() throws {
    let fast = "[[5,900],[25,95],[100,5],[1000,0],[null,0]]"
    let slow = "[[5,850],[25,95],[100,5],[1000,50],[null,0]]"
    let cases = [
      (
        arm(1000, latency: fast), arm(1000, latency: slow),
        #""latency":[{"level":0.5,"baselineMs":5.0,"budgetMs":20.0"#
      ),
      (arm(1000, over: "[10]"), arm(1000, over: "[60]"), #""latency":[{"level":null,"baselineMs":null"#),
      (arm(1000, status: #"{"2xx":1000}"#), arm(1000, status: #"{"2xx":960,"4xx":40}"#), #""worst":"4xx""#),
    ]
    for (baseline, canary, shown) in cases {
      var stream = JudgeStream(settings: JudgeSettings(tolerance: nil))
      var reply = ""
      for time in 1...8 { reply = try stream.answer("{\"t\":\(time),\"baseline\":\(baseline),\"canary\":\(canary)}") }
      #expect(reply.contains(#""verdict":"regression""#) && reply.contains(shown), "\(reply)")
      var late = JudgeStream(settings: JudgeSettings(tolerance: nil))
      _ = try late.answer(line("0", ("10", "0"), ("10", "0")))
      let ignored = try late.answer("{\"t\":1,\"baseline\":\(baseline),\"canary\":\(canary)}")
      #expect(ignored.contains("only where the first"))
    }
  }

  /// Whatever comes, each line is answered by one line of JSON in the contract's order, or ends the stream.
  @Test func `any stream is survived`() throws {
    var generator = SeededGenerator(seed: 6)
    let soak = ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] != nil
    let values = ["0", "1", "-1", "1e18", "1e19", "null", "0.5", "7", "1e-300", "\"x\"", "[]", "1e400", "-0", "9e15"]
    func any() -> String { values.randomElement(using: &generator) ?? "0" }
    func arm() -> String {
      var fields = ["\"n\":\(any())", "\"errors\":\(any())"]
      if Bool.random(using: &generator) { fields.append("\"latency\":[[\(any()),\(any())],[null,\(any())]]") }
      if Bool.random(using: &generator) { fields.append("\"over\":[\(any())]") }
      if Bool.random(using: &generator) { fields.append("\"status\":{\"5xx\":\(any()),\"2xx\":\(any())}") }
      return "{\(fields.joined(separator: ","))}"
    }
    var answered = 0
    var stream = JudgeStream(settings: JudgeSettings(tolerance: nil))
    for step in 0..<(soak ? 1_000_000 : 4_000) {
      var text = "{\"t\":\(step % 9 == 0 ? any() : "\(step)"),\"baseline\":\(arm()),\"canary\":\(arm())}"
      if step % 50 == 0 { text = String(text.shuffled(using: &generator)) }
      do {
        let reply = try stream.answer(text)
        #expect(reply.hasPrefix("{\"t\":"))
        if step % 20 == 0 { _ = try JSONDecoder().decode(Answer.self, from: Data(reply.utf8)) }
        answered += 1
      } catch let error as BulkheadError {
        #expect(error.exit == .badInput && !error.message.isEmpty)
      }
      if step % 200 == 0 { stream = JudgeStream(settings: JudgeSettings(tolerance: nil)) }
    }
    #expect(answered > 40)
  }
}
