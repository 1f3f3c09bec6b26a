import FleetModel
import PodSecurity
import Testing

@Suite struct NamespaceEnforcementTests {
  typealias Mode = NamespaceEnforcement.Mode

  struct LabelCase: Sendable {
    var labels: [String: String]
    var modes: [String]
    var problems: Int = 0
  }

  @Test(
    "labels as the admission controller reads them",
    arguments: [
      LabelCase(labels: [:], modes: ["privileged:latest", "privileged:latest", "privileged:latest"]),
      LabelCase(
        labels: ["enforce": "baseline", "enforce-version": "v1.29"],
        modes: ["baseline:v1.29", "privileged:latest", "baseline:v1.29"]),
      LabelCase(
        labels: ["enforce": "restricted", "enforce-version": "v1.29", "warn-version": "v1.30"],
        modes: ["restricted:v1.29", "privileged:latest", "restricted:v1.30"]),
      LabelCase(
        labels: ["enforce": "restricted", "warn": "baseline", "audit": "restricted", "audit-version": "v1.1"],
        modes: ["restricted:latest", "restricted:v1.1", "baseline:latest"]),
      LabelCase(
        labels: ["enforce": "strict", "audit": "Baseline", "warn": ""],
        modes: ["restricted:latest", "privileged:latest", "privileged:latest"], problems: 3),
      LabelCase(
        labels: ["enforce": "baseline", "enforce-version": "1.29"],
        modes: ["baseline:latest", "privileged:latest", "baseline:latest"], problems: 1),
    ])
  func reading(_ example: LabelCase) {
    let labels = Dictionary(
      uniqueKeysWithValues: example.labels.map { ("pod-security.kubernetes.io/\($0.key)", $0.value) })
    let read = NamespaceEnforcement(labels: labels)
    #expect([read.enforce, read.audit, read.warn].map(\.description) == example.modes)
    #expect(read.problems.count == example.problems)
  }

  @Test("a cluster's own defaults hold where no label says otherwise")
  func defaults() {
    let cluster = NamespaceEnforcement(
      enforce: Mode(.baseline), audit: Mode(.restricted), warn: Mode(.restricted, .minor(30)))
    let read = NamespaceEnforcement(
      labels: ["pod-security.kubernetes.io/enforce": "privileged"], defaults: cluster)
    #expect(read.enforce == Mode(.privileged) && read.audit == cluster.audit && read.warn == cluster.warn)
  }

  @Test("a refused pod is not warned of as well")
  func admission() {
    var pod = hardenedPod()
    pod.securityContext.runAsNonRoot = nil
    let enforcement = NamespaceEnforcement(
      enforce: Mode(.baseline), audit: Mode(.restricted), warn: Mode(.restricted, .minor(30)))
    let admitted = enforcement.admission(of: pod, annotations: [:])
    #expect(admitted.isAdmitted && admitted.warnings.map(\.control) == ["runAsNonRoot"] && admitted.audits.count == 1)
    pod.hostPID = true
    let refused = enforcement.admission(of: pod, annotations: [:])
    #expect(refused.refusals.map(\.control) == ["hostNamespaces"])
    #expect(refused.warnings.isEmpty && refused.audits.count == 2)
  }
}
