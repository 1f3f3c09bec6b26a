package import FleetModel

/// The smallest Role for a service account, from what its workloads declare that they need. Nothing is invented: where
/// nothing is declared a person has to decide, and where no token is mounted nothing is needed.
package struct LeastPrivilege: Sendable, Equatable {
  package enum Action: String, Sendable {
    /// It holds no more than is declared.
    case keep
    /// A smaller role takes the place of what it holds.
    case narrow
    /// No workload can use its rights: take them away.
    case unbind
    /// Needs are not declared, or not clearly enough.
    case decide
  }

  package var account: Subject
  /// Workloads that run under it; sorted.
  package var workloads: [ObjectReference] = []
  package var action: Action = .keep
  /// Objects to apply, as YAML; empty where a person has to decide first.
  package var yaml = ""
  /// Bindings from which the account is to be removed; sorted.
  package var unbind: [ObjectReference] = []
  /// Rights that go, one sentence each.
  package var removed: [String] = []
  /// What a person has to decide, one sentence each.
  package var undecided: [String] = []
  /// Why, in a sentence or two.
  package var explanation = ""

  /// One for each service account that has rights of its own or whose token is needlessly mounted; sorted by account.
  package static func propose(_ fleet: Fleet, _ index: AccessIndex) -> [LeastPrivilege] {
    let users = Dictionary(grouping: fleet.workloads) {
      Subject(kind: .serviceAccount, namespace: $0.id.namespace, name: $0.pod.serviceAccount)
    }
    let accounts = Dictionary(fleet.serviceAccounts.map { ($0.id, $0) }) { first, _ in first }
    return index.subjects.compactMap { subject in
      guard subject.kind == .serviceAccount else { return nil }
      let rights = index.rights(of: subject)
      guard !rights.isBuiltIn else { return nil }
      let id = ObjectReference(kind: "ServiceAccount", namespace: subject.namespace, name: subject.name)
      return propose(rights, account: accounts[id], workloads: users[subject] ?? [], fleet)
    }
  }

  /// For one account; nil where there is nothing to say.
  package static func propose(
    _ rights: SubjectRights, account: ServiceAccount?, workloads: [Workload], _ fleet: Fleet
  ) -> LeastPrivilege? {
    var proposal = LeastPrivilege(account: rights.subject)
    proposal.workloads = workloads.map(\.id).sorted()
    let mounted = workloads.contains { $0.pod.carriesToken(of: account) }
    let needs = declared(workloads, account)
    if needs.rules.isEmpty, needs.undecided.isEmpty {
      if !mounted || workloads.isEmpty {
        guard !rights.grants.isEmpty || !rights.unresolved.isEmpty else { return nil }
        proposal.takeAll(rights, workloads.isEmpty)
      } else {
        guard !rights.grants.isEmpty || !rights.unresolved.isEmpty else { return nil }
        proposal.askForNeeds(rights)
      }
    } else {
      proposal.narrow(rights, to: needs)
    }
    return proposal
  }

  private static func declared(_ workloads: [Workload], _ account: ServiceAccount?) -> DeclaredNeeds {
    var needs = DeclaredNeeds()
    let texts =
      [account?.annotations[DeclaredNeeds.annotation]]
      + workloads.map { $0.annotations[DeclaredNeeds.annotation] ?? $0.podAnnotations[DeclaredNeeds.annotation] }
    for text in texts.compactMap(\.self) { needs.merge(DeclaredNeeds(parsing: text)) }
    return needs
  }
}

extension LeastPrivilege {
  private var who: String { account.displayName }

  private mutating func takeAll(_ rights: SubjectRights, _ unused: Bool) {
    action = .unbind
    unbind = Set(rights.grants.map(\.binding)).union(rights.unresolved).sorted()
    removed = Self.described(rights.grants)
    yaml = RoleYAML.accountWithoutToken(account)
    explanation =
      unused
      ? "No workload of the input runs as \(who): nobody uses these rights. Remove it from its bindings."
      : "No pod of \(who) mounts its token, so none of them uses these rights. Remove it from its bindings."
  }

  private mutating func askForNeeds(_ rights: SubjectRights) {
    action = .decide
    explanation =
      "\(who) has rights and its token is mounted, but no workload declares what it needs: write the annotation "
      + "\(DeclaredNeeds.annotation) on the workload, or set automountServiceAccountToken: false."
    for grant in rights.grants {
      let text = grant.rule.sentence
      undecided.append(
        grant.rule.isWildcard
          ? "unknown need: decide what stands behind “\(text)” \(grant.place)" : "needed? \(text) \(grant.place)")
    }
    undecided += rights.unresolved.map { "the role of \($0) is not in the input: is it needed?" }
    undecided = Self.once(undecided)
  }

  private mutating func narrow(_ rights: SubjectRights, to needs: DeclaredNeeds) {
    undecided = needs.undecided.map { "unknown need: decide. \($0)" }
    let excess = rights.grants.flatMap { grant in
      // A right in the whole cluster, or in another namespace, is more than the same one at home.
      let asked = needs.rules.filter { grant.namespace == account.namespace || $0.isClusterScoped }
      return grant.rule.remainder(without: asked).map { rule in
        var part = grant
        part.rule = rule
        return part
      }
    }
    let held = rights.grants.map(\.rule)
    let added = needs.rules.flatMap { $0.remainder(without: held) }
    if excess.isEmpty, added.isEmpty, undecided.isEmpty {
      explanation = "\(who) holds exactly what its workloads declare."
      return
    }
    action = needs.rules.isEmpty ? .decide : .narrow
    removed = Self.described(excess)
    unbind = Set(excess.map(\.binding)).union(rights.unresolved).sorted()
    yaml = needs.rules.isEmpty ? "" : RoleYAML.role(for: account, rules: needs.rules)
    explanation =
      "The Role holds what the workloads of \(who) declare in \(DeclaredNeeds.annotation). Apply it, then remove the "
      + "account from its former bindings."
    if !added.isEmpty {
      explanation += " Declared but not held today: " + added.map(\.sentence).joined(separator: "; ") + "."
    }
  }

  private static func described(_ grants: [Grant]) -> [String] {
    once(grants.map { "\($0.rule.sentence) \($0.place), through \($0.binding.kind) \($0.binding.name)" })
  }

  private static func once(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
  }
}

extension Grant {
  var place: String { namespace.map { "in namespace \($0)" } ?? "in the whole cluster" }
}
