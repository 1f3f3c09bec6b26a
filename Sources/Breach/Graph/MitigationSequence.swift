/// In which order mitigations lower exposure fastest: always the one that takes most away after those before it.
///
/// Unlike the cheapest cut it also has an answer where ways are left that nothing cuts, and unlike the list of single
/// effects it knows that two mitigations may be worth something only together with a third.
package struct MitigationSequence: Sendable, Equatable {
  package struct Step: Sendable, Equatable {
    package var mitigation: Mitigation
    /// By how much exposure falls if it alone is done.
    package var exposureRemoved: Double
    /// Exposure once it and all before it are done.
    package var exposureLeft: Double
  }
  package private(set) var steps: [Step] = []

  private var left: Double
  private var evaluations: Int

  /// - Parameters:
  ///   - candidates: mitigations and by how much each alone lowers exposure.
  ///   - budget: how often exposure may be computed. Where it allows, every candidate is weighed at every step;
  ///     otherwise those that promised most at the step before.
  init(_ graph: BreachGraph, from total: Double, _ candidates: [(Mitigation, Double)], limit: Int, budget: Int) {
    left = total
    evaluations = budget
    var isOn = [Bool](repeating: false, count: graph.mitigations.count)
    var open = candidates.compactMap { entry in
      graph.position(of: entry.0).map { Candidate(position: $0, alone: max(0, entry.1), gain: entry.1) }
    }
    open.sort(by: Candidate.isBefore)
    let isExhaustive = open.count * min(limit, open.count) <= budget
    while steps.count < limit, !open.isEmpty {
      guard let best = next(graph, &open, isOn, isExhaustive), best.gain > 1e-9 * max(1, total) else { return }
      isOn[best.position] = true
      open.removeAll { $0.position == best.position }
      left -= best.gain
      steps.append(
        Step(
          mitigation: graph.mitigations[best.position], exposureRemoved: best.alone, exposureLeft: max(0, left)))
    }
  }

  private struct Candidate {
    var position: Int
    var alone: Double
    var gain: Double

    static func isBefore(_ left: Candidate, _ right: Candidate) -> Bool {
      left.gain != right.gain ? left.gain > right.gain : left.position < right.position
    }
  }

  private mutating func next(
    _ graph: BreachGraph, _ open: inout [Candidate], _ isOn: [Bool], _ isExhaustive: Bool
  ) -> Candidate? {
    // At the first step every gain is fresh.
    guard !steps.isEmpty else { return open.first }
    var fresh = 0
    while fresh < open.count, evaluations > 0 {
      // What is best now cannot promise less than what promised most before, unless mitigations help each other.
      if !isExhaustive, fresh > 0, open[..<fresh].contains(where: { $0.gain >= open[fresh].gain }) { break }
      evaluations -= 1
      var applied = isOn
      applied[open[fresh].position] = true
      open[fresh].gain = left - graph.exposure(blocked: graph.blockedSets(applied)).total
      fresh += 1
    }
    let best = open[..<fresh].min(by: Candidate.isBefore)
    open.sort(by: Candidate.isBefore)
    return best
  }
}
