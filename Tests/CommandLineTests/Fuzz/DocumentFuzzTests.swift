import Audit
import Diagnostics
import Foundation
import Intake
import Judgement
import TestSupport
import Testing

@testable import CommandLine

/// Mutates the program's own documents that people hand in: they may be refused with what, where and how to cure it,
/// and nothing else.
struct DocumentFuzzTests {
  private static let rounds = Mutator.rounds(800, soak: 300_000)
  private static let mutator = Mutator(tokens: [
    "{", "}", "[", "]", ",", ": ", "- ", "null", "true", "-1", "0", "1e999", "9223372036854775808", "0.0000001", "\"",
    "\\u0000", "\\uD800", "\u{202E}", "&a ", "*a", "<<: *a\n", "\n", "  ", "---\n", "|\n", "é", "NaN", "2027-02-30",
    "\"a\"", "\"b\"", "[[\"a\",\"b\"],[\"b\",\"a\"]]",
  ])

  private struct Document: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var text: String
    var read: @Sendable ([UInt8]) throws -> Void
  }

  private static func throughFile(_ read: @escaping @Sendable (String) throws -> Void)
    -> @Sendable ([UInt8]) throws -> Void
  {
    { bytes in
      let file = FileManager.default.temporaryDirectory.appendingPathComponent("bulkhead-fuzz-\(UUID().uuidString)")
      try Data(bytes).write(to: file)
      defer { try? FileManager.default.removeItem(at: file) }
      try read(file.path)
    }
  }

  private static let documents = [
    Document(
      testDescription: "exceptions",
      text: """
        apiVersion: bulkhead.dev/v1alpha1
        kind: Exceptions
        spec:
          exceptions:
          - {code: L01, resource: "shop/*[Deployment]", container: main, owner: a, reason: known, expires: 2030-01-31}
          - {code: "*", resource: shop/cart, owner: team-b, reason: "accepted", expires: 2027-06-30}

        """,
      read: { _ = try ExceptionsFile.read($0, name: "exceptions.yaml") }),
    Document(
      testDescription: "baseline",
      text: """
        {"schema":"bulkhead.audit/1","findings":[{"code":"L01","title":"Privileged","severity":"high","resource":\
        {"kind":"Deployment","namespace":"shop","name":"cart","container":"main"},"message":"m","fingerprint":"f"}]}
        """,
      read: { _ = try Baseline.read($0, name: "baseline.json") }),
    Document(
      testDescription: "plant",
      text: """
        apiVersion: bulkhead.dev/v1alpha1
        kind: Plant
        wrongs:
        - sidecarErrors: {workload: shop/web, percent: 3}
        - sidecarDelay: {workload: shop/web, percent: 5, milliseconds: 150}
        - strictTooEarly: {workload: shop/base}
        - cutCall: {caller: shop/web, target: shop/base}

        """,
      read: { bytes in
        _ = try PlantFile.read(
          InputSource(name: "plant.yaml", bytes: bytes), fleet: try PathsFixture.fleet(PathsFixture.shop))
      }),
    Document(
      testDescription: "planning problem",
      text: """
        {"jobs":[{"id":"a","weight":3,"effort":1},{"id":"b","weight":1,"effort":2.5},{"id":"c","weight":0}],\
        "precedence":[["a","b"],["a","c"]],"capacity":3}
        """,
      read: throughFile { _ = try PlanProblem.answer(file: $0) }),
    Document(
      testDescription: "graph",
      text: "{\"pods\":[1,0,3,2,11,4,7,1,1,20],\"edges\":[[0,1],[1,2],[2,0],[3,3],[4,5],[5,6],[6,4],[7,8],[8,9]]}",
      read: throughFile { _ = try PathsProblem.read($0).answer() }),
  ]

  @Test(arguments: documents.indices) func documentsAreReadOrRefused(_ number: Int) throws {
    let document = Self.documents[number]
    try document.read(Array(document.text.utf8))
    var read = 0
    for round in 0..<Self.rounds {
      do {
        try document.read(Self.mutator.mutant(of: [Array(document.text.utf8)], seed: round))
        read += 1
      } catch let error as BulkheadError {
        #expect(error.exit == .badInput && !error.cure.isEmpty, "\(document.testDescription), round \(round): \(error)")
      }
    }
    // A fuzzer whose inputs are all refused at the door tests nothing.
    #expect(read > Self.rounds / 100, "\(document.testDescription): \(read)")
  }

  @Test func countsAreJudgedOrRefused() {
    let lines = (1...4).map { second in
      "{\"t\":\(second),\"baseline\":{\"n\":100,\"errors\":1,\"latency\":[[5,90],[10,8],[null,2]],\"status\":"
        + "{\"2xx\":99,\"5xx\":1}},\"canary\":{\"n\":50,\"errors\":0,\"latency\":[[5,45],[10,4],[null,1]],"
        + "\"status\":{\"2xx\":50}}}"
    }.joined(separator: "\n")
    var answered = 0
    for round in 0..<Self.rounds {
      var stream = JudgeStream(settings: JudgeSettings())
      let mutant = Self.mutator.mutant(of: [Array(lines.utf8)], seed: round)
      for line in String(decoding: mutant, as: UTF8.self).split(separator: "\n") {
        guard let answer = try? stream.answer(String(line)) else { break }
        answered += 1
        #expect(throws: Never.self, "round \(round)") { try JSONSerialization.jsonObject(with: Data(answer.utf8)) }
      }
    }
    #expect(answered > Self.rounds)
  }
}
