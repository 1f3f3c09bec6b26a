import FleetModel
import Intake
import IntentModel
import Testing

@testable import Breach

/// The weights of a schedule: they add up, never go below zero and follow the definition of exposure.
struct GraphWorkloadExposureTests {
  @Test func posturesStandForMitigations() {
    func names(_ posture: Posture) -> [String] {
      WorkloadExposure.mitigations([pod(1): posture]).map(\.name).sorted()
    }
    #expect(names(.untouched) == [])
    #expect(names(Posture(hardened: true, mutualTLS: .permissive, authorisation: .shadow)) == ["harden"])
    #expect(names(Posture(mutualTLS: .permissive, authorisation: .enforced)) == [])
    #expect(names(Posture(mutualTLS: .strict, authorisation: .shadow)) == [])
    #expect(names(Posture(mutualTLS: .strict, authorisation: .enforced)) == ["authorise"])
    #expect(names(WorkloadExposure.secured) == ["authorise", "harden", "isolate"])
  }

  @Test func sharesAndDropsByHand() {
    let exposure = WorkloadExposure(GraphExposureTests.shop())
    // web: 0.2 × 112; base: 0.18 × 101 (GraphExposureTests.theDefinitionByHand).
    #expect(abs(exposure.shares()[pod(1), default: 0] - 22.4) < 1e-9)
    #expect(abs(exposure.shares()[pod(2), default: 0] - 18.18) < 1e-9)
    // Hardened, web still reaches the base (102 in all), which falls by 0.2 × 0.1.
    let hardened = Posture(hardened: true)
    #expect(abs(exposure.drop(of: pod(1), to: hardened) - (22.4 + 18.18 - 0.2 * 102 - 0.02 * 101)) < 1e-9)
    // Isolating the base alone takes nothing: the node still holds it.
    #expect(exposure.drop(of: pod(2), to: Posture(isolated: true)) == 0)
    #expect(exposure.drop(of: pod(2), to: Posture(isolated: true), from: [pod(1): hardened]) > 0)
    #expect(exposure.shares(secured: [pod(1), pod(2)])[pod(1)] == 0.2)
  }

  @Test func weightsAddUpAndAreNeverNegative() {
    for round in 0..<60 {
      let random = RandomGraph(nodes: 14, edges: 40, mitigations: 14, seed: UInt64(round))
      let exposure = WorkloadExposure(random.graph)
      let weights = exposure.weights()
      let end = Dictionary(uniqueKeysWithValues: (0..<14).map { (pod($0), WorkloadExposure.secured) })
      #expect(weights.values.allSatisfy { $0 >= 0 })
      #expect(abs(weights.values.reduce(0, +) - (exposure.total() - exposure.total(end))) < 1e-6)
      #expect(exposure.weights() == weights)
    }
  }

  @Test func theCurveFalls() {
    let random = RandomGraph(nodes: 12, edges: 40, mitigations: 12, seed: 7)
    let exposure = WorkloadExposure(random.graph)
    var postures: [ObjectReference: Posture] = [:]
    var stages: [[ObjectReference: Posture]] = []
    for number in 0..<12 {
      postures[pod(number)] = WorkloadExposure.secured
      stages.append(postures)
    }
    let curve = exposure.curve(stages)
    #expect(curve.count == 13)
    #expect(zip(curve, curve.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(curve.last ?? 0 < curve[0])
  }

  /// A large fleet's weights are the falls of the workloads' own shares, which add up as well.
  @Test func largeFleetsAreSharedOutByTheirOwnFalls() {
    let count = 3_200
    var draft = BreachGraphDraft()
    let outside = draft.add(BreachNode(.outside, .init(kind: "Outside", namespace: "", name: "")))
    draft.outside = outside
    let hub = draft.add(BreachNode(.hub, .init(kind: "Hub", namespace: "", name: "all")))
    for number in 0..<count {
      let node = draft.add(BreachNode(.pod, pod(number), pods: 1, value: 1, chance: 0.1))
      draft.workloads.append(node)
      let isolate = [Mitigation(.isolate, pod(number))]
      draft.connect(node, hub, BreachReason(.network, "", ""), removedBy: isolate)
      draft.connect(hub, node, BreachReason(.network, "", ""), probability: 0.1, removedBy: isolate)
      if number % 10 == 0 {
        draft.connect(
          outside, node, BreachReason(.entry, "L56", ""), probability: 0.1,
          removedBy: [Mitigation(.harden, pod(number))])
      }
    }
    let exposure = WorkloadExposure(draft.graph())
    let weights = exposure.weights()
    #expect(weights.count == count)
    #expect(weights[pod(0), default: 0] > weights[pod(1), default: 0])
    let end = Dictionary(uniqueKeysWithValues: (0..<count).map { (pod($0), WorkloadExposure.secured) })
    let sum = (0..<count).reduce(0) { $0 + weights[pod($1), default: 0] }
    #expect(abs(sum - (exposure.total() - exposure.total(end))) < 1e-6)
  }

  /// Evidence about an image raises the chance of its workload, and with it what is expected to be lost.
  @Test func evidenceRaisesExposure() throws {
    let yaml = """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web, namespace: shop}
      spec:
        selector: {matchLabels: {app: web}}
        template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: a}]}}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: web, namespace: shop}
      spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
      """
    let fleet = try Intake().read([InputSource(name: "test.yaml", bytes: Array(yaml.utf8))]).fleet
    func web(_ chance: Double?) throws -> Exposure.Share {
      var options = BreachGraphBuilder.Options()
      options.chance[fleet.workloads[0].id] = chance
      let graph = try BreachGraphBuilder(AuditContext(fleet), vectors: [], options: options).build()
      return graph.exposure().shares[0]
    }
    let plain = try web(nil)
    #expect(abs(plain.falls - BreachGraphBuilder.defaultChance) < 1e-12)
    #expect(abs(try web(0.9).falls - 0.9) < 1e-12)
    #expect(try web(0.9).exposure > plain.exposure)
    #expect(try web(.nan).falls == 1)
    #expect(try web(-3).falls == 0)
  }
}
