import Diagnostics
import Linux

/// What this machine has and lacks for a rehearsal, in one go.
package struct MachineCheck: Sendable {
  package struct Fact: Sendable {
    package var name: String
    package var isMet: Bool
    package var detail: String
    /// What to do about it; empty when met.
    package var cure: String
  }

  /// In a fixed order.
  package var facts: [Fact]
  package var isReady: Bool { facts.allSatisfy(\.isMet) }

  package static func run() async -> MachineCheck {
    let tools = try? Tools.find()
    let preflight = await Preflight.examine(envoy: tools?.envoy ?? Tools.envoyAlone)
    return MachineCheck(
      facts: preflight.facts.map { Fact(name: $0.name, isMet: $0.isMet, detail: $0.detail, cure: $0.cure) })
  }

  /// Refuses a run that this machine cannot carry out, before anything of it is made.
  /// - Throws: `BulkheadError`: 77 without root, 78 naming everything else that is missing and how to get it.
  static func require(envoy: String, userNamespaces: Bool) async throws {
    let facts = await Preflight.examine(envoy: envoy).failing
    // A cancelled look finds nothing, which says nothing about the machine.
    try Task.checkCancellation()
    if let root = facts.first(where: { $0.name == "root" }) {
      throw BulkheadError(.notPermitted, "a rehearsal needs root (\(root.detail))", cure: root.cure)
    }
    let missing = facts.filter { userNamespaces || $0.name != "user namespaces" }
    guard !missing.isEmpty else { return }
    throw BulkheadError(
      .configuration,
      "this machine cannot rehearse: " + missing.map { "\($0.name) (\($0.detail))" }.joined(separator: ", "),
      cure: missing.map(\.cure).joined(separator: "; "))
  }
}
