import FleetModel

/// All policies in one direction, indexed by the pods they govern and by the peers they let through.
struct PolicyDirection: Sendable {
  private(set) var parts: [PolicyPart]
  /// In order of precedence.
  private(set) var admin: [AdminRule]
  private(set) var baseline: [AdminRule]
  let partsOfClass: NumbersByClass
  let adminOfClass: NumbersByClass
  let baselineOfClass: NumbersByClass
  /// By peer: the parts that name it in a small set.
  private let partsOfPeer: NumbersByClass
  private let wideParts: [Int32]
  /// Classes that no NetworkPolicy governs and that the baseline does not close.
  private let open: IntervalSet<UInt32>
  private let everything: IntervalSet<UInt32>

  init(parts: [PolicyPart], admin: [AdminRule], baseline: [AdminRule], everything: IntervalSet<UInt32>) {
    self.parts = parts
    self.admin = admin
    self.baseline = baseline
    self.everything = everything
    let count = everything.count
    partsOfClass = Self.bySubject(count, parts.map(\.subjects))
    adminOfClass = Self.bySubject(count, admin.map(\.subjects))
    baselineOfClass = Self.bySubject(count, baseline.map(\.subjects))
    partsOfPeer = NumbersByClass(classes: count) { add in
      for (index, part) in parts.enumerated() {
        var last: UInt32?
        for number in part.sparseClasses where number != last {
          add(number, Int32(index))
          last = number
        }
      }
    }
    wideParts = parts.indices.filter { !parts[$0].wideGroups.isEmpty }.map { Int32($0) }
    let governed = RuleCompiler.union(parts.map(\.subjects))
    let closed = RuleCompiler.union(
      baseline.filter { $0.action == .deny && $0.rule.ports.numbers.isAll && $0.rule.pods == everything }
        .map(\.subjects))
    open = everything.subtracting(governed).subtracting(closed)
  }

  private static func bySubject(_ count: Int, _ subjects: [IntervalSet<UInt32>]) -> NumbersByClass {
    NumbersByClass(classes: count) { add in
      for (index, set) in subjects.enumerated() {
        for interval in set.intervals {
          for number in interval.low...interval.high { add(number, Int32(index)) }
        }
      }
    }
  }

  /// Admin rules in the numbers of split classes; only for making another direction of it.
  func remappingAdmin(_ starts: [UInt32]) -> PolicyDirection {
    func moved(_ rule: AdminRule) -> AdminRule {
      var rule = rule
      rule.subjects = rule.subjects.remapped(starts)
      rule.rule.pods = rule.rule.pods.remapped(starts)
      return rule
    }
    var result = self
    result.admin = admin.map(moved)
    result.baseline = baseline.map(moved)
    return result
  }

  /// Whether any NetworkPolicy governs a class.
  func isGoverned(_ number: Int) -> Bool { !partsOfClass[number].isEmpty }

  /// Classes outside of which a class has no peer; nil means every class may be one.
  func possiblePeers(of number: Int) -> IntervalSet<UInt32>? {
    guard !open.contains(UInt32(number)) else { return nil }
    var sets = partsOfClass[number].flatMap { parts[Int($0)].peers }
    sets += adminOfClass[number].map { admin[Int($0)] }.filter { $0.action == .allow }.map(\.rule.pods)
    if partsOfClass[number].isEmpty {
      sets += baselineOfClass[number].map { baseline[Int($0)] }.filter { $0.action == .allow }.map(\.rule.pods)
    }
    return RuleCompiler.union(sets)
  }

  /// Classes outside of which nobody exchanges anything with the peer.
  func possibleSubjects(of peer: Int) -> IntervalSet<UInt32> {
    var sets = [open]
    sets += partsOfPeer[peer].map { parts[Int($0)].subjects }
    for index in wideParts {
      let part = parts[Int(index)]
      if part.wideGroups.contains(where: { part.groups[Int($0)].pods.contains(UInt32(peer)) }) {
        sets.append(part.subjects)
      }
    }
    for rule in admin + baseline where rule.action == .allow && rule.rule.pods.contains(UInt32(peer)) {
      sets.append(rule.subjects)
    }
    return RuleCompiler.union(sets)
  }

  /// What a class may exchange with a peer in this direction.
  func ports(_ subject: Int, peer: Int, destination: [NamedPort]) -> PortSet {
    layered(
      subject, policies: { $0.ports(UInt32(peer), destination: destination) },
      rule: { $0.pods.contains(UInt32(peer)) ? $0.ports.ports(at: destination) : nil })
  }

  /// The same for an address outside the pods.
  func ports(_ subject: Int, address: Address, destination: [NamedPort]) -> PortSet {
    layered(
      subject, policies: { $0.ports(address, destination: destination) },
      rule: { $0.addresses.contains(address) ? $0.ports.ports(at: destination) : nil })
  }

  /// AdminNetworkPolicies in order, what they pass or do not speak of to the NetworkPolicies, and where none governs
  /// the pod to the baseline; what is left is allowed (Network Policy API, "API overview").
  func layered(
    _ subject: Int, policies: (PolicyPart) -> PortSet, rule: (CompiledRule) -> PortSet?
  ) -> PortSet {
    let own = partsOfClass[subject]
    let hasAdmin = !admin.isEmpty && !adminOfClass[subject].isEmpty
    if !hasAdmin, let first = own.first {
      return own.count == 1 ? policies(parts[Int(first)]) : PortSet.union(own.map { policies(parts[Int($0)]) })
    }
    var allowed = PortSet.none
    var left = PortSet.all
    var passed = PortSet.none
    for index in adminOfClass[subject] {
      guard let ports = rule(admin[Int(index)].rule) else { continue }
      let hit = left.intersection(ports)
      switch admin[Int(index)].action {
      case .allow: allowed = allowed.union(hit)
      case .pass: passed = passed.union(hit)
      case .deny: break
      }
      left = left.subtracting(hit)
      if left.isEmpty { break }
    }
    left = left.union(passed)
    guard !left.isEmpty else { return allowed }
    guard own.isEmpty else {
      return allowed.union(left.intersection(PortSet.union(own.map { policies(parts[Int($0)]) })))
    }
    for index in baselineOfClass[subject] {
      guard let ports = rule(baseline[Int(index)].rule) else { continue }
      let hit = left.intersection(ports)
      if baseline[Int(index)].action == .allow { allowed = allowed.union(hit) }
      left = left.subtracting(hit)
    }
    return allowed.union(left)
  }

  /// What decides over addresses outside: classes with the same key behave alike.
  func addressKey(_ subject: Int) -> [Int32] {
    Array(partsOfClass[subject]) + [-1] + adminOfClass[subject] + [-1]
      + (partsOfClass[subject].isEmpty ? Array(baselineOfClass[subject]) : [])
  }
  func parts(of subject: Int) -> [PolicyPart] { partsOfClass[subject].map { parts[Int($0)] } }
  func adminRules(of subject: Int) -> [AdminRule] {
    adminOfClass[subject].map { admin[Int($0)] } + baselineOfClass[subject].map { baseline[Int($0)] }
  }
}
