package import Diagnostics

/// The stable codes of what Intake finds, with their titles. A number is never used again for another meaning.
package enum IntakeCode: String, CaseIterable, Sendable {
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
  case notRead = "BH-INTAKE-014"
  case callToNowhere = "BH-CALL-001"
  case callToMissingPort = "BH-CALL-002"
  case callWithoutWorkload = "BH-CALL-003"
  case serviceWithoutWorkload = "BH-CALL-004"
  case trafficUnknown = "BH-CALL-005"
  case trafficIncomplete = "BH-CALL-006"
  case trafficWithoutPort = "BH-CALL-007"

  package var title: String {
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
    case .notRead: "Kind of the cluster not read"
    case .callToNowhere: "Call to nowhere"
    case .callToMissingPort: "Call to a port that the service does not have"
    case .callWithoutWorkload: "Call to a service without workloads"
    case .serviceWithoutWorkload: "Service without workloads"
    case .trafficUnknown: "Traffic of what the input does not have"
    case .trafficIncomplete: "Traffic of which a part is missing"
    case .trafficWithoutPort: "Traffic without a port"
    }
  }

  /// What it means, in a sentence or two.
  package var explanation: String {
    switch self {
    case .unreadable: "The file is not text in UTF-8, or holds bytes that YAML and JSON do not allow. It is not read."
    case .syntax: "The document could not be parsed; the other documents of the file still count."
    case .limit: "The input is larger, deeper or more entangled than any manifest, and is refused before it costs time."
    case .unknownKind: "Objects of this kind take no part in any analysis."
    case .wrongValue: "A field has a value that Kubernetes refuses or reads otherwise. The rest of the object counts."
    case .duplicate: "The input defines the object twice; the last definition counts, as with kubectl apply."
    case .notAnObject: "The document is no Kubernetes object: it has no kind, or is no mapping."
    case .empty: "The file holds no document."
    case .unusable: "The object lacks what makes it one, such as its name, and is left out."
    case .ownedTwice: "Objects name each other as owners in a circle. They count as unowned."
    case .badName: "Kubernetes refuses the name or a label, so that the object would never be created."
    case .selectsNothing: "A policy or budget selects no pod of the input: it protects nothing that is known."
    case .targetMissing: "An autoscaler scales a workload that is not in the input."
    case .notRead: "The cluster may have objects of this kind; they could not be read. What depends on them is unknown."
    case .callToNowhere: "A setting names a service that the input does not have: the call fails, or leads elsewhere."
    case .callToMissingPort: "A setting names a port that the service does not have: the call fails."
    case .callWithoutWorkload: "A workload calls a service behind which nothing runs."
    case .serviceWithoutWorkload: "The service's selector matches no pod of the input."
    case .trafficUnknown: "A source of traffic names callers or places that are not in the input; they take no part."
    case .trafficIncomplete: "A source of traffic tells a part only. What it does not show may be needed all the same."
    case .trafficWithoutPort: "A source of traffic does not tell ports, so that more of them may stay open than needed."
    }
  }

  /// How severe most of its findings are; each finding has its own.
  package var severity: Severity {
    switch self {
    case .unreadable, .syntax, .limit, .notAnObject: .high
    case .wrongValue, .unusable, .ownedTwice, .badName, .callToNowhere, .callToMissingPort, .notRead,
      .trafficIncomplete:
      .medium
    case .duplicate, .empty, .selectsNothing, .targetMissing, .callWithoutWorkload, .serviceWithoutWorkload,
      .trafficUnknown:
      .low
    case .unknownKind, .trafficWithoutPort: .info
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
