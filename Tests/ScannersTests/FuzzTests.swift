import Diagnostics
import Foundation
import Testing

@testable import Scanners

/// Mutates each parser's own reports and reads what comes out: it may be refused, and must never trap or hang.
struct FuzzTests {
  private static let rounds =
    ProcessInfo.processInfo.environment["BULKHEAD_FUZZ"].flatMap { Int($0) }
    ?? (ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == nil ? 1_500 : 1_000_000)
  private static let tokens = [
    "{", "}", "[", "]", ",", ":", "null", "true", "-1", "1e999", "99999999999999999999", "\"", "\\", "\\u0000",
    "\\uD800",
    "\"a\":", "{}", "[]", "\"SchemaVersion\":2,", "\"vulnerabilities\":", "sha256:", "pkg:oci/a@b?c=d", "\u{202E}",
    "é",
    "\0", "2026-01-01T00:00:00Z",
  ]

  private func mutated(_ corpus: [UInt8], _ generator: inout Generator) -> [UInt8] {
    var bytes = corpus
    for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
      let from = Int.random(in: bytes.indices, using: &generator)
      let to = min(bytes.count, from + Int.random(in: 1...40, using: &generator))
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[from] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.removeSubrange(from..<to)
      case 2: bytes.insert(contentsOf: bytes[from..<to], at: Int.random(in: bytes.indices, using: &generator))
      case 3: bytes.removeSubrange(from...)
      default:
        // Inside a text rather often, so that the document stays one.
        let token = Self.tokens[Int.random(in: Self.tokens.indices, using: &generator)]
        bytes.replaceSubrange(from..<min(to, from + 1), with: Array(token.utf8))
      }
    }
    return bytes
  }

  @Test(arguments: ["trivy-image", "trivy-config", "operator", "clair", "openvex", "known-exploited"])
  func readingSurvivesAnything(_ name: String) throws {
    let corpus = try Support.corpus(name).bytes
    let image = try Support.corpus("trivy-image")
    let fleet = Support.fleet(["web": ["nginx:1.16"]])
    var read = 0
    for round in 0..<Self.rounds {
      var generator = Generator(state: UInt64(round))
      let source = ReportSource(name: "fuzz", bytes: mutated(corpus, &generator))
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
