import Diagnostics
import FleetModel
package import Intake
import KubernetesAPI

/// A fleet as a cluster has it.
package struct ClusterFleet: Sendable {
  package var result: IntakeResult
  /// The context that was asked.
  package var context: String
  /// Nil for all namespaces.
  package var namespace: String?
  /// How many kinds were read.
  package var kinds: Int

  /// Lists all that is read of manifests. A kind that may not be read is a finding; the rest counts.
  ///
  /// - Parameters:
  ///   - strict: makes a kind that could not be read an error.
  ///   - warn: takes the server's warnings.
  /// - Throws: `BulkheadError`: 69 where the server is not to be reached, 77 where nothing may be read, 78 for a
  ///   kubeconfig that is wrong.
  package static func read(
    _ access: ClusterAccess, strict: Bool, warn: @escaping @Sendable (String) -> Void
  ) async throws -> ClusterFleet {
    try await access.with(warn: warn) { client in
      let namespace = access.allNamespaces ? nil : access.namespace ?? client.settings.namespace
      let outcome = try await ClusterReader(client, namespace: namespace).read()
      if let refused = outcome.refused.first, strict || outcome.kinds == 0 { throw refused }
      let result = Intake().assemble(outcome.objects, findings: outcome.findings)
      try check(namespace, result)
      return ClusterFleet(
        result: result, context: client.settings.name, namespace: namespace, kinds: outcome.kinds)
    }
  }

  /// A namespace that is not there has no objects, and a mistyped one should not look like an empty one.
  private static func check(_ namespace: String?, _ result: IntakeResult) throws {
    let known = result.fleet.namespaces.map(\.name)
    guard let namespace, !known.isEmpty, !known.contains(namespace) else { return }
    throw BulkheadError(
      .usage, "the cluster has no namespace '\(namespace.safeForTerminal)'",
      cure: "name one with -n, or all with -A: \(known.prefix(10).joined(separator: ", ").safeForTerminal)")
  }
}
