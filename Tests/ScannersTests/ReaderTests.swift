import Foundation
import TestSupport
import Testing

@testable import Scanners

struct ReaderTests {
  private func skips(_ text: String) -> Bool {
    var reader = JSONReader(Array(text.utf8))
    do {
      try reader.skip()
      try reader.finish()
      return true
    } catch {
      return false
    }
  }

  @Test(arguments: [
    "{}", "[]", "null", " [1, -2.5e3, true, false, null, \"a\\\"b\", {\"a\": {\"b\": []}}] ", "\"\\u00e9\"",
    "{\"a\":1,\"b\":[{}]}",
  ])
  func wholeDocumentsAreSkipped(_ text: String) { #expect(skips(text)) }

  @Test(arguments: [
    "", "{", "[", "{\"a\"}", "{\"a\":}", "{a:1}", "[1 2]", "{\"a\":1 \"b\":2}", "tru", "nul", "\"abc", "[1]]", "{} {}",
    "\"a\nb\"", "-", "[,]", "+1",
  ])
  func brokenOnesAreRefused(_ text: String) { #expect(!skips(text)) }

  @Test(arguments: [
    ("\"\"", ""), ("\"a\\n\\t\\\\\\/\"", "a\n\t\\/"), ("\"\\u00e9\\ud83d\\ude00\"", "é😀"),
    ("\"\\ud83dx\"", "\u{FFFD}x"),
    ("\"\\ude00\"", "\u{FFFD}"), ("\"ü\"", "ü"),
  ])
  func textsAreUnescaped(_ written: String, _ wanted: String) throws {
    var reader = JSONReader(Array(written.utf8))
    #expect(try reader.text("") == wanted)
  }

  @Test(arguments: ["\"\\u12\"", "\"\\uZZZZ\"", "\"\\q\""])
  func badEscapesAreRefused(_ text: String) {
    var reader = JSONReader(Array(text.utf8))
    #expect(throws: JSONReader.Problem.self) { try reader.text("") }
  }

  @Test func longTextsAreCutBetweenCharacters() throws {
    for padding in 0..<4 {
      let text = String(repeating: "a", count: padding) + String(repeating: "é", count: 5_000)
      var reader = JSONReader(Array("\"\(text)\"".utf8))
      let read = try reader.text("")
      #expect(read.utf8.count <= JSONReader.longestText && read.utf8.count > JSONReader.longestText - 4)
      #expect(text.hasPrefix(read))
    }
  }

  @Test(arguments: [5, 100])
  func duplicateKeysAreAnError(_ keys: Int) throws {
    let entries = (0..<keys).map { "\"k\($0)\":\($0)" }
    func read(_ entries: [String]) throws -> Int {
      var reader = JSONReader(Array("{\(entries.joined(separator: ","))}".utf8))
      var count = 0
      _ = try reader.enterObject("")
      while try reader.nextKey() != nil {
        try reader.skip()
        count += 1
      }
      return count
    }
    #expect(try read(entries) == keys)
    #expect(throws: JSONReader.Problem.self) { try read(entries + ["\"k3\":0"]) }
  }

  @Test func nestingIsBounded() {
    let deep = String(repeating: "[", count: JSONReader.nesting) + String(repeating: "]", count: JSONReader.nesting)
    #expect(skips(deep))
    #expect(!skips("[\(deep)]"))
    #expect(!skips(String(repeating: "{\"a\":", count: 1_000_000)))
  }

  /// Against Foundation: whatever this reader takes, Foundation takes, and the other way round, on mutated documents.
  @Test func agreesWithFoundation() throws {
    let corpus = try ["trivy-image", "clair", "openvex"].map { try Support.corpus($0).bytes }
    var refused = 0
    for round in 0..<600 {
      var generator = SplitMix64(UInt64(round))
      var bytes = corpus[round % corpus.count]
      let from = Int.random(in: bytes.indices, using: &generator)
      switch round % 3 {
      case 0: bytes.remove(at: from)
      case 1: bytes[from] = UInt8.random(in: 0x20...0x7E, using: &generator)
      default: bytes.swapAt(from, Int.random(in: bytes.indices, using: &generator))
      }
      let theirs = (try? JSONSerialization.jsonObject(with: Data(bytes))) != nil
      let ours = skips(String(decoding: bytes, as: UTF8.self))
      // Foundation checks numbers and escapes inside what this reader skips; it is never the more generous one.
      if theirs { #expect(ours, "round \(round)") }
      if !ours { refused += 1 }
    }
    #expect(refused > 100)
  }
}
