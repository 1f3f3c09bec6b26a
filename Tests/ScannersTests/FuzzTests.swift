import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Scanners

/// Mutates each parser's own reports and reads what comes out: it may be refused, and must never trap or hang.
struct FuzzTests {
  private static let rounds = Mutator.rounds(1_500, soak: 1_000_000)
  private static let mutator = Mutator(
    tokens: [
      "{", "}", "[", "]", ",", ":", "null", "true", "-1", "1e999", "99999999999999999999", "\"", "\\", "\\u0000",
      "\\uD800",
      "\"a\":", "{}", "[]", "\"SchemaVersion\":2,", "\"vulnerabilities\":", "sha256:", "pkg:oci/a@b?c=d", "\u{202E}",
      "é",
      "\0", "2026-01-01T00:00:00Z",
    ], most: 3)

  @Test(arguments: ["trivy-image", "trivy-config", "operator", "clair", "openvex", "known-exploited"])
  func readingSurvivesAnything(_ name: String) throws {
    let corpus = try Support.corpus(name).bytes
    let image = try Support.corpus("trivy-image")
    let fleet = Support.fleet(["web": ["nginx:1.16"]])
    var read = 0
    for round in 0..<Self.rounds {
      let source = ReportSource(name: "fuzz", bytes: Self.mutator.mutant(of: [corpus], seed: round))
      do {
        _ = try EvidenceSet.read([source])
        read += 1
        if round % 10 == 0 { _ = try EvidenceSet.read([source, image]).attached(to: fleet) }
      } catch let error as BulkheadError {
        #expect(error.exit == .badInput && !error.cure.isEmpty, "round \(round)")
      }
    }
    // A fuzzer whose inputs are all refused at the door tests nothing.
    #expect(read > Self.rounds / 50, "\(name): \(read)")
  }
}
