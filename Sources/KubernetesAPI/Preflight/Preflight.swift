/// Whether a cluster is ready for a rollout.
package enum ClusterPreflight {
  /// - Parameter trial: tries with pods whether NetworkPolicy is enforced; without it that stays unknown.
  /// - Throws: `APIFailure` when the server does not answer at all.
  package static func examine(
    _ client: KubernetesClient, _ plan: PreflightPlan, trial: NetworkPolicyTrial? = nil
  ) async throws -> PreflightReport {
    let facts = try await ClusterFacts.gather(client)
    let enforcement =
      if let trial { try await trial.run(client) } else { untried(facts) }
    return report(facts, plan, enforcement)
  }

  static func report(_ facts: ClusterFacts, _ plan: PreflightPlan, _ enforcement: PreflightCheck) -> PreflightReport {
    let (api, mesh) = (APIChecks(facts: facts), MeshChecks(facts: facts, plan: plan))
    return PreflightReport(
      checks: api.checks + NodeChecks(facts: facts, plan: plan).checks
        + AdmissionChecks(facts: facts, plan: plan).checks + mesh.checks + [mesh.dns, enforcement] + api.metrics)
  }

  static let enforcementTitle = "NetworkPolicy is enforced"

  /// The name of a CNI says little: many can be installed without their policy engine.
  static func untried(_ facts: ClusterFacts) -> PreflightCheck {
    PreflightCheck(
      "P42", .network, enforcementTitle, .unknown, "because it was not tried",
      cure: "try it with two short-lived pods: bulkhead preflight --try -n NAMESPACE")
  }
}
