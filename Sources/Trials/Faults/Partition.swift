package import FleetModel

extension Trial {
  package static func partition(caller: ObjectReference, target: ObjectReference) -> Trial {
    Trial(
      hypothesis: "When one pod of \(caller.name) cannot reach one pod of \(target.name), "
        + "the other pods take over: at least "
        + "60 % of users' requests succeed meanwhile, and all do again within 4 s of the cut's end.",
      fault: .partition(caller: caller, target: target), steadyShare: 0.60, holdSeconds: 5, recoverySeconds: 4,
      weakness: Weakness(
        code: "BH-TRIAL-PARTITION", workload: caller, evidence: "an unreachable pod kept getting traffic",
        remediation: "turn on outlier detection and a short connect time-out for \(caller.name) → \(target.name), "
          + "and run \(target.name) with at least two replicas"))
  }
}
