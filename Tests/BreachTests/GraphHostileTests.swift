import FleetModel
import Intake
import IntentModel
import Testing

@testable import Breach

/// Fleets that nobody means well with: the graph stays small, and its answers stay exact.
struct GraphHostileTests {
  private func workload(_ name: String, namespace: String = "shop", owner: ObjectReference? = nil) throws -> Workload {
    let yaml = """
      apiVersion: v1
      kind: Pod
      metadata: {name: \(name), namespace: \(namespace), labels: {app: \(name)}}
      spec: {automountServiceAccountToken: false, containers: [{name: main, image: a}]}
      """
    let read = try Intake().read([InputSource(name: "in.yaml", bytes: Array(yaml.utf8))]).fleet
    var workload = try #require(read.workloads.first)
    workload.firstOwner = owner
    return workload
  }

  private func policy(_ name: String, _ workload: Workload, selects: LabelSelector) -> NetworkPolicy {
    var policy = NetworkPolicy(
      id: ObjectReference(kind: "NetworkPolicy", namespace: workload.id.namespace, name: name),
      location: workload.location)
    policy.podSelector = selects
    return policy
  }

  private static func label(_ value: String) -> LabelSelector {
    LabelSelector([.init(key: "app", operation: .isIn, values: [value])])
  }

  private func graph(_ fleet: Fleet) throws -> BreachGraph {
    try BreachGraphBuilder(AuditContext(fleet), vectors: []).build()
  }

  /// A hundred thousand rules in one policy, half of them for blocks, half for pods that are not there.
  @Test func aHundredThousandRules() throws {
    var fleet = Fleet()
    fleet.workloads = [try workload("a"), try workload("b")]
    var huge = policy("huge", fleet.workloads[0], selects: Self.label("a"))
    huge.ingress = (0..<100_000).map { number in
      let peer: NetworkPolicy.Peer =
        number % 2 == 0
        ? .block(cidr: "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)/32", except: [])
        : .pods(namespaces: nil, pods: Self.label("x\(number)"))
      return NetworkPolicy.Rule(
        peers: [peer], ports: [.init(transport: .tcp, number: .range(1 + number % 65_000, 1 + number % 65_000))])
    }
    fleet.networkPolicies = [huge]
    let exposure = try graph(fleet).exposure()
    // b cannot reach a; a sends what it likes.
    #expect(exposure.shares.map(\.blastRadius) == [1, 0])
  }

  /// Thousands of policies that let every namespace in: pairs would be a square, groups are not.
  @Test func everybodyLetsEverybodyIn() throws {
    let count = 1_500
    let model = try workload("w")
    var fleet = Fleet()
    fleet.workloads = (0..<count).map { number in
      var workload = model
      workload.id.name = "w\(number)"
      workload.podLabels = ["app": "w\(number)"]
      return workload
    }.sorted { $0.id < $1.id }
    fleet.networkPolicies = (0..<count).map { number in
      var open = policy("p\(number)", model, selects: Self.label("w\(number)"))
      open.governsEgress = true
      open.ingress = [.init(peers: [.pods(namespaces: LabelSelector(), pods: nil)])]
      open.egress = [.init(peers: [.pods(namespaces: LabelSelector(), pods: nil)])]
      return open
    }.sorted { $0.id < $1.id }
    let network = PolicyNetwork(fleet)
    #expect(network.groups.count == 1)
    let graph = try graph(fleet)
    #expect(graph.edgeCount < 10 * count)
    #expect(graph.exposure().shares.allSatisfy { $0.blastRadius == count - 1 })
  }

  @Test func selectorsThatMatchNothing() throws {
    var fleet = Fleet()
    fleet.workloads = [try workload("a"), try workload("b")]
    let nowhere = LabelSelector([.init(key: "no", operation: .exists)])
    var policies = [policy("nobody", fleet.workloads[0], selects: nowhere)]
    policies.append(policy("closed", fleet.workloads[0], selects: Self.label("a")))
    policies[1].ingress = [.init(peers: [.pods(namespaces: nowhere, pods: nil)])]
    fleet.networkPolicies = policies
    #expect(try graph(fleet).exposure().shares.map(\.blastRadius) == [1, 0])
  }

  /// Owners that own each other or themselves, and pods that say the same name twice, end nowhere else than others.
  @Test func cyclicOwnersAndDuplicates() throws {
    func owner(_ name: String) -> ObjectReference { ObjectReference(kind: "Pod", namespace: "shop", name: name) }
    var fleet = Fleet()
    fleet.workloads = [
      try workload("a", owner: owner("b")), try workload("b", owner: owner("a")), try workload("c", owner: owner("c")),
      try workload("c", owner: owner("c")),
    ]
    let exposure = try graph(fleet).exposure()
    #expect(exposure.shares.map(\.blastRadius) == [3, 3, 3, 3])
    #expect(WorkloadExposure(try graph(fleet)).weights().count == 3)
  }

  /// Everything marked as a jewel, every secret too.
  @Test func jewelsWithoutEnd() throws {
    var fleet = Fleet()
    let model = try workload("w")
    fleet.workloads = (0..<200).map { number in
      var workload = model
      workload.id.name = "w\(number)"
      workload.labels[BreachGraphBuilder.jewelLabel] = number % 2 == 0 ? "1e308" : "-nan"
      workload.pod.containers[0].secretImports = ["s\(number)", "s0"]
      return workload
    }.sorted { $0.id < $1.id }
    fleet.secrets = (0..<200).map { number in
      var secret = Secret(
        id: ObjectReference(kind: "Secret", namespace: "shop", name: "s\(number)"), location: model.location)
      secret.labels = [BreachGraphBuilder.jewelLabel: "inf"]
      return secret
    }.sorted { $0.id < $1.id }
    let graph = try graph(fleet)
    #expect(graph.all(.jewel).count == 400)
    let analysis = BreachAnalysis(graph)
    #expect(analysis.exposure.total.isFinite)
    #expect(analysis.paths.count <= 20)
  }

  /// Replicas that differ in one thing only are judged apart; those that differ in name and place, together.
  @Test func likenessSeesEveryDifference() throws {
    let owner = ObjectReference(kind: "ReplicaSet", namespace: "shop", name: "rs")
    let base = try workload("p", owner: owner)
    let changes: [(Bool, (inout Workload) -> Void)] = [
      (true, { $0.pod.nodeName = "one" }), (true, { $0.pod.hostname = "h" }),
      (true, { $0.pod.containers[0].location = $0.location }), (false, { $0.pod.hostPID = true }),
      (false, { $0.pod.containers[0].securityContext.privileged = true }), (false, { $0.podLabels["x"] = "y" }),
      (false, { $0.podAnnotations["x"] = "y" }), (false, { $0.id.namespace = "other" }),
      (false, { $0.firstOwner = nil }), (false, { $0.pod.containers.append($0.pod.containers[0]) }),
      (false, { $0.pod.initContainers = $0.pod.containers }), (false, { $0.pod.serviceAccount = "robot" }),
    ]
    for (index, (isAlike, change)) in changes.enumerated() {
      var other = base
      other.id.name = "q"
      change(&other)
      var fleet = Fleet()
      fleet.workloads = [base, other]
      let models = PodModels(AuditContext(fleet), [])
      #expect((models.count == 1) == isAlike, "change \(index)")
    }
  }
}
