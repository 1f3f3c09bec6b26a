package import Diagnostics
package import FleetModel

/// One thing that is wrong at one place, with the patch that cures it there.
package struct AuditFinding: Sendable {
  package let rule: AuditRule
  package var severity: Severity
  package var resource: ObjectReference
  package var container: String?
  /// Names in it come from the input as they are: whoever prints it makes them safe.
  package var message: String
  /// A merge patch in YAML, or a command where no patch can do it.
  package var fix: String
  package var location: SourceLocation?
  /// Where in the object; nil means the names that the fix touches.
  var place: String?
  /// Counts findings that are alike in all that a fingerprint covers.
  var ordinal = 0
  /// The exception that bears it.
  package var exception: AuditException?
  /// In the baseline: somebody knows of it.
  package var isKnown = false

  package init(
    _ rule: AuditRule, severity: Severity? = nil, resource: ObjectReference, container: String? = nil, message: String,
    fix: String, location: SourceLocation?, place: String? = nil
  ) {
    self.rule = rule
    self.severity = severity ?? rule.severity
    self.resource = resource
    self.container = container
    self.message = message
    self.fix = fix
    // Whether a patch ends in a line break says nothing.
    while self.fix.utf8.last == 0x0A { self.fix.removeLast() }
    self.location = location
    self.place = place
  }

  package var code: String { rule.code }

  /// By resource; within one the worst first, then by rule, container and message.
  static func precedes(_ left: AuditFinding, _ right: AuditFinding) -> Bool {
    if left.resource != right.resource { return left.resource < right.resource }
    return precedesWithinResource(left, right)
  }

  static func precedesWithinResource(_ left: AuditFinding, _ right: AuditFinding) -> Bool {
    if left.severity != right.severity { return left.severity > right.severity }
    if left.rule !== right.rule {
      return (left.rule.order, left.code, left.rule.title) < (right.rule.order, right.code, right.rule.title)
    }
    if left.container != right.container { return left.container ?? "" < right.container ?? "" }
    return (left.message, left.fix) < (right.message, right.fix)
  }

  /// Alike in all but the place.
  static func sameRuleAndContainer(_ left: AuditFinding, _ right: AuditFinding) -> Bool {
    left.rule === right.rule && left.container == right.container && left.resource == right.resource
  }
}

/// What could not be decided about one object.
package struct UnknownAssessment: Sendable {
  package let rule: AuditRule
  package var resource: ObjectReference
  /// Completes "unknown, because …".
  package var because: String

  static func precedes(_ left: UnknownAssessment, _ right: UnknownAssessment) -> Bool {
    if left.rule !== right.rule { return (left.rule.order, left.rule.code) < (right.rule.order, right.rule.code) }
    if left.resource != right.resource { return left.resource < right.resource }
    return left.because < right.because
  }
}
