package import FleetModel

extension Trial {
  /// More users at once, as after an advertisement or a failover elsewhere. It lasts longer than callers' time-outs, or
  /// requests that only pile up would look as if they were served.
  package static func trafficSpike(_ workload: ObjectReference, factor: Int = 3) -> Trial {
    Trial(
      hypothesis:
        "When users send \(factor) times as many requests to \(workload.name), at least 95 % of them succeed, "
        + "and all do again within 3 s of the spike's end.",
      fault: .spike(of: workload, factor: factor), steadyShare: 0.95, holdSeconds: 5, recoverySeconds: 3,
      weakness: Weakness(
        code: "BH-TRIAL-SPIKE", workload: workload, evidence: "a spike of requests became errors",
        remediation:
          "give \(workload.name) and what it calls more replicas or a HorizontalPodAutoscaler that keeps room "
          + "for spikes, raise CPU limits that throttle them, and let circuit breakers (connection pool limits) refuse "
          + "early what cannot be served in time"))
  }
}
