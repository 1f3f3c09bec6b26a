import Diagnostics
import FleetModel
import KubernetesAPI

/// Which cluster a run belongs to, whatever name people reach it by.
struct ClusterIdentity: Codable, Sendable {
  /// The uids of the plan's namespaces by name: no two clusters share one, and whoever rolls out may read them.
  var namespaces: [String: String]
  /// The context that the run began in; to be told to people alone.
  var context: String
  /// The uid of the namespace `kube-system`, which outlives the plan's; nil where it may not be read.
  var system: String?

  static func read(_ client: KubernetesClient, namespaces: Set<String>) async throws -> ClusterIdentity {
    var identity = ClusterIdentity(namespaces: [:], context: client.settings.name)
    func uid(_ name: String) async throws -> String? {
      do {
        return try await client.get(ObjectName(.namespaces, namespace: nil, name: name))[path: "metadata", "uid"]?
          .string
      } catch let failure as APIFailure where failure.kind == .notFound {
        return nil
      }
    }
    for name in namespaces.sorted() { identity.namespaces[name] = try await uid(name) }
    do {
      identity.system = try await uid("kube-system")
    } catch let failure as APIFailure where failure.kind == .forbidden {
      identity.system = nil
    }
    return identity
  }

  /// What is not there counts as put back: a run that is taken back elsewhere would be taken for undone. One namespace
  /// that is still the same suffices, for others may have been made anew.
  /// - Parameter isUndo: whether the run is only to be taken back, for which the cluster suffices.
  func require(_ found: ClusterIdentity, isUndo: Bool = false) throws {
    if isUndo, system != nil, system == found.system { return }
    guard !namespaces.isEmpty, !namespaces.contains(where: { found.namespaces[$0.key] == $0.value }) else { return }
    throw BulkheadError(
      .configuration,
      "this run belongs to another cluster, whose context was '\(context.safeForTerminal)', or its namespaces were "
        + "all made anew: \(namespaces.keys.sorted().prefix(5).joined(separator: ", ").safeForTerminal)",
      cure:
        "name that cluster with --kubeconfig and --context; where they were made anew, what was enrolled in them is "
        + "gone: begin a new run in another folder")
  }
}
