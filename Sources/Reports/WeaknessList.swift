import Breach
import FleetModel
import IntentModel
import Planning
import Rollout
import Trials

/// Names every weak point a run showed, with the configuration change that should cure it.
enum WeaknessList {
  static func of(_ report: RunReport) -> [Weakness] {
    var list = report.history.waves.flatMap(\.trials).compactMap(\.weakness)
    list += waysOut(report)
    // A DaemonSet has as many pods as there are nodes; what is not in the plan is not ours to judge.
    let counted = report.fleet.workloads.filter {
      report.planned.contains($0.id) && ["Deployment", "StatefulSet"].contains($0.id.kind)
    }
    list += counted.filter { $0.replicas < 2 }.map { workload in
      Weakness(
        code: "BH-SINGLE-REPLICA", workload: workload.id,
        evidence: "its spec asks for \(workload.replicas) replica(s)",
        remediation: "set replicas to 2 or more" + (report.isOnCluster ? "" : "; the rehearsal ran two pods"))
    }
    list += report.plan.refusals.filter { $0.action != .enrol }.map {
      Weakness(
        code: "BH-NOT-STRICT", workload: $0.workload, evidence: $0.reason,
        remediation: "let an ingress gateway with an identity of its own take the outside's traffic")
    }
    list += report.history.waves.compactMap(rollback)
    return Array(Set(list)).sorted { ($0.code, $0.workload, $0.evidence) < ($1.code, $1.workload, $1.evidence) }
  }

  private static func waysOut(_ report: RunReport) -> [Weakness] {
    let open = report.openAtEnd
    return report.escapes(.before).union(open).sorted().compactMap { way in
      guard let vector = VectorCatalogue.vector(way.vector) else { return nil }
      let closed = !open.contains(way)
      return Weakness(
        code: vector.code, workload: way.workload,
        evidence: closed
          ? "\(vector.title): a probe got out of its container before; the wave closed it"
          : "\(vector.title): a probe gets out",
        remediation: vector.mitigation)
    }
  }

  /// A canary that failed points at the workload with the strongest evidence.
  private static func rollback(_ wave: WaveRecord) -> Weakness? {
    guard wave.result != .promoted, let last = wave.canary.last, last.verdict != "pass",
      let worst = last.workloads.max(by: { $0.logERegression < $1.logERegression })
    else { return nil }
    return Weakness(
      code: "BH-CANARY", workload: worst.workload, evidence: wave.reason ?? worst.reason,
      remediation: "compare the steps of \(wave.name) for this workload with what its callers need; "
        + (wave.notPutBack == nil
          ? "the wave was undone and can be planned again" : "first put back what is left of the wave"))
  }
}
