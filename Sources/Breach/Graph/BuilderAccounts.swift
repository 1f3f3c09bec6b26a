import AccessControl
import FleetModel
import IntentModel

/// Service accounts and what their rights lead to.
extension BreachGraphBuilder {
  mutating func addAccounts() {
    let rights = IdentityGraph(fleet, context.access)
    addTokens()
    // Accounts that nothing runs as matter where a right leads to them and from them on.
    for edge in rights.edges where edge.from.kind == .serviceAccount { _ = account(edge.from) }
    connectControlPlane(rights)
    for edge in rights.edges where edge.from.kind == .serviceAccount {
      let from = account(edge.from)
      guard let to = node(for: edge.to, rights) else { continue }
      let subject = ObjectReference(kind: "ServiceAccount", namespace: edge.from.namespace, name: edge.from.name)
      draft.connect(
        from, to, BreachReason(.api, edge.code, edge.message), probability: Self.tokenProbability,
        removedBy: [Mitigation(.revoke(binding: edge.binding.description), subject)])
    }
    addSecretReaders()
  }

  /// Pods whose token is mounted hand over their account.
  private mutating func addTokens() {
    let reason = draft.reason(BreachReason(.token, "K08", "its service account's token is mounted"))
    for index in pods.indices where runs(index) && models.facts(of: index).tokenMounted {
      let id = workloads[index].id
      let subject = Subject(
        kind: .serviceAccount, namespace: id.namespace, name: workloads[index].pod.serviceAccount)
      draft.connect(
        pods[index], account(subject), reason: reason, probability: Self.tokenProbability,
        set: models.facts(of: index).hidesToken ? steps.hardenSet(index, &draft) : 0)
    }
  }

  private mutating func account(_ subject: Subject) -> Int32 {
    let id = ObjectReference(kind: "ServiceAccount", namespace: subject.namespace, name: subject.name)
    if let known = accounts[id] { return known }
    let node = draft.add(BreachNode(.serviceAccount, id))
    accounts[id] = node
    return node
  }

  /// Whoever holds the control plane holds everything.
  private mutating func connectControlPlane(_ rights: IdentityGraph) {
    let all = BreachReason(.api, "", "whoever holds the control plane holds everything")
    for target in [IdentityTarget.pods(namespace: nil), .accounts(namespace: nil), .nodes] {
      if let node = node(for: target, rights) { draft.connect(machines.controlPlane, node, all) }
    }
    draft.connect(machines.controlPlane, secretHub(nil), all)
  }

  /// Hubs are filled when they are first named.
  private mutating func node(for target: IdentityTarget, _ rights: IdentityGraph) -> Int32? {
    switch target {
    case .subject(.masters): return machines.controlPlane
    case .subject(let subject): return subject.kind == .serviceAccount ? account(subject) : nil
    case .nodes: return nodesHub()
    case .accounts(let namespace):
      let name = "accounts of \(namespace ?? "*")"
      if let known = hubs[name] { return known }
      let node = hub(name)
      let reason = draft.reason(BreachReason(.api, "", ""))
      for member in rights.members(of: target) where member.kind == .serviceAccount {
        draft.connect(node, account(member), reason: reason)
      }
      return node
    case .pods(let namespace):
      let name = "pods of \(namespace ?? "*")"
      if let known = hubs[name] { return known }
      let node = hub(name)
      let reason = draft.reason(BreachReason(.api, "", ""))
      for index in pods.indices where runs(index) {
        if let namespace, workloads[index].id.namespace != namespace { continue }
        draft.connect(node, pods[index], reason: reason)
      }
      return node
    }
  }

  private mutating func nodesHub() -> Int32 {
    if let known = hubs["machines"] { return known }
    let node = hub("machines")
    let reason = draft.reason(BreachReason(.api, "", ""))
    draft.connect(node, machines.any, reason: reason)
    for (_, machine) in machines.byName.sorted(by: { $0.key < $1.key }) {
      draft.connect(node, machine, reason: reason)
    }
    return node
  }

  /// Secrets count where they are crown jewels; `addJewels` hangs them on these hubs.
  mutating func secretHub(_ namespace: String?) -> Int32 { hub("secrets of \(namespace ?? "*")") }

  private mutating func addSecretReaders() {
    for id in accounts.keys.sorted() {
      let subject = Subject(kind: .serviceAccount, namespace: id.namespace, name: id.name)
      guard let from = accounts[id] else { continue }
      for use in context.rights(of: subject).uses(of: .readSecrets) where use.names.isEmpty {
        draft.connect(
          from, secretHub(use.namespace),
          BreachReason(.api, "K06", "may \(use.actions) \(use.place) \(use.origin)"),
          probability: Self.tokenProbability,
          removedBy: [Mitigation(.revoke(binding: use.binding.description), id)])
      }
    }
  }
}
