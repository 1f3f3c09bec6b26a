package import FleetModel

/// What a namespace's `pod-security.kubernetes.io/…` labels ask of its pods.
package struct NamespaceEnforcement: Sendable, Equatable {
  package struct Mode: Sendable, Equatable, CustomStringConvertible {
    package var level: PodSecurityLevel
    package var version: PodSecurityVersion

    package init(_ level: PodSecurityLevel, _ version: PodSecurityVersion = .latest) {
      self.level = level
      self.version = version
    }

    /// Such as `restricted:latest`.
    package var description: String { "\(level.rawValue):\(version)" }
  }

  /// A label whose value means nothing. The API server refuses a new namespace with one, but keeps an old one.
  package struct Problem: Sendable, Equatable {
    package var label: String
    package var value: String
    /// What the admission controller does instead, and what to write.
    package var message: String
  }

  /// Refuses pods.
  package var enforce: Mode
  /// Leaves an annotation in the API server's audit log.
  package var audit: Mode
  /// Answers the client with a warning.
  package var warn: Mode
  package var problems: [Problem] = []

  /// The cluster's defaults where its administrators gave none.
  package static let clusterDefault = NamespaceEnforcement(
    enforce: Mode(.privileged), audit: Mode(.privileged), warn: Mode(.privileged))

  package init(enforce: Mode, audit: Mode, warn: Mode) {
    self.enforce = enforce
    self.audit = audit
    self.warn = warn
  }

  /// Reads labels as the admission controller does: an unreadable level enforces `restricted` but neither audits nor
  /// warns; an unreadable version is the latest; without a label of its own, `warn` follows a stricter `enforce`.
  package init(labels: [String: String], defaults: NamespaceEnforcement = .clusterDefault) {
    self = defaults
    problems = []
    let enforced = Self.read("enforce", labels, into: &enforce, unreadable: .restricted, &problems)
    _ = Self.read("audit", labels, into: &audit, unreadable: .privileged, &problems)
    _ = Self.read("warn", labels, into: &warn, unreadable: .privileged, &problems)
    if enforced, labels[Self.prefix + "warn"] == nil, enforce.level > warn.level {
      warn.level = enforce.level
      if labels[Self.prefix + "warn-version"] == nil { warn.version = enforce.version }
    }
  }

  private static let prefix = "pod-security.kubernetes.io/"

  /// - Returns: true when there is a readable level.
  private static func read(
    _ name: String, _ labels: [String: String], into mode: inout Mode, unreadable: PodSecurityLevel,
    _ problems: inout [Problem]
  ) -> Bool {
    let label = prefix + name
    var isReadable = false
    if let text = labels[label] {
      let level = PodSecurityLevel(rawValue: text)
      isReadable = level != nil
      mode.level = level ?? unreadable
      if level == nil {
        problems.append(
          Problem(
            label: label, value: text,
            message: "counts as \(unreadable.rawValue); write privileged, baseline or restricted"))
      }
    }
    if let text = labels[label + "-version"] {
      let version = PodSecurityVersion(text)
      mode.version = version ?? .latest
      if version == nil {
        problems.append(
          Problem(label: label + "-version", value: text, message: "counts as latest; write latest or v1.29, say"))
      }
    }
    return isReadable
  }
}

extension NamespaceEnforcement {
  /// What happens to a pod in the namespace.
  package struct Admission: Sendable, Equatable {
    /// Empty when the pod is let in.
    package var refusals: [Violation]
    /// Empty as well when the pod is refused: then the client hears of the refusal alone.
    package var warnings: [Violation]
    package var audits: [Violation]

    package var isAdmitted: Bool { refusals.isEmpty }
  }

  /// Of an object that makes pods from a template only the pods are refused, never the object: a Deployment is
  /// accepted, with warnings, and stays without pods.
  package func admission(of pod: PodSpec, annotations: [String: String]) -> Admission {
    func found(_ mode: Mode) -> [Violation] {
      violations(of: pod, annotations: annotations, refusedAt: mode.level, version: mode.version)
    }
    let refusals = found(enforce)
    let audits = audit == enforce ? refusals : found(audit)
    guard refusals.isEmpty else { return Admission(refusals: refusals, warnings: [], audits: audits) }
    return Admission(refusals: [], warnings: warn == audit ? audits : found(warn), audits: audits)
  }

  package func admission(of workload: Workload) -> Admission {
    admission(of: workload.pod, annotations: workload.podAnnotations)
  }
}
