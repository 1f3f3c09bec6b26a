package import FleetModel

/// Who can reach what: each subject with the risky rights it holds, where, and through which binding.
package struct AccessReport: Sendable, Equatable {
  package enum Scope: Sendable, Equatable {
    case cluster
    /// Sorted.
    case namespaces([String])
  }

  package struct Capability: Sendable, Equatable {
    package var right: RiskyRight
    package var scope: Scope
    /// Sorted by binding.
    package var uses: [RightUse]
  }

  package struct Row: Sendable, Equatable {
    package var subject: Subject
    /// Of the system itself: holds such rights in every cluster.
    package var isBuiltIn: Bool
    /// May do everything, as `cluster-admin`.
    package var isAdministrator: Bool
    /// Workloads whose pods carry its token: whoever breaks one of their containers has these rights. Sorted.
    package var tokenIn: [ObjectReference]
    /// Sorted by the vector's code.
    package var capabilities: [Capability]
    /// Who it can become, step by step, beyond what it holds itself; sorted.
    package var canBecome: [Subject]
    /// Bindings whose role is unknown: there may be more.
    package var unresolved: [ObjectReference]
  }

  /// One row for each subject that has any risky right or any binding that cannot be resolved; sorted by subject.
  package var rows: [Row]

  /// - Parameter includingBuiltIn: also the system's own subjects.
  package init(_ fleet: Fleet, _ index: AccessIndex, includingBuiltIn: Bool = false) {
    let identities = IdentityGraph(fleet, index)
    let tokens = TokenMounts(fleet)
    rows = index.subjects.compactMap { subject in
      let rights = index.rights(of: subject)
      guard includingBuiltIn || !rights.isBuiltIn else { return nil }
      let capabilities = Self.capabilities(of: rights)
      guard !capabilities.isEmpty || !rights.unresolved.isEmpty else { return nil }
      return Row(
        subject: subject, isBuiltIn: rights.isBuiltIn, isAdministrator: rights.everything != nil,
        tokenIn: tokens.workloads(of: subject), capabilities: capabilities,
        canBecome: identities.reachable(from: subject, limit: Self.listed), unresolved: rights.unresolved)
    }
  }

  /// More identities than this are not listed one by one.
  package static let listed = 100

  package static func capabilities(of rights: SubjectRights) -> [Capability] {
    RiskyRight.allCases.sorted().compactMap { right in
      let uses = rights.uses(of: right)
      guard !uses.isEmpty else { return nil }
      let spaces = uses.compactMap(\.namespace)
      let scope: Scope = spaces.count < uses.count ? .cluster : .namespaces(Set(spaces).sorted())
      return Capability(right: right, scope: scope, uses: uses)
    }
  }
}

/// Which pods carry which service account's token.
package struct TokenMounts: Sendable {
  private let bySubject: [Subject: [ObjectReference]]
  /// The accounts of each namespace whose tokens some pod carries; sorted.
  package let subjects: [String: [Subject]]

  package init(_ fleet: Fleet) {
    let accounts = Dictionary(fleet.serviceAccounts.map { ($0.id, $0) }) { first, _ in first }
    var found: [Subject: [ObjectReference]] = [:]
    for workload in fleet.workloads {
      let id = ObjectReference(
        kind: "ServiceAccount", namespace: workload.id.namespace, name: workload.pod.serviceAccount)
      guard workload.pod.carriesToken(of: accounts[id]) else { continue }
      found[Subject(kind: .serviceAccount, namespace: id.namespace, name: id.name), default: []].append(workload.id)
    }
    bySubject = found.mapValues { $0.sorted() }
    subjects = Dictionary(grouping: found.keys, by: \.namespace).mapValues { $0.sorted() }
  }

  package func workloads(of subject: Subject) -> [ObjectReference] { bySubject[subject] ?? [] }
}

extension PodSpec {
  /// The API server's token is in the pod: neither pod nor account says no, or a volume projects one.
  func carriesToken(of account: ServiceAccount?) -> Bool {
    if automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true { return true }
    return volumes.contains { volume in
      if case .projected(let projection) = volume.source { return projection.tokens.contains { $0.audience.isEmpty } }
      return false
    }
  }
}
