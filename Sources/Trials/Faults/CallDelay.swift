package import FleetModel

extension Trial {
  package static func delay(caller: ObjectReference, target: ObjectReference, milliseconds: Int = 200) -> Trial {
    Trial(
      hypothesis: "When \(target.name) takes \(milliseconds) ms longer for \(caller.name), at least 95 % of users' "
        + "requests still succeed: nothing in the chain gives up too early.",
      fault: .delay(caller: caller, target: target, milliseconds: milliseconds), steadyShare: 0.95, holdSeconds: 3,
      recoverySeconds: 3,
      weakness: Weakness(
        code: "BH-TRIAL-DELAY", workload: caller, evidence: "a slow answer became an error",
        remediation: "give \(caller.name) → \(target.name) a time-out above the slow answer and below its own "
          + "caller's, and a retry budget so that slowness is not multiplied"))
  }
}
