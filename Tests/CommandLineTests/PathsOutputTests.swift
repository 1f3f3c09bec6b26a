import Breach
import Foundation
import Reports
import Testing

@testable import CommandLine

/// What `paths` prints: word for word for a small shop, inert for hostile names.
struct PathsOutputTests {
  private static let formats: [(name: String, render: @Sendable (BreachAnalysis) -> String)] = [
    ("paths.txt", { PathsTable($0, colored: false).text }),
    ("paths.json", { PathsDocument($0).text() }),
    ("paths.svg", { BreachDrawing($0.picture).svg }),
    ("paths.dot", { $0.picture.dot }),
  ]

  @Test(arguments: 0..<formats.count) func theShopWordForWord(format: Int) throws {
    let analysis = try PathsFixture.analysis(PathsFixture.shop)
    let (name, render) = Self.formats[format]
    #expect(try PathsGolden.isEqual(render(analysis), name), "\(name) differs; BULKHEAD_GOLDEN=write makes it anew")
    #expect(render(analysis) == render(try PathsFixture.analysis(PathsFixture.shop)))
  }

  @Test func theDocumentKeepsItsContract() throws {
    let text = PathsDocument(try PathsFixture.analysis(PathsFixture.shop)).text()
    #expect(text.hasPrefix("{\n  \"schema\" : \"bulkhead.paths/1\""))
    let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(document["exposure"] is Double)
    let workloads = try #require(document["workloads"] as? [[String: Any]])
    #expect(workloads.compactMap { $0["workload"] as? String } == ["shop/base[Deployment]", "shop/web[Deployment]"])
    for workload in workloads {
      #expect(workload["blastRadius"] is Int && workload["exposure"] is Double && workload["reaches"] is [String])
    }
    let path = try #require((document["paths"] as? [[String: Any]])?.first)
    let steps = try #require(path["steps"] as? [[String: String]])
    #expect(steps.allSatisfy { Set($0.keys).isSuperset(of: ["kind", "code", "to"]) })
    for cut in try #require(document["cuts"] as? [[String: Any]]) {
      #expect(cut["mitigation"] is String && cut["workload"] is String && cut.keys.contains("exposureRemoved"))
    }
    let sequence = try #require(document["sequence"] as? [[String: Any]])
    #expect(
      zip(sequence, sequence.dropFirst()).allSatisfy { left, right in
        (left["exposureLeft"] as? Double ?? 0) >= (right["exposureLeft"] as? Double ?? 0)
      })
  }

  @Test(arguments: 0..<formats.count) func hostileNamesAreInert(format: Int) throws {
    let (name, render) = Self.formats[format]
    let text = render(try PathsFixture.analysis(PathsFixture.hostile))
    #expect(!text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 7 || $0.value == 0 })
    if name != "paths.json" { #expect(!text.unicodeScalars.contains { $0.value == 0x202E }) }
    if name == "paths.svg" {
      #expect(!text.contains("<script"))
      #expect(text.components(separatedBy: "</svg>").count == 2)
      let parser = XMLCheck(text)
      #expect(parser.isWellFormed)
    }
  }
}

/// Tags that open are closed in order: enough for a drawing of our own making.
private struct XMLCheck {
  var isWellFormed = true

  init(_ text: String) {
    var open: [Substring] = []
    for piece in text.split(separator: "<", omittingEmptySubsequences: true) {
      guard let end = piece.firstIndex(of: ">") else {
        isWellFormed = false
        return
      }
      let tag = piece[..<end]
      if tag.hasPrefix("/") {
        if open.popLast() != tag.dropFirst() { isWellFormed = false }
      } else if !tag.hasSuffix("/") {
        open.append(tag.prefix { $0 != " " })
      }
    }
    if !open.isEmpty { isWellFormed = false }
  }
}
