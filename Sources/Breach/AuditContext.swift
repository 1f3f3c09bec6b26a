package import AccessControl
package import FleetModel
package import IntentModel

/// What rules look up in the fleet, prepared once for all of them.
package struct AuditContext: Sendable {
  package let fleet: Fleet
  package let access: AccessIndex
  /// Facts that hold for the nodes a pod can run on; a fact is nil where it is unknown for any of them.
  package let nodeFacts: NodeFacts
  package let namespaces: [String: Namespace]
  package let accounts: [ObjectReference: ServiceAccount]
  package let customObjects: [String: [CustomObject]]
  /// The meshes of the fleet, for the vectors M01 to M32.
  package let mesh: MeshFacts
  /// Node folders behind claims and the flaws of the nodes, for the vectors L01 to L56.
  let linux: LinuxFacts
  /// Accounts, tokens and clouds, for the vectors K01 to K21.
  let identity: IdentityFacts
  private let policies: SelectorIndex<NetworkPolicy>
  private let rights: [Subject: SubjectRights]

  /// - Parameter nodeFacts: facts given by flags; they win over what Node objects say.
  package init(_ fleet: Fleet, nodeFacts: NodeFacts = NodeFacts()) {
    self.fleet = fleet
    let access = AccessIndex(fleet)
    self.access = access
    self.nodeFacts = nodeFacts.merged(over: fleet.nodes.map(\.facts))
    namespaces = Dictionary(fleet.namespaces.map { ($0.name, $0) }) { first, _ in first }
    accounts = Dictionary(fleet.serviceAccounts.map { ($0.id, $0) }) { first, _ in first }
    customObjects = Dictionary(grouping: fleet.customObjects, by: \.id.kind)
    mesh = MeshFacts(fleet, namespaces: namespaces)
    linux = LinuxFacts(fleet, given: nodeFacts)
    policies = SelectorIndex(fleet.networkPolicies) { ($0.id.namespace, $0.podSelector) }
    rights = Dictionary(access.subjects.map { ($0, access.rights(of: $0)) }) { first, _ in first }
    identity = IdentityFacts(fleet, rights: rights)
  }

  package func effectivePod(_ workload: Workload) -> EffectivePod {
    EffectivePod(
      workload, namespace: namespaces[workload.id.namespace],
      account: accounts[
        ObjectReference(
          kind: "ServiceAccount", namespace: workload.id.namespace, name: workload.pod.serviceAccount)],
      mesh: mesh.settings)
  }

  /// What a pod may do with its mounted token; nothing where none is mounted.
  package func rights(of pod: EffectivePod) -> SubjectRights {
    let subject = Subject(
      kind: .serviceAccount, namespace: pod.workload.id.namespace, name: pod.pod.serviceAccount)
    guard pod.tokenMounted else { return SubjectRights(subject: subject, grants: []) }
    return rights[subject] ?? SubjectRights(subject: subject, grants: [])
  }

  package func rights(of subject: Subject) -> SubjectRights { rights[subject] ?? access.rights(of: subject) }

  /// The network policies that select a workload's pods.
  package func policies(selecting workload: Workload) -> [NetworkPolicy] {
    policies.elements(matching: workload.podLabels, in: workload.id.namespace)
  }
}

extension NodeFacts {
  /// Own facts first; where nil, the nodes' fact if all nodes that there are agree on it. Of versions the lowest
  /// counts, because a pod may run there.
  func merged(over nodes: [NodeFacts]) -> NodeFacts {
    var facts = self
    func agreed<Value: Equatable>(_ path: KeyPath<NodeFacts, Value?>) -> Value? {
      guard let first = nodes.first?[keyPath: path], nodes.allSatisfy({ $0[keyPath: path] == first }) else {
        return nil
      }
      return first
    }
    func lowest(_ path: KeyPath<NodeFacts, Version?>) -> Version? {
      let known = nodes.compactMap { $0[keyPath: path] }
      return known.count == nodes.count ? known.min() : nil
    }
    facts.kernel = facts.kernel ?? lowest(\.kernel)
    facts.kubelet = facts.kubelet ?? lowest(\.kubelet)
    facts.runtime = facts.runtime ?? agreed(\.runtime)
    if facts.runtime != nil { facts.runtimeVersion = facts.runtimeVersion ?? lowest(\.runtimeVersion) }
    facts.runcVersion = facts.runcVersion ?? lowest(\.runcVersion)
    facts.cgroupVersion = facts.cgroupVersion ?? agreed(\.cgroupVersion)
    facts.securityModules = facts.securityModules ?? agreed(\.securityModules)
    facts.unprivilegedUserNamespaces = facts.unprivilegedUserNamespaces ?? agreed(\.unprivilegedUserNamespaces)
    facts.unprivilegedBPF = facts.unprivilegedBPF ?? agreed(\.unprivilegedBPF)
    facts.unprivilegedUserfaultfd = facts.unprivilegedUserfaultfd ?? agreed(\.unprivilegedUserfaultfd)
    facts.routeLocalnet = facts.routeLocalnet ?? agreed(\.routeLocalnet)
    facts.metadataService = facts.metadataService ?? agreed(\.metadataService)
    return facts
  }
}
