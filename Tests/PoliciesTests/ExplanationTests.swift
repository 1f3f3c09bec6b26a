import Diagnostics
import FleetModel
import Testing

@testable import Policies

/// For each flow: which rule of which layer lets it through, and that the rule is really there.
struct ExplanationTests {
  @Test(arguments: [
    (PolicyTarget.istioSidecar, 5), (.istioAmbient, 4), (.linkerd, 4), (.consul, 4), (.networkPolicy, 2),
  ])
  func everyLayerIsNamed(_ target: PolicyTarget, _ layers: Int) throws {
    let set = try Support.solve(Support.pair, target)
    let explanation = try #require(set.explanations.first)
    #expect(explanation.steps.count == layers, "\(explanation.steps.map(\.layer))")
    #expect(explanation.evidence.first?.origin == .wiring && explanation.evidence.first?.location?.file == "in.yaml")
    for step in explanation.steps {
      guard let rule = step.rule, let id = step.object else { continue }
      let object = try #require(set.objects.first { $0.id == id })
      #expect(Self.value(of: object.document, at: rule) != nil, "\(rule) in \(id)")
    }
  }

  @Test func randomFleetsHaveNoFlowWithoutRules() {
    for seed in 0..<20 {
      var generator = RandomFleet(seed: UInt64(seed))
      let fleet = generator.make()
      let set = PolicySolver(fleet, options: PolicyOptions(target: .istioSidecar)).solve()
      let alone = Set(set.leftAlone.map(\.workload))
      for explanation in set.explanations {
        let steps = explanation.steps.filter { $0.layer.hasPrefix("network policy") }
        #expect(steps.count == 2)
        for (step, end) in zip(steps, [explanation.from, explanation.to]) {
          #expect((step.rule != nil) == !alone.contains(end), "seed \(seed): \(explanation)")
        }
      }
    }
  }

  @Test func aCallThatNothingNeeds() throws {
    let set = try Support.solve(Support.pair, .istioSidecar)
    let (web, cart) = (set.workloads[1].workload, set.workloads[0].workload)
    let explanation = set.explanation(from: cart, to: web, port: 8080)
    #expect(!explanation.isNeeded && explanation.steps.isEmpty)
  }

  /// `spec.rules[0]`, `spec.portLevelMtls.8080`.
  private static func value(of document: DocumentValue, at path: String) -> DocumentValue? {
    path.split(separator: ".").reduce(DocumentValue?.some(document)) { value, part in
      let name = part.prefix { $0 != "[" }
      var next = value?[String(name)]
      for index in part.dropFirst(name.count).split(whereSeparator: { "[]".contains($0) }) {
        guard let number = Int(index), let elements = next?.elements, elements.indices.contains(number) else {
          return nil
        }
        next = elements[number]
      }
      return next
    }
  }
}
