import Breach
import FleetModel
import Foundation
import IntentModel
import KubernetesTarget
import Planning
import Trials

extension ClusterRun {
  /// The trials that the cluster can show, and what was left out, in words.
  func trials(
    _ fleet: Fleet, _ chaosMesh: ChaosMeshStanding, _ enforcement: ClusterTarget.Enforcement?
  ) -> (trials: [[Trial]], leftOut: [String]) {
    let derivation = IntentDerivation(fleet: fleet)
    let players = Set(derivation.players.map(\.id)).union(plan.protected)
    let (mesh, hasChaos) = (mesh, chaosMesh == .usable)
    let canBePutIn: @Sendable (Fault) -> Bool = {
      ClusterTarget.means(for: $0, on: mesh.mesh, fleet: fleet, chaosMesh: hasChaos) != nil
    }
    let planned = TrialPlanner(fleet: fleet, isPossible: canBePutIn).trials(
      ofWaves: plan.waves.map { ($0.workloads, plan.postures(before: $0.index + 1)) }, players: players)
    var leftOut: [String] = []
    let result = zip(plan.waves, planned).map { wave, all -> [Trial] in
      guard options.trials else { return [] }
      let postures = plan.postures(before: wave.index + 1)
      return all.filter { trial in
        guard canBePutIn(trial.fault) else {
          leftOut.append("\(wave.name): \(trial.fault.title): \(mesh.lacks(trial.fault, fleet, chaosMesh))")
          return false
        }
        guard case .delay(let caller, _, _) = trial.fault, postures[caller]?.enrolled != true else { return true }
        leftOut.append("\(wave.name): \(trial.fault.title): the caller has no sidecar yet that says who calls")
        return false
      }.map(\.onCluster)
    }
    if !options.trials { leftOut.append("all trials, as asked") }
    let tries = options.standinImage != nil
    let known = controls(enforcement)
    leftOut += Control.all.filter { !known.contains($0) }.map {
      "control \($0.kind.rawValue): \(ClusterTarget.lacks($0.kind, on: mesh.mesh, tries: tries, enforcement))"
    }
    leftOut += mesh.leftOut
    let probed = vectors.map(\.code)
    let unprobed = VectorCatalogue.probed.map(\.code).filter { !probed.contains($0) }
    if !unprobed.isEmpty {
      let why = tries ? "nothing closes it with \(mesh.mesh.title)" : "they take --standin-image"
      leftOut.append("break-outs \(unprobed.joined(separator: " ")): \(why)")
    }
    return (result, leftOut)
  }

  func controls(_ enforcement: ClusterTarget.Enforcement?) -> [Control] {
    ClusterTarget.controls(
      on: mesh.mesh, tries: options.standinImage != nil, isEnforced: enforcement == .enforced)
  }

  /// The break-outs that are tried.
  var vectors: [Vector] {
    guard options.standinImage != nil else { return [] }
    let known = ClusterTarget.vectors(on: mesh.mesh)
    return VectorCatalogue.probed.filter { known.contains($0.code) }
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
