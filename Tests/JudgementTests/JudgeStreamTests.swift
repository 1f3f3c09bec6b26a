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
    #"{"t":1,"baseline":{"n":1.5,"errors":0},"canary":{"n":1,"errors":0}}"#,
    #"{"t":1,"baseline":{"n":"1","errors":0},"canary":{"n":1,"errors":0}}"#,
    #"{"t":1,"baseline":{"n":null,"errors":0},"canary":{"n":1,"errors":0}}"#,
    #"{"t":1,"baseline":{"n":-1,"errors":0},"canary":{"n":1,"errors":0}}"#,
    #"{"t":1,"baseline":{"n":1,"errors":2},"canary":{"n":1,"errors":0}}"#,
    #"{"t":1,"baseline":{"n":1e30,"errors":2},"canary":{"n":1,"errors":0}}"#,
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
    for _ in 0..<8 { _ = try stream.answer(text) }
    #expect(throws: BulkheadError.self) { try stream.answer(text) }
  }
}
