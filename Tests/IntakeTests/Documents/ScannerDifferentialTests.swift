import Diagnostics
import Foundation
import Intake
import TestSupport
import Testing

/// The scanner gives exactly what Yams gives, or declines.
struct ScannerDifferentialTests {
  private static func files(_ folders: [String]) throws -> [[UInt8]] {
    try folders.flatMap { try InputLoader.load([$0]).map(\.bytes) }
  }

  private static let examples = Support.root + "/Examples"

  private func hold(_ rounds: Int, atLeast percent: Int, _ text: (inout ManifestTexts) -> [UInt8]) {
    var comparison = ScannerAgainstYams()
    for round in 0..<rounds {
      var texts = ManifestTexts(seed: round)
      let input = text(&texts)
      if let difference = comparison.difference(input) {
        Issue.record("round \(round): \(difference)")
        return
      }
    }
    // A scanner that declines everything would pass, and so would a fuzzer of nothing but broken texts.
    #expect(comparison.read * 100 >= (comparison.read + comparison.declined) * percent)
    if rounds > 100_000 { print("\(rounds) rounds: \(comparison.read) read, \(comparison.declined) declined") }
  }

  @Test func soup() {
    hold(Mutator.rounds(6000, soak: 1_000_000), atLeast: 15) { Array($0.soup().utf8) }
  }

  @Test func generatedDocuments() {
    hold(Mutator.rounds(3000, soak: 500_000), atLeast: 25) { Array($0.document().utf8) }
  }

  @Test func mutationsOfManifests() throws {
    var folders = [Self.examples, Support.root + "/Tests/IntakeTests/Corpus"]
    if let data = Support.data { folders += [data + "/online-boutique", data + "/bookinfo", data + "/crds/linkerd"] }
    let corpus = try Self.files(folders)
    try #require(corpus.count > 5)
    hold(Mutator.rounds(2000, soak: 500_000), atLeast: 30) { texts in
      texts.mutation(of: corpus[texts.upTo(corpus.count)])
    }
  }

  @Test func examplesAreAllScanned() throws {
    var comparison = ScannerAgainstYams()
    for bytes in try Self.files([Self.examples]) { #expect(comparison.difference(bytes) == nil) }
    #expect(comparison.read > 10 && comparison.declined == 0)
  }

  @Test(.enabled(if: Support.data != nil, "no real data: set BULKHEAD_DATA"))
  func realManifests() throws {
    let data = try #require(Support.data)
    var comparison = ScannerAgainstYams()
    for folder in ["online-boutique", "bookinfo", "crds"] {
      for bytes in try Self.files([data + "/" + folder]) {
        #expect(comparison.difference(bytes, countReadable: true) == nil)
      }
    }
    #expect(comparison.read > 50 && comparison.declined == 0)
    // Reports and rules are no manifests, but JSON and YAML all the same; some use anchors.
    for file in try Self.files([data + "/falco"]) { #expect(comparison.difference(file) == nil) }
    for name in ["online-boutique-config.json", "online-boutique-config.sarif"] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: data + "/trivy/" + name))
      #expect(comparison.difference(Array(bytes)) == nil)
    }
    print("real documents: \(comparison.read) scanned, \(comparison.declined) left to Yams")
  }
}
