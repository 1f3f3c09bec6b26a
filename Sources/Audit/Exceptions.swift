package import Diagnostics
import FleetModel

/// A risk that somebody decided to bear until a day: who, why, how long. A class, because many findings share one.
package final class AuditException: Sendable {
  /// A rule's code, or a glob such as `M*`.
  package let code: String
  /// A glob over `namespace/name[Kind]`; without brackets every kind is meant.
  package let resource: String
  /// A glob over the container's name; nil means any, and what concerns no container.
  package let container: String?
  package let owner: String
  package let reason: String
  /// The last day on which it holds.
  package let expires: CivilDate
  package let location: SourceLocation

  private let resourceGlob: Glob
  private let anyKind: Bool

  package init(
    code: String, resource: String, container: String? = nil, owner: String, reason: String, expires: CivilDate,
    location: SourceLocation
  ) {
    self.code = code
    self.resource = resource
    self.container = container
    self.owner = owner
    self.reason = reason
    self.expires = expires
    self.location = location
    anyKind = !resource.hasSuffix("]")
    resourceGlob = Glob(resource)
  }

  func covers(_ finding: AuditFinding) -> Bool {
    if let container, !Glob(container).matches(finding.container ?? "") { return false }
    let id = finding.resource
    return resourceGlob.matches(anyKind ? "\(id.namespace)/\(id.name)" : id.description)
  }
}

/// `*` stands for any text and `?` for one character; everything else for itself.
struct Glob: Sendable {
  private let pattern: [UInt8]

  init(_ pattern: String) { self.pattern = Array(pattern.utf8) }

  /// Never goes back further than to the last star: the cost is at most the product of the lengths.
  func matches(_ text: String) -> Bool {
    let text = Array(text.utf8)
    var (p, t) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == 0x2A {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == text[t] || pattern[p] == 0x3F {
        p += 1
        t += 1
      } else if let last = star {
        p = last.pattern + 1
        t = last.text + 1
        star = (last.pattern, t)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == 0x2A }
  }
}

extension AuditResult {
  /// Sets aside what exceptions bear, and adds a finding for each one that is past its date or bears nothing.
  ///
  /// - Parameters:
  ///   - today: from the caller's clock.
  ///   - options: of the audit: an exception for a rule that was not asked for is not idle.
  package mutating func apply(_ exceptions: [AuditException], today: CivilDate, options: AuditOptions) {
    guard !exceptions.isEmpty else { return }
    var exact: [String: [Int]] = [:]
    var globs: [(glob: Glob, index: Int)] = []
    for (index, exception) in exceptions.enumerated() where exception.expires >= today {
      if exception.code.contains(where: { $0 == "*" || $0 == "?" }) {
        globs.append((Glob(exception.code), index))
      } else {
        exact[exception.code, default: []].append(index)
      }
    }
    var isUsed = [Bool](repeating: false, count: exceptions.count)
    var kept: [AuditFinding] = []
    for var finding in findings {
      let candidates = (exact[finding.code] ?? []) + globs.filter { $0.glob.matches(finding.code) }.map(\.index)
      let covering = candidates.sorted().filter { exceptions[$0].covers(finding) }
      for index in covering { isUsed[index] = true }
      guard let first = covering.first else {
        kept.append(finding)
        continue
      }
      finding.exception = exceptions[first]
      borne.append(finding)
    }
    let isPartial = !options.only.isEmpty
    let own = exceptions.enumerated().compactMap { index, exception -> AuditFinding? in
      if exception.expires < today { return Self.expired(exception) }
      if isUsed[index] || (isPartial && !options.wants(exception.code)) { return nil }
      return Self.idle(exception)
    }
    findings = (kept + own.sorted(by: AuditFinding.precedes)).sorted(by: AuditFinding.precedes)
  }

  private static func expired(_ exception: AuditException) -> AuditFinding {
    finding(
      .expiredException, exception,
      "the exception of \(exception.owner) for \(exception.code) on \(exception.resource) ended on "
        + "\(exception.expires); it was given because \(exception.reason)")
  }

  private static func idle(_ exception: AuditException) -> AuditFinding {
    finding(
      .idleException, exception,
      "the exception of \(exception.owner) for \(exception.code) on \(exception.resource) matches no finding")
  }

  private static func finding(_ own: OwnRule, _ exception: AuditException, _ message: String) -> AuditFinding {
    AuditFinding(
      own.rule, resource: ObjectReference(kind: "Exceptions", namespace: "", name: exception.location.file),
      message: message, fix: own.rule.mitigation, location: exception.location,
      place: "\(exception.code) \(exception.resource) \(exception.container ?? "")")
  }
}
