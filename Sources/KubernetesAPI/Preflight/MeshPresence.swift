import Diagnostics
import FleetModel

/// Whether a mesh is really there: its control plane, healthy, and its kinds in the versions that are written. Only
/// reads.
package struct MeshPresence: Sendable {
  package var mesh: PreflightPlan.Mesh
  /// Where its control plane runs.
  package var namespace: String
  /// Kinds by API version.
  package var kinds: [(apiVersion: String, kinds: [String])]

  package init(
    _ mesh: PreflightPlan.Mesh, namespace: String?, kinds: [(apiVersion: String, kinds: [String])]
  ) {
    self.mesh = mesh
    self.namespace = namespace ?? Self.usualNamespace(mesh)
    self.kinds = kinds
  }

  package static func usualNamespace(_ mesh: PreflightPlan.Mesh) -> String {
    switch mesh {
    case .istioSidecar, .istioAmbient: "istio-system"
    case .linkerd: "linkerd"
    case .consul: "consul"
    case .envoy: "bulkhead"
    }
  }

  /// - Throws: `BulkheadError(.configuration)` saying what is missing; failures of the API as they are.
  package func require(_ client: KubernetesClient) async throws {
    var facts = ClusterFacts()
    let deployments = try await controllers(client, "Deployment", "deployments")
    facts.controllers = .known(deployments + (try await controllers(client, "DaemonSet", "daemonsets")))
    var plan = PreflightPlan()
    plan.mesh = mesh
    let controlPlane = MeshChecks(facts: facts, plan: plan).controlPlane
    guard controlPlane.result == .pass else {
      throw BulkheadError(
        .configuration, "\(controlPlane.detail) (looked for in the namespace \(namespace.safeForTerminal))",
        cure: "\(controlPlane.cure); --mesh-namespace names where it runs")
    }
    for wanted in kinds {
      let missing = try await missing(wanted.kinds, of: wanted.apiVersion, client)
      guard missing.isEmpty else {
        throw BulkheadError(
          .configuration,
          "the cluster lacks \(missing.joined(separator: ", ")) of \(wanted.apiVersion)",
          cure: "install the mesh's custom resource definitions, of a version that has them")
      }
    }
    if mesh == .consul { try await requirePermissiveConsul(client) }
  }

  private func controllers(_ client: KubernetesClient, _ kind: String, _ plural: String) async throws
    -> [DocumentValue]
  {
    let resource = APIResource(group: "apps", version: "v1", kind: kind, plural: plural, isNamespaced: true)
    return try await client.list(resource, namespace: namespace).items
  }

  private func missing(
    _ kinds: [String], of apiVersion: String, _ client: KubernetesClient
  ) async throws -> [String] {
    do {
      let answer = try await client.read("/apis/\(apiVersion)")
      let known = Set((answer["resources"]?.elements ?? []).compactMap { $0["kind"]?.string })
      return kinds.filter { !known.contains($0) }
    } catch let failure as APIFailure where failure.kind == .notFound {
      return kinds
    }
  }

  /// Consul takes no service's `mutualTLSMode: permissive` without a switch for the whole mesh, which is its owner's.
  private func requirePermissiveConsul(_ client: KubernetesClient) async throws {
    let resource = APIResource(
      group: "consul.hashicorp.com", version: "v1alpha1", kind: "Mesh", plural: "meshes", isNamespaced: true)
    // There is one for the whole mesh, in whichever namespace its owner put it; not everybody may look everywhere.
    let meshes: [DocumentValue]
    do {
      meshes = try await client.list(resource, namespace: nil).items
    } catch let failure as APIFailure where failure.kind == .forbidden {
      meshes = try await client.list(resource, namespace: namespace).items
    }
    guard meshes.contains(where: { $0["spec"]?["allowEnablingPermissiveMutualTLS"]?.bool == true }) else {
      throw BulkheadError(
        .configuration, "Consul does not allow services to take plaintext while their callers have no identity yet",
        cure: "set allowEnablingPermissiveMutualTLS: true in Consul's Mesh; where it is not in the namespace "
          + "\(namespace.safeForTerminal), let the account list meshes.consul.hashicorp.com in all of them")
    }
  }
}
