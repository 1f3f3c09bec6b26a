import AccessControl
import FleetModel

/// What the vectors of the API look up again and again, found once.
struct IdentityFacts: Sendable {
  /// Secrets that hold a service account's token.
  let tokenSecrets: Set<ObjectReference>
  /// A node bears a label that only managed nodes of a cloud with a metadata service have.
  let runsOnCloud: Bool
  /// Service accounts that hold anything, by namespace, or may: a role of theirs is not known. Sorted.
  private let holders: [String: [Subject]]

  private static let cloudLabels = [
    "eks.amazonaws.com/nodegroup", "cloud.google.com/gke-nodepool", "kubernetes.azure.com/cluster",
    "kubernetes.azure.com/agentpool",
  ]

  init(_ fleet: Fleet, rights: [Subject: SubjectRights]) {
    tokenSecrets = Set(
      fleet.secrets.lazy.filter { $0.type == "kubernetes.io/service-account-token" }.map(\.id))
    runsOnCloud = fleet.nodes.contains { node in Self.cloudLabels.contains { node.labels[$0] != nil } }
    let strong = rights.values.filter {
      $0.subject.kind == .serviceAccount && !($0.grants.isEmpty && $0.unresolved.isEmpty)
    }
    holders = Dictionary(grouping: strong.map(\.subject), by: \.namespace).mapValues { $0.sorted() }
  }

  /// The first few service accounts of a namespace with rights, without the one who asks.
  func holders(in namespace: String, besides subject: Subject) -> [Subject] {
    Array((holders[namespace] ?? []).lazy.filter { $0 != subject }.prefix(3))
  }
}
