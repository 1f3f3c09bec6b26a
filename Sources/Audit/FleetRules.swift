import AccessControl
import Breach
import Diagnostics
import FleetModel
import IntentModel
import PodSecurity

extension AuditRun {
  /// Vectors of subjects and of the fleet as a whole, and labels of namespaces.
  package func fleetPart() -> AuditPart {
    var part = AuditPart()
    for vector in VectorCatalogue.all where options.wants(vector.code) {
      guard let rule = RuleBook.vectors[vector.code] else { continue }
      switch vector.rule {
      case .pod: continue
      case .subject(let assess): assessSubjects(rule, assess, &part)
      case .fleet(let assess):
        for object in assess(context) { add(rule, object.resource, object.location, object.assessment, &part) }
      }
    }
    if options.wants(OwnRule.unreadableLabel.rawValue) { addLabels(&part) }
    part.findings.sort(by: AuditFinding.precedes)
    part.findings.numberAlike()
    return part
  }

  private func assessSubjects(
    _ rule: AuditRule, _ assess: (SubjectRights, AuditContext) -> Assessment, _ part: inout AuditPart
  ) {
    for subject in context.access.subjects {
      let rights = context.rights(of: subject)
      if rights.grants.isEmpty && rights.unresolved.isEmpty { continue }
      if rights.isBuiltIn && !options.includesBuiltIn { continue }
      let id = ObjectReference(kind: subject.kind.rawValue, namespace: subject.namespace, name: subject.name)
      add(rule, id, context.accounts[id]?.location, assess(rights, context), &part)
    }
  }

  private func add(
    _ rule: AuditRule, _ resource: ObjectReference, _ location: SourceLocation?, _ assessment: Assessment,
    _ part: inout AuditPart
  ) {
    switch assessment {
    case .closed: return
    case .unknown(let reason):
      part.unknown.append(UnknownAssessment(rule: rule, resource: resource, because: reason))
    case .open(let evidence):
      for one in evidence {
        part.findings.append(
          AuditFinding(
            rule, resource: resource, container: one.container, message: one.message, fix: one.fix,
            location: one.location ?? location))
      }
    }
  }

  private func addLabels(_ part: inout AuditPart) {
    for namespace in fleet.namespaces {
      for problem in enforcement[namespace.name]?.problems ?? [] {
        part.findings.append(
          AuditFinding(
            OwnRule.unreadableLabel.rule,
            resource: ObjectReference(kind: "Namespace", namespace: "", name: namespace.name),
            message: "the label \(problem.label) is '\(problem.value)', which \(problem.message)",
            fix: "kubectl label --overwrite namespace \(namespace.name) \(problem.label)-",
            location: namespace.location, place: problem.label))
      }
    }
  }
}
