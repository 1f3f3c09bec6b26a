import FleetModel
import TestSupport
import Testing

@testable import KubernetesTarget

@Suite struct PodOwnersTests {
  /// The rule itself, without an index.
  private func bruteForce(
    _ workloads: [MeshDocument.Workload], _ namespace: String, _ labels: [String: String]
  ) -> ObjectReference? {
    workloads.filter { one in
      one.workload.namespace == namespace && !one.podLabels.isEmpty
        && one.podLabels.allSatisfy { labels[$0.key] == $0.value }
    }
    .sorted { ($0.podLabels.count, $1.workload) > ($1.podLabels.count, $0.workload) }.first?.workload
  }

  @Test(arguments: 0..<200) func theIndexFindsWhatLookingAtAllFinds(_ seed: Int) {
    var random = SplitMix64(UInt64(seed))
    func labels(upTo count: Int) -> [String: String] {
      let pairs = (0..<Int.random(in: 0...count, using: &random)).map { _ in
        (["app", "tier", "part"].randomElement(using: &random) ?? "", "\(Int.random(in: 0...2, using: &random))")
      }
      return Dictionary(pairs) { first, _ in first }
    }
    let workloads = (0..<12).map { number in
      MeshDocument.Workload(
        workload: ObjectReference(kind: "Deployment", namespace: number % 3 == 0 ? "a" : "b", name: "w\(number)"),
        serviceAccount: "default", podLabels: labels(upTo: 3), inbound: [], outbound: [])
    }
    let owners = PodOwners(workloads)
    for _ in 0..<40 {
      let (place, own) = (Bool.random(using: &random) ? "a" : "b", labels(upTo: 4))
      #expect(owners.owner(place, own) == bruteForce(workloads, place, own), "\(own)")
    }
  }
}
