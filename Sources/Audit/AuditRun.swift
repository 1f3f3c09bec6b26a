import AccessControl
import Breach
package import Diagnostics
package import FleetModel
import IntentModel
import MeshTraps
import PodSecurity

/// One audit of one fleet. Pure: a caller may evaluate slices of the workloads side by side.
package struct AuditRun: Sendable {
  package let fleet: Fleet
  package let options: AuditOptions
  let context: AuditContext
  /// Nil where no workload is, or is to be, in a mesh.
  let traps: TrapContext?
  let podRules: [PodRule]
  let trapRules: [(rule: AuditRule, trap: Trap)]
  let enforcement: [String: NamespaceEnforcement]

  struct PodRule: Sendable {
    var rule: AuditRule
    var assess: @Sendable (EffectivePod, AuditContext) -> Assessment
  }

  package init(_ fleet: Fleet, _ options: AuditOptions = AuditOptions()) {
    self.fleet = fleet
    self.options = options
    context = AuditContext(fleet, nodeFacts: options.nodeFacts)
    podRules = VectorCatalogue.all.compactMap { vector in
      guard options.wants(vector.code), let rule = RuleBook.vectors[vector.code], case .pod(let assess) = vector.rule
      else { return nil }
      return PodRule(rule: rule, assess: assess)
    }
    trapRules = TrapCatalogue.all.compactMap { trap in
      guard options.wants(trap.code), let rule = RuleBook.traps[trap.code] else { return nil }
      return (rule, trap)
    }
    let wantsTraps = !trapRules.isEmpty && (!options.meshes.isEmpty || !context.mesh.members.isEmpty)
    traps = wantsTraps ? TrapContext(fleet) : nil
    enforcement = Dictionary(
      fleet.namespaces.compactMap { namespace -> (String, NamespaceEnforcement)? in
        let enforcement = NamespaceEnforcement(labels: namespace.labels)
        return enforcement.enforce.level > .privileged || !enforcement.problems.isEmpty
          ? (namespace.name, enforcement) : nil
      }
    ) { first, _ in first }
  }

  /// The whole audit on the calling thread.
  ///
  /// - Parameter input: what reading the input found.
  package static func run(
    _ fleet: Fleet, _ options: AuditOptions = AuditOptions(), input: [Finding] = []
  ) -> AuditResult {
    let run = AuditRun(fleet, options)
    return run.result([run.part(fleet.workloads.indices), run.fleetPart()], input: input)
  }

  /// Vectors, traps and Pod Security of some workloads, given by their positions in the fleet.
  package func part(_ workloads: Range<Int>) -> AuditPart {
    var part = AuditPart()
    for index in workloads { assess(fleet.workloads[index], into: &part) }
    return part
  }

  private func assess(_ workload: Workload, into part: inout AuditPart) {
    let pod = context.effectivePod(workload)
    var found: [AuditFinding] = []
    for podRule in podRules {
      switch podRule.assess(pod, context) {
      case .closed: continue
      case .unknown(let reason):
        part.unknown.append(UnknownAssessment(rule: podRule.rule, resource: workload.id, because: reason))
      case .open(let evidence):
        for one in evidence { found.append(finding(podRule.rule, workload.id, one, workload.location)) }
      }
    }
    if let traps { assessTraps(pod, traps, &found, &part) }
    assessPodSecurity(workload, &found, &part)
    found.sort(by: AuditFinding.precedesWithinResource)
    found.numberAlike()
    part.findings += found
  }

  private func finding(
    _ rule: AuditRule, _ resource: ObjectReference, _ evidence: Evidence, _ location: SourceLocation?
  ) -> AuditFinding {
    AuditFinding(
      rule, resource: resource, container: evidence.container, message: evidence.message, fix: evidence.fix,
      location: evidence.location ?? location)
  }

  /// What holds in several meshes with the same fix is one finding.
  private func assessTraps(
    _ pod: EffectivePod, _ traps: TrapContext, _ found: inout [AuditFinding], _ part: inout AuditPart
  ) {
    let meshes = options.meshes.isEmpty ? pod.membership.askedMesh.map { [$0] } ?? [] : options.meshes
    for (rule, trap) in trapRules {
      let start = found.count
      for mesh in meshes {
        for hit in trap.hits(pod, traps, mesh: mesh) {
          if let reason = hit.undecided {
            part.unknown.append(UnknownAssessment(rule: rule, resource: pod.workload.id, because: reason))
            continue
          }
          let fix = hit.fix[mesh]
          let isTold = found[start...].contains {
            $0.message == hit.message && $0.fix == fix && $0.container == hit.container
          }
          if isTold { continue }
          found.append(
            AuditFinding(
              rule, resource: pod.workload.id, container: hit.container, message: hit.message, fix: fix,
              location: hit.location ?? pod.workload.location))
        }
      }
    }
  }

  private func assessPodSecurity(_ workload: Workload, _ found: inout [AuditFinding], _ part: inout AuditPart) {
    let verdict = PodSecurityVerdict(of: workload, version: options.podSecurity)
    part.podSecurity.append(PodSecurityRow(resource: workload.id, verdict: verdict))
    guard options.wants(OwnRule.refusedByNamespace.rawValue),
      let enforcement = enforcement[workload.id.namespace], enforcement.enforce.level > .privileged
    else { return }
    for violation in enforcement.admission(of: workload).refusals {
      found.append(
        AuditFinding(
          OwnRule.refusedByNamespace.rule, resource: workload.id,
          message: "namespace \(workload.id.namespace) enforces \(enforcement.enforce) and refuses its pods: "
            + violation.message,
          fix: violation.fix(forKind: workload.id.kind), location: workload.location, place: violation.control))
    }
  }
}

/// What the audit of some of the workloads found; each workload's findings are together, in order.
package struct AuditPart: Sendable {
  package var findings: [AuditFinding] = []
  package var unknown: [UnknownAssessment] = []
  package var podSecurity: [PodSecurityRow] = []

  package init() {}
}
