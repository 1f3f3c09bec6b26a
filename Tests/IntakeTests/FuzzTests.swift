import Diagnostics
import FleetModel
import Foundation
import Intake
import TestSupport
import Testing

/// Mutates a small corpus and reads what comes out: it may be refused, and must never trap, hang or lose its place.
struct FuzzTests {
  private static let rounds = Mutator.rounds(2000, soak: 1_000_000)
  private static let mutator = Mutator(tokens: [
    "---\n", "...\n", "&a ", "*a", "<<: *a\n", "{", "}", "[", "]", "? ", ": ", "- ", "|\n", ">-\n", "\"", "'", "#",
    "!!str ",
    "!!binary ", "\t", "\r\n", "\u{FEFF}", "\u{2028}", "~", "null", "1e999", "-1", "99999", "0x", "no", "$(A)", "${B}",
    "http://", "a:1", "@", ":::", "svc.", "List", "items", "%YAML 9\n", "\0", "\u{202E}", "é", "\\u0000", "\\uD800",
    "ClusterRole", "Secret", "Job", "kind: Node\n", "ownerReferences", "50%",
    "matchExpressions: [{key: a}]\n", "rules:",
  ])

  @Test func readingSurvivesAnything() throws {
    let folder = Support.root + "/Tests/IntakeTests/Corpus"
    let corpus = try InputLoader.load([folder]).map(\.bytes)
    #expect(corpus.count >= 5)
    var read = 0
    for round in 0..<Self.rounds {
      let bytes = Self.mutator.mutant(of: corpus, seed: round)
      let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + bytes.count / 2 + 2
      guard let result = try? Support.read(bytes: bytes) else {
        #expect(Support.error(bytes)?.exit == .badInput, "round \(round)")
        continue
      }
      read += 1
      #expect(result.findings.allSatisfy { (0...lines).contains($0.location?.line ?? 0) }, "round \(round)")
      if round % 50 == 0 { #expect(try Support.read(bytes: bytes) == result, "round \(round)") }
    }
    // A fuzzer whose inputs are all refused at the door tests nothing.
    #expect(read > Self.rounds / 4)
  }
}
