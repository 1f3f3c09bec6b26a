import Diagnostics

/// The stable codes of what Intake finds, with their titles. A number is never used again for another meaning.
enum IntakeCode: String {
  case unreadable = "BH-INTAKE-001"
  case syntax = "BH-INTAKE-002"
  case limit = "BH-INTAKE-003"
  case unknownKind = "BH-INTAKE-004"
  case wrongValue = "BH-INTAKE-005"
  case duplicate = "BH-INTAKE-006"
  case notAnObject = "BH-INTAKE-007"
  case empty = "BH-INTAKE-008"
  case unusable = "BH-INTAKE-009"
  case ownedTwice = "BH-INTAKE-010"
  case badName = "BH-INTAKE-011"
  case selectsNothing = "BH-INTAKE-012"
  case targetMissing = "BH-INTAKE-013"
  case callToNowhere = "BH-CALL-001"
  case callToMissingPort = "BH-CALL-002"
  case callWithoutWorkload = "BH-CALL-003"
  case serviceWithoutWorkload = "BH-CALL-004"

  var title: String {
    switch self {
    case .unreadable: "Unreadable input"
    case .syntax: "Bad YAML or JSON"
    case .limit: "Input beyond a limit"
    case .unknownKind: "Kind not read"
    case .wrongValue: "Wrong value"
    case .duplicate: "Duplicate object"
    case .notAnObject: "Not a Kubernetes object"
    case .empty: "Nothing in it"
    case .unusable: "Object left out"
    case .ownedTwice: "Owner references in a circle"
    case .badName: "Name that Kubernetes refuses"
    case .selectsNothing: "Selector that matches nothing"
    case .targetMissing: "Target not in the input"
    case .callToNowhere: "Call to nowhere"
    case .callToMissingPort: "Call to a port that the service does not have"
    case .callWithoutWorkload: "Call to a service without workloads"
    case .serviceWithoutWorkload: "Service without workloads"
    }
  }

  /// True where the document (or a part of it) could not be used as Kubernetes would: what `--strict` makes fatal.
  var isBadInput: Bool {
    switch self {
    case .unreadable, .syntax, .limit, .wrongValue, .notAnObject, .unusable, .badName: true
    default: false
    }
  }

  func finding(
    _ severity: Severity, _ message: String, fix: String, resource: String = "", at location: SourceLocation?
  ) -> Finding {
    Finding(
      code: rawValue, title: title, severity: severity, resource: resource, message: message, fix: fix,
      location: location)
  }
}
