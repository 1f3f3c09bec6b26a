import Diagnostics
import Testing

@testable import Composition

@Suite("Which cluster a run belongs to")
struct ClusterIdentityTests {
  private static let begun = ClusterIdentity(namespaces: ["shop": "u1", "money": "u2"], context: "here\u{1B}[2J")

  @Test(
    "is the one that has one of its namespaces still",
    arguments: [
      (["shop": "u1", "money": "u2"], true), (["shop": "u1", "money": "u9"], true), (["money": "u2"], true),
      (["shop": "u8", "money": "u9"], false), (["shop": "u2", "money": "u1"], false), (["other": "u1"], false),
      ([:], false),
    ] as [([String: String], Bool)])
  func required(_ found: [String: String], _ isSame: Bool) throws {
    let found = ClusterIdentity(namespaces: found, context: "there")
    do {
      try Self.begun.require(found)
      #expect(isSame)
    } catch let error as BulkheadError {
      #expect(!isSame && error.exit == .configuration)
      #expect(error.description.contains("money, shop") && !error.description.contains("\u{1B}"))
    }
  }

  @Test("is the same for an undo, though all of its namespaces are gone")
  func undone() throws {
    var (begun, found) = (Self.begun, ClusterIdentity(namespaces: [:], context: "there"))
    #expect(throws: BulkheadError.self) { try begun.require(found, isUndo: true) }
    (begun.system, found.system) = ("s1", "s1")
    try begun.require(found, isUndo: true)
    #expect(throws: BulkheadError.self, "but not to go on") { try begun.require(found) }
    found.system = "s2"
    #expect(throws: BulkheadError.self) { try begun.require(found, isUndo: true) }
  }

  @Test("is any, for a run that found none of its namespaces when it began")
  func none() throws {
    let begun = ClusterIdentity(namespaces: [:], context: "here")
    try begun.require(begun)
    try begun.require(Self.begun)
  }
}
