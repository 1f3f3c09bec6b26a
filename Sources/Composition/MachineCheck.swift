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
}
