package import Diagnostics
package import FleetModel

/// How reachability is computed.
package struct ReachOptions: Sendable, Equatable {
  /// Pods on the node's network are beyond the reach of policies, as with most network plugins, instead of being
  /// governed and selected like others.
  package var exemptHostNetwork: Bool

  package init(exemptHostNetwork: Bool = false) { self.exemptHostNetwork = exemptHostNetwork }
}

/// Who reaches whom by NetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy, exactly, class by class.
///
/// Nothing is computed pair by pair until it is asked for, so that an index over a hundred thousand pods takes little
/// more than reading their labels. An index is a value: ask it from as many tasks as you like.
package struct ReachIndex: Sendable {
  package let options: ReachOptions
  /// Every class of pods, by its number.
  package var classes: [PodClass] { grouping.classes }
  /// What the policies say that could not be taken as written, in the order of the policies.
  package private(set) var findings: [Finding] = []

  private let table: PodTable
  private var attention: Attention
  private(set) var grouping: PodClasses
  private(set) var policies: [NetworkPolicy]
  private let adminPolicies: [AdminNetworkPolicy]
  private var compiled: [CompiledPolicy] = []
  private var adminFindings: [Finding] = []
  private(set) var ingress: PolicyDirection
  private(set) var egress: PolicyDirection

  private struct CompiledPolicy: Sendable {
    var ingress: PolicyPart?
    var egress: PolicyPart?
    var findings: [Finding]
  }

  package init(_ fleet: Fleet, options: ReachOptions = ReachOptions()) {
    self.init(
      PodTable(fleet), fleet.networkPolicies, Self.inOrder(fleet.adminPolicies), options)
  }

  /// By priority, then name; the baseline last.
  private static func inOrder(_ policies: [AdminNetworkPolicy]) -> [AdminNetworkPolicy] {
    policies.sorted { ($0.priority ?? .max, $0.id) < ($1.priority ?? .max, $1.id) }
  }

  private init(
    _ table: PodTable, _ policies: [NetworkPolicy], _ adminPolicies: [AdminNetworkPolicy], _ options: ReachOptions
  ) {
    self.options = options
    self.table = table
    self.policies = policies
    self.adminPolicies = adminPolicies
    var attention = Attention(table)
    for policy in policies { Self.look(at: policy, &attention, table) }
    for policy in adminPolicies { Self.look(at: policy, &attention, table) }
    self.attention = attention
    grouping = PodClasses(table, attention, exemptHostNetwork: options.exemptHostNetwork)
    var compiler = RuleCompiler(table, grouping)
    let everything = grouping.everything
    let admin = Self.compile(adminPolicies, &compiler)
    adminFindings = compiler.findings
    compiled = []
    compiled.reserveCapacity(policies.count)
    for policy in policies { compiled.append(Self.compile(policy, &compiler)) }
    ingress = PolicyDirection(
      parts: compiled.compactMap(\.ingress), admin: admin.ingress, baseline: admin.baselineIngress,
      everything: everything)
    egress = PolicyDirection(
      parts: compiled.compactMap(\.egress), admin: admin.egress, baseline: admin.baselineEgress,
      everything: everything)
    findings = adminFindings + compiled.flatMap(\.findings)
  }

  /// The same fleet with one policy in place of the one of that name, or besides the others.
  package func replacing(policy: NetworkPolicy) -> ReachIndex {
    var changed = policies
    var look = Attention(table)
    Self.look(at: policy, &look, table)
    let position = policies.firstIndex { $0.id == policy.id }
    if let position { changed[position] = policy } else { changed.append(policy) }
    var result = self
    result.policies = changed
    if !look.isWithin(attention) { result.refine(look) }
    var compiler = RuleCompiler(table, result.grouping)
    let part = Self.compile(policy, &compiler)
    if let position { result.compiled[position] = part } else { result.compiled.append(part) }
    result.assemble()
    return result
  }

  /// The same fleet without a policy.
  package func removing(policy: ObjectReference) -> ReachIndex {
    guard let position = policies.firstIndex(where: { $0.id == policy }) else { return self }
    var result = self
    result.policies.remove(at: position)
    result.compiled.remove(at: position)
    result.assemble()
    return result
  }

  /// The same, but that what no policy lets in is refused: only the exceptions are left, which are few where whole
  /// fleets are open. Says nothing about addresses.
  package func closingUngoverned() -> ReachIndex {
    let everything = grouping.everything
    let closed = AdminRule(
      subjects: everything, action: .deny,
      rule: CompiledRule(pods: everything, addresses: AddressSet(), ports: .all))
    var result = self
    result.ingress = PolicyDirection(
      parts: ingress.parts, admin: ingress.admin, baseline: ingress.baseline + [closed], everything: everything)
    return result
  }

  /// The classes that a policy governs, by direction; none where there is no such policy.
  func subjects(of policy: ObjectReference) -> (ingress: IntervalSet<UInt32>, egress: IntervalSet<UInt32>) {
    guard let position = policies.firstIndex(where: { $0.id == policy }) else { return (.init(), .init()) }
    return (
      compiled[position].ingress?.subjects ?? IntervalSet(), compiled[position].egress?.subjects ?? IntervalSet()
    )
  }

  /// Splits classes so that they tell apart what `look` looks at, and carries over what is compiled.
  private mutating func refine(_ look: Attention) {
    let wider = attention.union(look)
    let finer = grouping.refined(
      table, from: attention, to: wider, exemptHostNetwork: options.exemptHostNetwork)
    attention = wider
    if finer.classes.count > grouping.classes.count {
      var starts = grouping.classes.map { finer.classOfPod[$0.members[0]] }
      starts.append(UInt32(finer.classes.count))
      for index in compiled.indices {
        compiled[index].ingress = compiled[index].ingress?.remapped(starts)
        compiled[index].egress = compiled[index].egress?.remapped(starts)
      }
      ingress = ingress.remappingAdmin(starts)
      egress = egress.remappingAdmin(starts)
    }
    grouping = finer
  }

  private mutating func assemble() {
    let everything = grouping.everything
    ingress = PolicyDirection(
      parts: compiled.compactMap(\.ingress), admin: ingress.admin, baseline: ingress.baseline, everything: everything)
    egress = PolicyDirection(
      parts: compiled.compactMap(\.egress), admin: egress.admin, baseline: egress.baseline, everything: everything)
    findings = adminFindings + compiled.flatMap(\.findings)
  }
}

