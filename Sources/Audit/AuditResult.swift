package import Diagnostics
package import FleetModel
package import PodSecurity

/// A workload's verdict by the Pod Security Standards.
package struct PodSecurityRow: Sendable {
  package var resource: ObjectReference
  package var verdict: PodSecurityVerdict
}

/// Everything an audit says, in an order that depends on the input's content alone.
package struct AuditResult: Sendable {
  /// What counts: no exception bears it. By resource, the worst first.
  package var findings: [AuditFinding]
  /// What exceptions bear.
  package var borne: [AuditFinding] = []
  /// By rule, then resource.
  package var unknown: [UnknownAssessment]
  /// By resource.
  package var podSecurity: [PodSecurityRow]
  package var podSecurityVersion: PodSecurityVersion
  /// What the baseline had and this audit has not; nil without a baseline.
  package var fixed: [BaselineEntry]?

  /// The findings that `--fail-on` looks at: with a baseline the new ones.
  package var counting: some Sequence<AuditFinding> { findings.lazy.filter { !$0.isKnown } }

  /// The exit code: the same for every output format.
  package func exit(failOn threshold: Severity?) -> ExitCode {
    guard let threshold, counting.contains(where: { $0.severity >= threshold }) else { return .ok }
    return .findings
  }

  package func counts(_ findings: some Sequence<AuditFinding>) -> [(severity: Severity, count: Int)] {
    var counts = [Int](repeating: 0, count: Severity.allCases.count)
    let order = Array(Severity.allCases.sorted().reversed())
    for finding in findings {
      for (index, severity) in order.enumerated() where severity == finding.severity { counts[index] += 1 }
    }
    return zip(order, counts).map { ($0, $1) }
  }

  /// Without the findings below a severity. Exceptions and baselines come first: they see everything.
  package mutating func leaveOut(below minimum: Severity) {
    guard minimum > .info else { return }
    findings.removeAll { $0.severity < minimum }
    borne.removeAll { $0.severity < minimum }
  }

  /// What is unknown, by rule: how often, one reason, and where.
  package struct UnknownGroup: Sendable {
    package var rule: AuditRule
    package var because: String
    package var resources: [ObjectReference]
  }

  package var unknownByRule: [UnknownGroup] {
    var groups: [UnknownGroup] = []
    for entry in unknown {
      if groups.last?.rule === entry.rule {
        if groups[groups.count - 1].resources.last != entry.resource {
          groups[groups.count - 1].resources.append(entry.resource)
        }
      } else {
        groups.append(UnknownGroup(rule: entry.rule, because: entry.because, resources: [entry.resource]))
      }
    }
    return groups
  }
}

extension AuditRun {
  /// Puts parts together, in whatever order they came.
  package func result(_ parts: [AuditPart], input: [Finding] = []) -> AuditResult {
    var findings: [AuditFinding] = []
    var others: [AuditFinding] = InputRules(options).findings(input)
    var unknown: [UnknownAssessment] = []
    var podSecurity: [PodSecurityRow] = []
    for part in parts {
      if part.podSecurity.isEmpty { others += part.findings } else { findings += part.findings }
      unknown += part.unknown
      podSecurity += part.podSecurity
    }
    if !Self.isSorted(findings.lazy.map(\.resource)) { findings.sort(by: AuditFinding.precedes) }
    if !Self.isSorted(podSecurity.lazy.map(\.resource)) { podSecurity.sort { $0.resource < $1.resource } }
    others.sort(by: AuditFinding.precedes)
    return AuditResult(
      findings: Self.merged(findings, others), unknown: Self.grouped(unknown), podSecurity: podSecurity,
      podSecurityVersion: options.podSecurity)
  }

  private static func isSorted(_ ids: some Sequence<ObjectReference>) -> Bool {
    var last: ObjectReference?
    for id in ids {
      if let last, id < last { return false }
      last = id
    }
    return true
  }

  /// By rule without comparing names: entries of one rule come in the fleet's order already.
  private static func grouped(_ unknown: [UnknownAssessment]) -> [UnknownAssessment] {
    var buckets: [ObjectIdentifier: [UnknownAssessment]] = [:]
    for entry in unknown { buckets[ObjectIdentifier(entry.rule), default: []].append(entry) }
    return buckets.values.sorted { UnknownAssessment.precedes($0[0], $1[0]) }.flatMap { bucket in
      isSorted(bucket.lazy.map(\.resource)) ? bucket : bucket.sorted(by: UnknownAssessment.precedes)
    }
  }

  /// Two sorted lists as one; what they have on the same object is sorted together.
  private static func merged(_ left: [AuditFinding], _ right: [AuditFinding]) -> [AuditFinding] {
    if right.isEmpty { return left }
    var result: [AuditFinding] = []
    result.reserveCapacity(left.count + right.count)
    var (l, r) = (0, 0)
    while l < left.count, r < right.count {
      if AuditFinding.precedes(right[r], left[l]) {
        result.append(right[r])
        r += 1
      } else {
        result.append(left[l])
        l += 1
      }
    }
    return result + left[l...] + right[r...]
  }
}
