import FleetModel
import Testing

@testable import Breach

struct GraphExposureTests {
  /// outside → web → db (jewel), web → node → everything.
  static func shop() -> BreachGraph {
    var draft = BreachGraphDraft()
    let outside = draft.add(BreachNode(.outside, .init(kind: "Outside", namespace: "", name: "")))
    draft.outside = outside
    let web = draft.add(BreachNode(.pod, pod(1), pods: 2, value: 1, chance: 0.2))
    let base = draft.add(BreachNode(.pod, pod(2), pods: 1, value: 1, chance: 0.1))
    let node = draft.add(BreachNode(.node, .init(kind: "Node", namespace: "", name: "a"), value: 10))
    let jewel = draft.add(BreachNode(.jewel, pod(2), value: 100))
    draft.workloads = [web, base]
    draft.connect(outside, web, BreachReason(.entry, "", "published"), probability: 0.2)
    draft.connect(
      web, base, BreachReason(.network, "", "open"), probability: 0.1, removedBy: [Mitigation(.isolate, pod(2))])
    draft.connect(
      web, node, BreachReason(.breakout, "L01", "privileged"), probability: 0.9,
      removedBy: [Mitigation(.harden, pod(1))])
    draft.connect(node, base, BreachReason(.sameNode, "K20", "on it"))
    draft.connect(base, jewel, BreachReason(.holds, "", "jewel"))
    return draft.graph()
  }

  @Test func theDefinitionByHand() {
    let exposure = Self.shop().exposure()
    // web: falls 0.2; one own pod, the machine, the base and the jewel. base: falls 0.2 × 0.9; itself and the jewel.
    #expect(abs(exposure.shares[0].falls - 0.2) < 1e-7)
    #expect(exposure.shares[0].value == 112)
    #expect(exposure.shares[0].blastRadius == 1)
    #expect(abs(exposure.shares[1].falls - 0.18) < 1e-7)
    #expect(exposure.shares[1].value == 101)
    #expect(abs(exposure.total - (0.2 * 112 + 0.18 * 101)) < 1e-4)
  }

  @Test func bothWaysMustGo() {
    let graph = Self.shop()
    let (harden, isolate) = (Mitigation(.harden, pod(1)), Mitigation(.isolate, pod(2)))
    let before = graph.exposure().total
    let hardened = graph.exposure(applying: [harden])
    #expect(hardened.total < before)
    // The base is still reached over the network.
    #expect(hardened.shares[0].value == 102)
    let both = graph.exposure(applying: [harden, isolate])
    #expect(both.shares[0].value == 1)
    // Nothing leads to the base any more: what is left is assumed breach.
    #expect(abs(both.shares[1].falls - Exposure.assumedBreach * 0.1) < 1e-12)
    #expect(graph.exposure(applying: [Mitigation(.harden, pod(9))]).total == before)
  }

  /// No mitigation, alone or with others, ever raises it.
  @Test func itNeverRises() {
    for round in 0..<150 {
      let random = RandomGraph(nodes: 15, edges: 45, mitigations: 8, seed: UInt64(round))
      var applied: Set<Mitigation> = []
      var last = random.graph.exposure()
      for mitigation in random.graph.mitigations {
        applied.insert(mitigation)
        let next = random.graph.exposure(applying: applied)
        #expect(next.total <= last.total + 1e-9)
        for (new, old) in zip(next.shares, last.shares) {
          #expect(new.falls <= old.falls && new.value <= old.value && new.blastRadius <= old.blastRadius)
        }
        last = next
      }
    }
  }
}