extension ReachIndex {
  private static func look(at policy: NetworkPolicy, _ attention: inout Attention, _ table: PodTable) {
    attention.look(at: policy.podSelector, in: table)
    for rule in policy.ingress + policy.egress {
      attention.look(at: PortSpecification(rule.ports))
      for peer in rule.peers {
        if case .pods(_, let pods) = peer { attention.look(at: pods, in: table) }
      }
    }
  }

  private static func look(at policy: AdminNetworkPolicy, _ attention: inout Attention, _ table: PodTable) {
    let rules = policy.ingress + policy.egress
    for rule in rules { attention.look(at: PortSpecification(rule.ports, namesHaveProtocol: false)) }
    for peer in [policy.subject] + rules.flatMap(\.peers) {
      if case .pods(_, let pods) = peer.kind { attention.look(at: pods, in: table) }
    }
  }

  private static func compile(_ policy: NetworkPolicy, _ compiler: inout RuleCompiler) -> CompiledPolicy {
    let before = compiler.findings.count
    let subjects = compiler.selectors.pods(namespaces: nil, pods: policy.podSelector, own: policy.id.namespace)
    func part(_ governs: Bool, _ rules: [NetworkPolicy.Rule]) -> PolicyPart? {
      guard governs else { return nil }
      return PolicyPart(subjects: subjects, rules: rules.map { compiler.compile($0, of: policy) })
    }
    let ingress = part(policy.governsIngress, policy.ingress)
    let egress = part(policy.governsEgress, policy.egress)
    if [ingress, egress].contains(where: { $0?.mayBeCoarse ?? false }) {
      compiler.note(
        "BH-REACH-004", "more blocks and ports than can be told apart", policy.id, policy.location,
        "where its blocks of addresses overlap too much, ports are shown as one range from the lowest to the highest, "
          + "which is never less than what is open", fix: "write fewer rules: one for all blocks with the same ports")
    }
    return CompiledPolicy(
      ingress: ingress, egress: egress, findings: Array(compiler.findings[before...]))
  }

  private typealias AdminRules = (
    ingress: [AdminRule], egress: [AdminRule], baselineIngress: [AdminRule], baselineEgress: [AdminRule]
  )

  private static func compile(_ policies: [AdminNetworkPolicy], _ compiler: inout RuleCompiler) -> AdminRules {
    var rules: AdminRules = ([], [], [], [])
    var priorities: [Int: ObjectReference] = [:]
    for policy in policies {
      let ingress = policy.ingress.map { compiler.compile(policy, $0) }
      let egress = policy.egress.map { compiler.compile(policy, $0) }
      guard let priority = policy.priority else {
        rules.baselineIngress += ingress
        rules.baselineEgress += egress
        continue
      }
      rules.ingress += ingress
      rules.egress += egress
      if let other = priorities[priority] {
        compiler.note(
          "BH-REACH-003", "two admin policies of one priority", policy.id, policy.location,
          "\(other.name) has priority \(priority) too, and Kubernetes leaves open which goes first; here it is the one "
            + "whose name comes first", fix: "give each a priority of its own")
      }
      priorities[priority] = policy.id
    }
    return rules
  }
}
