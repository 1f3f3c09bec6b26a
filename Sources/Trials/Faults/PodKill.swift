package import FleetModel

extension Trial {
  /// The smallest disruption: what every node does to pods every day.
  package static func podKill(_ workload: ObjectReference) -> Trial {
    Trial(
      hypothesis: "When one pod of \(workload.name) dies, at least 95 % of users' requests still succeed, "
        + "and all do again within 3 s.",
      fault: .killPod(of: workload), steadyShare: 0.95, holdSeconds: 2, recoverySeconds: 3,
      weakness: Weakness(
        code: "BH-TRIAL-KILL", workload: workload, evidence: "users noticed the death of one pod",
        remediation: "run at least two replicas of \(workload.name) with a readiness probe, and let callers retry "
          + "refused connections (sidecar retry policy: connect-failure)"))
  }
}
