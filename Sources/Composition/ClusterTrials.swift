import Breach
import FleetModel
import Foundation
import IntentModel
import KubernetesTarget
import Planning
import Trials

extension ClusterRun {
  /// The trials that the cluster can show, and what was left out, in words.
  func trials(_ fleet: Fleet) -> (trials: [[Trial]], leftOut: [String]) {
    let derivation = IntentDerivation(fleet: fleet)
    let players = Set(derivation.players.map(\.id))
    let planner = TrialPlanner(fleet: fleet)
    var leftOut: [String] = []
    let result = plan.waves.map { wave -> [Trial] in
      guard options.trials else { return [] }
      let postures = plan.postures(before: wave.index + 1)
      let all = planner.trials(for: wave.workloads, postures: postures, players: players)
      return all.filter { trial in
        guard ClusterTarget.supports(trial.fault, on: mesh.mesh) else {
          leftOut.append("\(wave.name): \(trial.fault.title): \(mesh.lacks(trial.fault))")
          return false
        }
        guard case .delay(let caller, _, _) = trial.fault, postures[caller]?.enrolled != true else { return true }
        leftOut.append("\(wave.name): \(trial.fault.title): the caller has no sidecar yet that says who calls")
        return false
      }.map(\.onCluster)
    }
    if !options.trials { leftOut.append("all trials, as asked") }
    let untried = Control.all.filter { !ClusterTarget.controls(on: mesh.mesh).contains($0) }
    leftOut += untried.map { "control \($0.kind.rawValue): it cannot be tried from outside the workload's pods" }
    leftOut += mesh.leftOut
    let unprobed = VectorCatalogue.probed.filter {
      options.standinImage == nil || !ClusterTarget.vectors.contains($0.code)
    }
    if !unprobed.isEmpty {
      leftOut.append("break-outs \(unprobed.map(\.code).joined(separator: " ")): tried on the twin (bulkhead rehearse)")
    }
    return (result, leftOut)
  }
}

extension Trial {
  /// Endpoints, pods and counts of a cluster take seconds where the twin's take tenths of them.
  fileprivate var onCluster: Trial {
    let patience = 10.0
    guard recoverySeconds < patience else { return self }
    var trial = self
    trial.hypothesis = hypothesis.replacingOccurrences(
      of: "within \(Int(recoverySeconds)) s", with: "within \(Int(patience)) s")
    trial.recoverySeconds = patience
    return trial
  }
}
