import Breach
package import Diagnostics
package import FleetModel
import IntentModel
package import Planning
package import Rollout
import Trials

/// A run as `run.json` gives it (design, section 4; `bulkhead.run/1`), derived from the journal alone.
package struct RunReport: Sendable {
  package let history: RunHistory
  package let fleet: Fleet
  package let plan: Plan
  package let findings: [Finding]

  package init(history: RunHistory, fleet: Fleet, plan: Plan, findings: [Finding]) {
    self.history = history
    self.fleet = fleet
    self.plan = plan
    self.findings = findings
  }

  var isOnCluster: Bool { history.header?.isOnCluster ?? false }
  /// Those that enter the mesh.
  var planned: Set<ObjectReference> { Set(plan.waves.flatMap(\.workloads)) }

  package var result: RolloutResult { history.result ?? .failed }

  /// How often each way out is open, over all workloads: before the first wave and at the end.
  package var waysOut: (before: Int, after: Int) {
    (escapes(.before).count, openAtEnd.count)
  }

  struct WayOut: Hashable, Comparable {
    var vector: String
    var workload: ObjectReference

    static func < (left: WayOut, right: WayOut) -> Bool {
      (left.vector, left.workload) < (right.vector, right.workload)
    }
  }

  /// What got out before the workload's first wave.
  func escapes(_ phase: ProbeRecord.Phase) -> Set<WayOut> {
    var seen: Set<ObjectReference> = []
    var result: Set<WayOut> = []
    for wave in history.waves {
      let first = Set(wave.workloads).subtracting(seen)
      seen.formUnion(wave.workloads)
      for probe in wave.probes where probe.phase == phase && probe.result == .escaped && first.contains(probe.workload)
      {
        result.insert(WayOut(vector: probe.vector, workload: probe.workload))
      }
    }
    return result
  }

  /// The last word on each way out: what a promoted wave's probes saw replaces what was seen before.
  var openAtEnd: Set<WayOut> {
    var open = escapes(.before)
    for wave in history.waves where wave.result == .promoted {
      for probe in wave.probes where probe.phase == .after {
        let way = WayOut(vector: probe.vector, workload: probe.workload)
        if probe.result == .escaped { open.insert(way) } else { open.remove(way) }
      }
    }
    return open
  }

  /// The postures in force at the end.
  var finalPostures: [ObjectReference: Posture] {
    plan.postures(before: history.waves.count { $0.result == .promoted })
  }

  var weaknesses: [Weakness] { WeaknessList.of(self) }

  package var json: String {
    get throws { try JSONText.of(RunDocument(self), schema: "bulkhead.run/1") }
  }
}
