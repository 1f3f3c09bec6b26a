import Diagnostics
import FleetModel
import Foundation
import Intake
import Testing

/// Mutates a small corpus and reads what comes out: it may be refused, and must never trap, hang or lose its place.
struct FuzzTests {
  private static let rounds =
    ProcessInfo.processInfo.environment["BULKHEAD_FUZZ"].flatMap { Int($0) }
    ?? (ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == nil ? 2000 : 1_000_000)
  private static let tokens = [
    "---\n", "...\n", "&a ", "*a", "<<: *a\n", "{", "}", "[", "]", "? ", ": ", "- ", "|\n", ">-\n", "\"", "'", "#",
    "!!str ",
    "!!binary ", "\t", "\r\n", "\u{FEFF}", "\u{2028}", "~", "null", "1e999", "-1", "99999", "0x", "no", "$(A)", "${B}",
    "http://", "a:1", "@", ":::", "svc.", "List", "items", "%YAML 9\n", "\0", "\u{202E}", "é", "\\u0000", "\\uD800",
    "ClusterRole", "Secret", "Job", "kind: Node\n", "ownerReferences", "50%",
    "matchExpressions: [{key: a}]\n", "rules:",
  ]

  /// A small deterministic generator: a failing round can be run again.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private func mutated(_ corpus: [[UInt8]], _ generator: inout Generator) -> [UInt8] {
    var bytes = corpus[Int.random(in: corpus.indices, using: &generator)]
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
      let from = Int.random(in: bytes.indices, using: &generator)
      let to = min(bytes.count, from + Int.random(in: 1...40, using: &generator))
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[from] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.removeSubrange(from..<to)
      case 2: bytes.insert(contentsOf: bytes[from..<to], at: Int.random(in: bytes.indices, using: &generator))
      case 3:
        let other = corpus[Int.random(in: corpus.indices, using: &generator)]
        bytes.insert(contentsOf: other.prefix(Int.random(in: 1...other.count, using: &generator)), at: from)
      case 4: bytes.removeSubrange(from...)
      default:
        let token = Self.tokens[Int.random(in: Self.tokens.indices, using: &generator)]
        bytes.insert(contentsOf: Array(token.utf8), at: from)
      }
    }
    return bytes
  }

  @Test func readingSurvivesAnything() throws {
    let folder = Support.root + "/Tests/IntakeTests/Corpus"
    let corpus = try InputLoader.load([folder]).map(\.bytes)
    #expect(corpus.count >= 5)
    var read = 0
    for round in 0..<Self.rounds {
      var generator = Generator(state: UInt64(round))
      let bytes = mutated(corpus, &generator)
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
