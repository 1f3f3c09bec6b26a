import Foundation

/// Changes bytes of a corpus for a fuzzer: another byte, a gap, a repetition, a piece of another text, an end too
/// early, or a token of the language.
package struct Mutator: Sendable {
  package let tokens: [String]
  /// The most changes of one text.
  package let most: Int

  package init(tokens: [String], most: Int = 4) {
    self.tokens = tokens
    self.most = most
  }

  /// How many rounds: `few` in every run, `many` under BULKHEAD_SOAK, or as many as BULKHEAD_FUZZ says.
  package static func rounds(_ few: Int, soak many: Int) -> Int {
    let environment = ProcessInfo.processInfo.environment
    if let asked = environment["BULKHEAD_FUZZ"].flatMap({ Int($0) }) { return asked }
    return environment["BULKHEAD_SOAK"] == nil ? few : many
  }

  /// One text of the corpus, changed; the same for the same seed.
  package func mutant(of corpus: [[UInt8]], seed: Int) -> [UInt8] {
    var random = SplitMix64(UInt64(seed))
    var bytes = random.pick(corpus)
    for _ in 0...random.below(most) where !bytes.isEmpty { change(&bytes, corpus, &random) }
    return bytes
  }

  private func change(_ bytes: inout [UInt8], _ corpus: [[UInt8]], _ random: inout SplitMix64) {
    let from = random.below(bytes.count)
    let to = min(bytes.count, from + 1 + random.below(40))
    switch random.below(8) {
    case 0: bytes[from] = UInt8(random.below(256))
    case 1: bytes.removeSubrange(from..<to)
    case 2: bytes.insert(contentsOf: bytes[from..<to], at: random.below(bytes.count))
    case 3:
      let other = random.pick(corpus)
      bytes.insert(contentsOf: other.prefix(1 + random.below(other.count)), at: from)
    case 4: bytes.removeSubrange(from...)
    case 5: bytes.insert(contentsOf: Array(random.pick(tokens).utf8), at: from)
    // In the place of one byte, inside a text rather often, so that the document stays one.
    default: bytes.replaceSubrange(from..<from + 1, with: Array(random.pick(tokens).utf8))
    }
  }
}
