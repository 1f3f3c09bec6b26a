import Diagnostics
import FleetModel
import Testing

@testable import Policies

/// Strange and large input: an answer in bounded time, and nothing that breaks out of its place.
struct HostileTests {
  @Test func namesCannotBreakOutOfTheText() throws {
    let place = SourceLocation(file: "x\n---\nkind: Evil", line: 1)
    var fleet = Fleet()
    var workload = Workload(
      id: ObjectReference(kind: "Deployment", namespace: "a\nkind: Evil", name: "w\"\n---\nkind: Secret"),
      location: place)
    workload.podLabels = ["app\n": "x: y\n- z"]
    var container = Container(name: "c", location: place)
    container.readinessProbe = Probe(action: .tcp(host: nil, port: .number(80)))
    workload.pod.containers = [container]
    fleet.workloads = [workload]
    for target in PolicyTarget.allCases {
      let set = PolicySolver(fleet, options: PolicyOptions(target: target)).solve()
      let documents = try DocumentReader.values(set.yaml)
      #expect(documents.count == set.objects.count)
      #expect(documents.allSatisfy { $0["kind"]?.string != "Secret" && $0["kind"]?.string != "Evil" })
      for step in HardeningSteps.steps(for: workload) { #expect(try DocumentReader.values(step.yaml).count == 1) }
    }
  }

  @Test func longNamesStayUniqueAndShort() {
    let long = String(repeating: "a", count: 250)
    let ids = ["Deployment", "StatefulSet"].flatMap { kind in
      ["x", "y"].map { ObjectReference(kind: kind, namespace: "n", name: long + $0) }
    }
    let names = ids.map { ObjectName.of($0) }
    #expect(Set(names).count == 4 && names.allSatisfy { $0.utf8.count <= 253 })
    #expect(ids.allSatisfy { PodNames.labelValue($0).utf8.count <= 63 })
  }

  /// A policy between two groups of hundreds names tens of thousands of pairs: only so many are looked at.
  @Test(.timeLimit(.minutes(2)))
  func manyDeclaredPairs() {
    var fleet = Fleet()
    let place = SourceLocation(file: "x", line: 1)
    fleet.workloads = (0..<300).map { number in
      var workload = Workload(
        id: ObjectReference(kind: "Deployment", namespace: "n", name: String(format4(number))), location: place)
      workload.podLabels = ["app": "w\(number)", "group": "g"]
      return workload
    }
    var policy = NetworkPolicy(
      id: ObjectReference(kind: "NetworkPolicy", namespace: "n", name: "all"), location: place)
    let group = LabelSelector([.init(key: "group", operation: .isIn, values: ["g"])])
    policy.podSelector = group
    policy.ingress = [
      .init(peers: [.pods(namespaces: nil, pods: group)], ports: [.init(number: .range(80, 80))])
    ]
    fleet.networkPolicies = [policy]
    let set = PolicySolver(fleet, options: PolicyOptions(target: .networkPolicy)).solve()
    #expect(set.decisions.count <= 2_000 && set.decisions.count > 1_000)
    #expect(set.workloads.count == 300)
  }

  private func format4(_ number: Int) -> String { "w" + String(number + 1_000) }

  @Test func emptyFleets() {
    for target in PolicyTarget.allCases {
      let set = PolicySolver(Fleet(), options: PolicyOptions(target: target)).solve()
      #expect(set.objects.isEmpty && set.yaml == "# no objects\n" && set.findings.isEmpty)
    }
  }
}
