package import FleetModel

/// The level that a workload's pods reach, and what keeps them from the next.
package struct PodSecurityVerdict: Sendable, Equatable {
  package let version: PodSecurityVersion
  /// The highest level whose controls, and those of all levels below, the pods pass.
  package let level: PodSecurityLevel
  package let violations: [Violation]

  package init(of pod: PodSpec, annotations: [String: String], version: PodSecurityVersion = .latest) {
    self.version = version
    violations = PodSecurity.violations(of: pod, annotations: annotations, version: version)
    level = Self.level(of: violations)
  }

  package init(of workload: Workload, version: PodSecurityVersion = .latest) {
    self.init(of: workload.pod, annotations: workload.podAnnotations, version: version)
  }

  private static func level(of violations: [Violation]) -> PodSecurityLevel {
    if violations.isEmpty { return .restricted }
    return violations.contains { $0.level == .baseline } ? .privileged : .baseline
  }

  /// What keeps the pods from a level.
  package func violations(against level: PodSecurityLevel) -> [Violation] { violations.filter { $0.level <= level } }
}
