package import FleetModel

extension Trial {
  /// The kernel ends the container while its sidecar lives on and answers for it: not what a dead pod looks like.
  package static func memoryLimit(_ workload: ObjectReference) -> Trial {
    Trial(
      hypothesis: "When one pod of \(workload.name) runs into its memory limit, at least 90 % of users' requests still "
        + "succeed, and all do again within 4 s.",
      fault: .limitMemory(of: workload), steadyShare: 0.90, holdSeconds: 3, recoverySeconds: 4,
      weakness: Weakness(
        code: "BH-TRIAL-MEMORY", workload: workload, evidence: "users noticed that one pod ran out of memory",
        remediation:
          "give \(workload.name) a memory request equal to its limit, with room for its peaks, run at least two "
          + "replicas with a readiness probe, and let callers retry on 503 (sidecar retry policy: 5xx, for calls that "
          + "may be repeated)"))
  }
}
