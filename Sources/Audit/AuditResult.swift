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

  /// The worst first.
  package func counts(_ findings: [AuditFinding]) -> [(severity: Severity, count: Int)] {
    let order = Array(Severity.allCases.sorted().reversed())
    var counts = [Int](repeating: 0, count: order.count)
    // By position: a finding is large, and copying one costs more than looking at it.
    for index in findings.indices {
      if let place = order.firstIndex(of: findings[index].severity) { counts[place] += 1 }
    }
    return zip(order, counts).map { ($0, $1) }
  }

  /// Without the findings below a severity. Exceptions and baselines come first: they see everything.
  package mutating func leaveOut(below minimum: Severity) {
    guard minimum > .info else { return }
    findings.removeAll { $0.severity < minimum }
    borne.removeAll { $0.severity < minimum }
  }

  /// What is unknown, by rule: how often, one reason, and the first places.
  package struct UnknownGroup: Sendable {
    package var rule: AuditRule
    package var because: String
    /// Of how many objects.
    package var count: Int
    /// At most ten.
    package var resources: [ObjectReference]
  }

  package var unknownByRule: [UnknownGroup] {
    var groups: [UnknownGroup] = []
    for index in unknown.indices {
      let isSameRule = index > 0 && unknown[index].rule === unknown[index - 1].rule
      if !isSameRule {
        groups.append(UnknownGroup(rule: unknown[index].rule, because: unknown[index].because, count: 0, resources: []))
      } else if unknown[index].resource == unknown[index - 1].resource {
        continue
      }
      groups[groups.count - 1].count += 1
      if groups[groups.count - 1].count <= 10 { groups[groups.count - 1].resources.append(unknown[index].resource) }
    }
    return groups
  }

  /// How many rules could not be decided everywhere.
  package var undecidedRules: Int {
    unknown.indices.count { $0 == 0 || unknown[$0].rule !== unknown[$0 - 1].rule }
  }
}

extension AuditRun {
  /// Puts parts together, in whatever order they came.
  package func result(_ parts: [AuditPart], input: [Finding] = []) -> AuditResult {
    var others: [AuditFinding] = InputRules(options).findings(input)
    for part in parts where part.podSecurity.isEmpty { others += part.findings }
    others.sort(by: AuditFinding.precedes)
    var podSecurity: [PodSecurityRow] = []
    podSecurity.reserveCapacity(parts.reduce(0) { $0 + $1.podSecurity.count })
    for part in parts { podSecurity += part.podSecurity }
    if !Self.isSorted(podSecurity.lazy.map(\.resource)) { podSecurity.sort { $0.resource < $1.resource } }
    return AuditResult(
      findings: Self.merged(parts.filter { !$0.podSecurity.isEmpty }.map(\.findings), others),
      unknown: Self.grouped(parts.map(\.unknown)), podSecurity: podSecurity, podSecurityVersion: options.podSecurity)
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
  private static func grouped(_ parts: [[UnknownAssessment]]) -> [UnknownAssessment] {
    var places: [ObjectIdentifier: Int] = [:]
    var buckets: [[(part: Int, index: Int)]] = []
    for part in parts.indices {
      for index in parts[part].indices {
        let rule = ObjectIdentifier(parts[part][index].rule)
        let place = places[rule] ?? buckets.count
        if place == buckets.count {
          places[rule] = place
          buckets.append([])
        }
        buckets[place].append((part, index))
      }
    }
    let sorted = buckets.sorted { left, right in
      UnknownAssessment.precedes(parts[left[0].part][left[0].index], parts[right[0].part][right[0].index])
    }
    var result: [UnknownAssessment] = []
    result.reserveCapacity(buckets.reduce(0) { $0 + $1.count })
    for bucket in sorted {
      let start = result.count
      for entry in bucket { result.append(parts[entry.part][entry.index]) }
      if !isSorted(result[start...].lazy.map(\.resource)) { result[start...].sort(by: UnknownAssessment.precedes) }
    }
    return result
  }

  /// The workloads' findings with those of other objects in between, copied once.
  private static func merged(_ parts: [[AuditFinding]], _ others: [AuditFinding]) -> [AuditFinding] {
    var result: [AuditFinding] = []
    result.reserveCapacity(parts.reduce(others.count) { $0 + $1.count })
    guard isSorted(parts.lazy.joined().map(\.resource)) else {
      for part in parts { result += part }
      result += others
      result.sort(by: AuditFinding.precedes)
      return result
    }
    var next = 0
    for part in parts {
      for index in part.indices {
        while next < others.count, AuditFinding.precedes(others[next], part[index]) {
          result.append(others[next])
          next += 1
        }
        result.append(part[index])
      }
    }
    return result + others[next...]
  }
}
