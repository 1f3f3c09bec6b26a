import Testing

@testable import Breach

/// What to do first: greedy, step by step, against trying everything.
struct GraphSequenceTests {
  @Test func everyStepIsTheBestOneLeft() {
    var steps = 0
    for round in 0..<60 {
      let graph = RandomGraph(nodes: 12, edges: 36, mitigations: 6, seed: UInt64(round)).graph
      let sequence = BreachAnalysis(graph).sequence
      var applied: Set<Mitigation> = []
      var left = graph.exposure().total
      for step in sequence.steps {
        let gains = graph.mitigations.filter { !applied.contains($0) }
          .map { left - graph.exposure(applying: applied.union([$0])).total }
        applied.insert(step.mitigation)
        let next = graph.exposure(applying: applied).total
        #expect(abs(step.exposureLeft - next) < 1e-9)
        #expect(abs(left - next - (gains.max() ?? 0)) < 1e-9)
        #expect(next < left)
        left = next
        steps += 1
      }
      let rest = graph.mitigations.filter { !applied.contains($0) }
      #expect(rest.allSatisfy { left - graph.exposure(applying: applied.union([$0])).total < 1e-6 })
    }
    #expect(steps > 60)
  }

  @Test func withoutABudgetItIsStillAnHonestSequence() {
    let graph = RandomGraph(nodes: 20, edges: 60, mitigations: 12, seed: 4).graph
    let total = graph.exposure().total
    let alone = graph.mitigations.map { ($0, total - graph.exposure(applying: [$0]).total) }
    let sequence = MitigationSequence(graph, from: total, alone, limit: 20, budget: 15)
    var applied: Set<Mitigation> = []
    for step in sequence.steps {
      applied.insert(step.mitigation)
      #expect(abs(step.exposureLeft - graph.exposure(applying: applied).total) < 1e-9)
    }
    #expect(!sequence.steps.isEmpty)
    #expect(MitigationSequence(graph, from: total, [], limit: 20, budget: 15).steps.isEmpty)
  }

  @Test func mitigationsAreFoundByTheirPlace() {
    let graph = RandomGraph(nodes: 12, edges: 60, mitigations: 9, seed: 3).graph
    for (index, mitigation) in graph.mitigations.enumerated() { #expect(graph.position(of: mitigation) == index) }
    #expect(graph.position(of: Mitigation(.isolate, pod(99))) == nil)
  }
}
