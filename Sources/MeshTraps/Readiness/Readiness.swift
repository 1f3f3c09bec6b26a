import Diagnostics
package import FleetModel
package import IntentModel

/// The readiness table: each workload with what stands between it and a mesh.
package enum Readiness {
  /// The readiness of every workload, in the fleet's order.
  ///
  /// - Parameter mesh: nil means that no mesh is chosen yet: then only what holds for every proxy beside an
  ///   application counts.
  package static func assess(_ fleet: Fleet, mesh: Mesh?) -> [WorkloadReadiness] {
    assess(TrapContext(fleet), mesh: mesh)
  }

  package static func assess(_ context: TrapContext, mesh: Mesh?) -> [WorkloadReadiness] {
    let traps = TrapCatalogue.all.filter { trap in mesh.map(trap.meshes.contains) ?? trap.beforeChoice }
    return context.fleet.workloads.map { workload in
      assess(context.effectivePod(workload), context, traps, mesh)
    }
  }

  private static func assess(
    _ pod: EffectivePod, _ context: TrapContext, _ traps: [Trap], _ mesh: Mesh?
  ) -> WorkloadReadiness {
    let workload = pod.workload
    var result = WorkloadReadiness(workload: workload.id, mesh: mesh, level: .ready, reasons: [])
    for rule in ReadinessRule.all {
      for occurrence in rule.occurrences(pod, context, mesh) {
        result.level = max(result.level, occurrence.level ?? rule.level)
        result.reasons.append(
          Finding(
            code: rule.code, title: rule.title, severity: rule.severity, resource: workload.id.description,
            message: occurrence.message, fix: rule.fix, location: occurrence.location))
      }
    }
    for trap in traps {
      // Before a mesh is chosen, plain Envoy stands for any proxy beside an application.
      for hit in trap.hits(pod, context, mesh: mesh ?? .envoy) { add(hit, trap, mesh, workload, to: &result) }
    }
    // Sorted by code, occurrences of one code in the order found.
    result.reasons = sorted(result.reasons)
    result.undecided = sorted(result.undecided)
    return result
  }

  private static func add(
    _ hit: TrapHit, _ trap: Trap, _ mesh: Mesh?, _ workload: Workload, to result: inout WorkloadReadiness
  ) {
    // BH-SINGLE-REPLICA says the same, whichever mesh it is.
    if trap.code == "T26", hit.level == .ready { return }
    var finding = Finding(
      code: trap.code, title: trap.title, severity: trap.severity, resource: workload.id.description,
      message: hit.message, fix: mesh.map { hit.fix[$0] } ?? trap.cure, location: hit.location ?? workload.location)
    guard let reason = hit.undecided else {
      result.level = max(result.level, hit.level ?? trap.level)
      result.reasons.append(finding)
      return
    }
    finding.message += " (unknown, because \(reason))"
    result.undecided.append(finding)
  }

  private static func sorted(_ findings: [Finding]) -> [Finding] {
    findings.enumerated().sorted { ($0.element.code, $0.offset) < ($1.element.code, $1.offset) }.map(\.element)
  }
}

extension Fleet {
  /// The readiness of every workload before a mesh is chosen, in the fleet's order.
  package var readiness: [WorkloadReadiness] { Readiness.assess(self, mesh: nil) }
}
