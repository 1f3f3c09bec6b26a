package import FleetModel

/// An experiment: what should stay true, the fault, how long it lasts, and what a failure would mean.
package struct Trial: Sendable, Equatable, Codable {
  package var hypothesis: String
  package var fault: Fault
  /// The share of users' requests that must succeed while the fault lasts.
  package var steadyShare: Double
  /// How long the fault lasts, and how soon after its end users must be served as before. Seconds.
  package var holdSeconds: Double
  package var recoverySeconds: Double
  /// What a failure would show, and the configuration change that should cure it.
  package var weakness: Weakness

  package init(
    hypothesis: String, fault: Fault, steadyShare: Double, holdSeconds: Double, recoverySeconds: Double,
    weakness: Weakness
  ) {
    self.hypothesis = hypothesis
    self.fault = fault
    self.steadyShare = steadyShare
    self.holdSeconds = holdSeconds
    self.recoverySeconds = recoverySeconds
    self.weakness = weakness
  }
}

/// A named weak point with the change that should cure it.
package struct Weakness: Sendable, Equatable, Hashable, Codable {
  /// Stable, such as `BH-TRIAL-KILL`.
  package var code: String
  package var workload: ObjectReference
  package var evidence: String
  package var remediation: String

  package init(code: String, workload: ObjectReference, evidence: String, remediation: String) {
    self.code = code
    self.workload = workload
    self.evidence = evidence
    self.remediation = remediation
  }
}
