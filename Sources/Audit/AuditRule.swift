package import Diagnostics

/// What a finding is an instance of: a vector, a trap, a control of the Pod Security Standards, or a rule about the
/// input itself. A class, because tens of thousands of findings share a few of them.
package final class AuditRule: Sendable {
  package enum Kind: String, Sendable { case vector, trap, control, input }

  /// Stable; never reused for another meaning.
  package let code: String
  package let title: String
  package let severity: Severity
  package let kind: Kind
  /// What goes wrong, in a sentence or two.
  package let explanation: String
  /// What to do about it, in a sentence or two.
  package let mitigation: String
  /// MITRE ATT&CK technique ids.
  package let attack: [String]
  package let references: [String]
  /// A manifest that has it; empty where no manifest can.
  package let example: String
  /// The place among all rules: people expect T10 after T9.
  let order: Int

  init(
    code: String, title: String, severity: Severity, kind: Kind, explanation: String, mitigation: String,
    attack: [String] = [], references: [String] = [], example: String = "", order: Int = .max
  ) {
    self.code = code
    self.title = title
    self.severity = severity
    self.kind = kind
    self.explanation = explanation
    self.mitigation = mitigation
    self.attack = attack
    self.references = references
    self.example = example
    self.order = order
  }
}
