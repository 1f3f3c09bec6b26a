package import IntentModel

extension Plan {
  /// The plan with the wrongs that concern its order worked in. It breaks the planner's own rule on purpose.
  package func planted(_ wrongs: [PlantedWrong]) -> Plan {
    var result = self
    for case .strictTooEarly(let workload) in wrongs {
      guard !result.waves.isEmpty else { continue }
      let strict = Posture(hardened: false, mutualTLS: .strict)
      for index in result.waves.indices {
        result.waves[index].steps.removeAll { $0.workload == workload }
        result.waves[index].workloads.removeAll { $0 == workload }
      }
      result.waves[0].workloads = (result.waves[0].workloads + [workload]).sorted()
      result.waves[0].steps.append(
        Step(workload: workload, action: .requireMutualTLS, before: .untouched, after: strict, wave: 0))
      result.waves.removeAll { $0.workloads.isEmpty }
      for index in result.waves.indices { result.waves[index].index = index }
    }
    return result
  }
}
