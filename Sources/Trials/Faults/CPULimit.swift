package import FleetModel

extension Trial {
  /// A pod that still runs and answers late: a noisy neighbour, or a limit that is too tight.
  package static func cpuLimit(_ workload: ObjectReference, percent: Int = 25) -> Trial {
    Trial(
      hypothesis:
        "When one pod of \(workload.name) gets \(percent) % of the CPU that it uses, the other pods take over: "
        + "at least 60 % of users' requests succeed meanwhile, and all do again within 4 s of the limit's end.",
      fault: .limitCPU(of: workload, percent: percent), steadyShare: 0.60, holdSeconds: 5, recoverySeconds: 4,
      weakness: Weakness(
        code: "BH-TRIAL-CPU", workload: workload, evidence: "a throttled pod kept getting traffic",
        remediation: "set the CPU limit of \(workload.name) well above its request, or leave it out: throttling "
          + "starts at the limit, however idle the node is. Bound the requests under way in each pod, run at least two "
          + "replicas, and let callers turn on outlier detection and time-outs"))
  }
}
