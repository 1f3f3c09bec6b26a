import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension EffectivePod {
  /// The mesh it is in, or might be in where its labels contradict each other.
  var meshOrMaybe: Mesh? {
    switch membership.standing {
    case .member(let mesh), .conflicting(let mesh, _): mesh
    case .unasked, .optedOut, .impossible: nil
    }
  }

  /// The containers that are not the mesh's own.
  var ownMembers: [Member] {
    members.filter { !$0.belongsToMesh && MeshMembership.proxyContainers[$0.container.name] == nil }
  }
}

extension Mesh {
  /// The user whose traffic a sidecar's capture rules let pass: Istio 1337 (user and group), Linkerd 2102
  /// (`proxy.uid`), Consul 5995 (consul-k8s `sidecarUserAndGroupID`).
  var proxyUser: Int? {
    switch self {
    case .istioSidecar, .envoy: 1337
    case .linkerd: 2102
    case .consul: 5995
    case .istioAmbient: nil
    }
  }
}

extension ObjectAssessment {
  static func open(_ object: CustomObject, _ evidence: [Evidence]) -> ObjectAssessment {
    ObjectAssessment(resource: object.id, location: object.location, assessment: .from(evidence))
  }

  static func open(_ workload: Workload, _ message: String, fix: String) -> ObjectAssessment {
    ObjectAssessment(
      resource: workload.id, location: workload.location, assessment: .open([Evidence(message: message, fix: fix)]))
  }

  /// About a namespace as a whole, at its own place where it is in the input, or else at a workload's.
  static func namespace(
    _ name: String, _ context: AuditContext, at location: SourceLocation? = nil, _ assessment: Assessment
  ) -> ObjectAssessment {
    ObjectAssessment(
      resource: ObjectReference(kind: "Namespace", namespace: "", name: name),
      location: context.namespaces[name]?.location ?? location, assessment: assessment)
  }

  /// What the input would have to say about a mesh's installation and does not.
  static func unknown(_ mesh: Mesh, because reason: String) -> ObjectAssessment {
    let home =
      switch mesh {
      case .istioSidecar, .istioAmbient: "istio-system"
      case .linkerd: "linkerd"
      case .consul: "consul"
      case .envoy: "default"
      }
    return ObjectAssessment(
      resource: ObjectReference(kind: "Namespace", namespace: "", name: home), location: nil,
      assessment: .unknown(because: reason))
  }
}

extension AuditContext {
  func objects(_ kind: String, group: String? = nil) -> [CustomObject] {
    (customObjects[kind] ?? []).filter { group == nil || $0.apiGroup == group }
  }

  /// Workloads of control planes and agents by the beginning of their names, such as `istiod`.
  func workloads(named prefix: String) -> [Workload] { fleet.workloads.filter { $0.id.name.hasPrefix(prefix) } }
}

/// `a, b and 3 more`.
func listed(_ names: [String], most: Int = 3) -> String {
  let shown = names.prefix(most).joined(separator: ", ")
  return names.count > most ? "\(shown) and \(names.count - most) more" : shown
}

extension SubjectRights {
  /// The mesh's own parts hold these rights by design.
  var belongsToMesh: Bool {
    let names = ["istiod", "istio-", "ztunnel", "linkerd-", "consul-"]
    let homes = ["istio-system", "linkerd", "consul"]
    return subject.kind == .serviceAccount && homes.contains(subject.namespace)
      && names.contains { subject.name.hasPrefix($0) }
  }

  /// Open with one piece of evidence for each binding that gives the right; unknown where a role is missing.
  func assessed(_ grants: [Grant], what: String) -> Assessment {
    var seen: Set<ObjectReference> = []
    let evidence = grants.filter { seen.insert($0.binding).inserted }.map { grant in
      Evidence(
        message: "\(grant.binding.kind) \(grant.binding.name) gives it \(grant.role.kind) \(grant.role.name): \(what)",
        fix: "# take the rule out of \(grant.role.kind) \(grant.role.name), or the subject out of the binding:\n"
          + "kubectl delete \(grant.binding.kind.lowercased()) \(grant.binding.name)"
          + (grant.binding.namespace.isEmpty ? "" : " -n \(grant.binding.namespace)"),
        location: grant.location)
    }
    if evidence.isEmpty, let first = unresolved.first {
      return .unknown(because: "the role that \(first.kind) \(first.name) names is not in the input")
    }
    return .from(evidence)
  }
}
