import Breach
import Diagnostics
import FleetModel
import TestSupport
import Testing

/// The policies that select a workload, found by label, against trying all of them.
@Suite struct PolicySelectionTests {
  private static let place = SourceLocation(file: "test.yaml", line: 1)

  private func selector(_ generator: inout SplitMix64) -> LabelSelector {
    let operations: [LabelSelector.Operation] = [.isIn, .isIn, .isIn, .notIn, .exists, .absent]
    return LabelSelector(
      (0..<Int.random(in: 0...2, using: &generator)).map { _ in
        LabelSelector.Requirement(
          key: "k\(Int.random(in: 0..<3, using: &generator))", operation: operations.randomElement(using: &generator)!,
          values: (0..<Int.random(in: 1...2, using: &generator)).map { _ in
            "v\(Int.random(in: 0..<3, using: &generator))"
          })
      })
  }

  @Test(arguments: 0..<40) func theIndexFindsWhatTryingAllFinds(_ seed: UInt64) {
    var generator = SplitMix64(seed)
    var fleet = Fleet()
    for number in 0..<30 {
      let namespace = "n\(Int.random(in: 0..<2, using: &generator))"
      var workload = Workload(
        id: ObjectReference(kind: "Deployment", namespace: namespace, name: "w\(number)"), location: Self.place)
      for key in 0..<3 where Bool.random(using: &generator) {
        workload.podLabels["k\(key)"] = "v\(Int.random(in: 0..<3, using: &generator))"
      }
      fleet.workloads.append(workload)
      var policy = NetworkPolicy(
        id: ObjectReference(kind: "NetworkPolicy", namespace: namespace, name: "p\(number)"), location: Self.place)
      policy.podSelector = selector(&generator)
      fleet.networkPolicies.append(policy)
    }
    let context = AuditContext(fleet)
    for workload in fleet.workloads {
      let expected = fleet.networkPolicies.filter {
        $0.id.namespace == workload.id.namespace && $0.podSelector.matches(workload.podLabels)
      }
      #expect(context.policies(selecting: workload) == expected)
    }
  }
}
