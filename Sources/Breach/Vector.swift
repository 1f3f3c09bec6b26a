package import AccessControl
package import Diagnostics
package import FleetModel
package import IntentModel

/// One way out of a container, or around the mesh. ONE definition gives its audit rule, its probe, its run-time
/// signature, its mitigation and its explanation, so that they cannot drift apart.
package struct Vector: Sendable {
  /// Stable, such as `L17`: L Linux and pod, K Kubernetes API, node and identity, M mesh.
  package var code: String
  package var title: String
  package var severity: Severity
  /// What an attacker does, in two sentences.
  package var explanation: String
  /// The configuration change that closes it, in a sentence or two.
  package var mitigation: String
  /// MITRE ATT&CK technique ids, such as `T1611`.
  package var attack: [String]
  /// CVE ids and addresses of documents.
  package var references: [String]
  /// What a sensor sees when it is used: system calls with their arguments, or audit records.
  package var signature: [Signature]
  package var rule: Rule
  /// A manifest that has it, for `explain`; a test runs the rule over it.
  package var example: String
  /// How it is tried for real; nil where no probe exists yet.
  package var escape: Escape?

  /// Where the precondition is looked for.
  package enum Rule: Sendable {
    /// In each workload's effective pod.
    case pod(@Sendable (EffectivePod, AuditContext) -> Assessment)
    /// In the rights of each service account, user and group that any binding names.
    case subject(@Sendable (SubjectRights, AuditContext) -> Assessment)
    /// In the fleet as a whole: mesh configuration, webhooks, services, volumes.
    case fleet(@Sendable (AuditContext) -> [ObjectAssessment])
  }

  /// Matched against events of processes in a container.
  package enum Signature: Sendable, Equatable {
    /// A system call by name; the text tells which arguments matter, empty when all do.
    case call(String, arguments: String = "")
    /// Opening a file whose path matches the glob; `write` when only for writing.
    case open(String, write: Bool = false)
    /// Connecting to an address such as `169.254.169.254:80` or a socket's path.
    case connect(String)
    /// Running a program of that name.
    case execute(String)
    /// A record of the API server's audit log: verb and resource, such as `create pods/exec`.
    case audit(String)
    /// Something only an inspection sees, in words.
    case state(String)
  }

  package init(
    code: String, title: String, severity: Severity, explanation: String, mitigation: String, attack: [String],
    references: [String] = [], signature: [Signature], example: String, escape: Escape? = nil, rule: Rule
  ) {
    self.code = code
    self.title = title
    self.severity = severity
    self.explanation = explanation
    self.mitigation = mitigation
    self.attack = attack
    self.references = references
    self.signature = signature
    self.example = example
    self.escape = escape
    self.rule = rule
  }
}

/// What a rule says of one workload or subject. What cannot be decided is never `closed`.
package enum Assessment: Sendable, Equatable {
  case closed
  case open([Evidence])
  /// The input does not tell; the text completes "unknown, because …".
  case unknown(because: String)

  /// Open when there is any evidence.
  package static func from(_ evidence: [Evidence]) -> Assessment { evidence.isEmpty ? .closed : .open(evidence) }
}

/// Why a vector is open, and the patch that closes it there.
package struct Evidence: Sendable, Equatable {
  package var container: String?
  package var message: String
  /// A merge patch in YAML, or a command where no patch can do it; one fix for one piece of evidence.
  package var fix: String
  /// Nil means the resource's own place.
  package var location: SourceLocation?

  package init(container: String? = nil, message: String, fix: String, location: SourceLocation? = nil) {
    self.container = container
    self.message = message
    self.fix = fix
    self.location = location
  }
}

/// What a fleet-wide rule says of one object.
package struct ObjectAssessment: Sendable, Equatable {
  package var resource: ObjectReference
  package var location: SourceLocation?
  package var assessment: Assessment

  package init(resource: ObjectReference, location: SourceLocation?, assessment: Assessment) {
    self.resource = resource
    self.location = location
    self.assessment = assessment
  }
}
