package import IntentModel

extension Plan {
  /// The plan with the wrongs that concern its order worked in. It breaks the planner's own rule on purpose.
  package func planted(_ wrongs: [PlantedWrong]) -> Plan {
    var result = self
    for case .strictTooEarly(let workload) in wrongs {
      let strict = Posture(hardened: false, mutualTLS: .strict)
      for index in result.waves.indices {
        result.waves[index].steps.removeAll { $0.workload == workload }
        result.waves[index].workloads.removeAll { $0 == workload }
      }
      result.waves.removeAll { $0.workloads.isEmpty }
      // A wave of its own before all others: nobody who calls it has an identity yet.
      let step = Step(workload: workload, action: .requireMutualTLS, before: .untouched, after: strict, wave: 0)
      result.waves.insert(Wave(index: 0, name: "wave-1: lock 1", workloads: [workload], steps: [step]), at: 0)
      for index in result.waves.indices {
        result.waves[index].index = index
        result.waves[index].name = "wave-\(index + 1)" + result.waves[index].name.drop { $0 != ":" }
        for step in result.waves[index].steps.indices { result.waves[index].steps[step].wave = index }
      }
    }
    return result
  }
}
