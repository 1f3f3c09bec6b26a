package import Diagnostics
package import FleetModel

/// How a subject comes by a risky right: through one binding and one role, in one place.
package struct RightUse: Sendable, Equatable {
  package var right: RiskyRight
  /// What of it: never empty, in the order of the right's table.
  package var requests: [AccessRequest]
  /// Nil means the whole cluster.
  package var namespace: String?
  /// The objects it is limited to; empty means all.
  package var names: [String]
  package var role: ObjectReference
  package var binding: ObjectReference
  package var writtenIn: ObjectReference
  package var isBuiltIn: Bool
  package var location: SourceLocation

  /// `create pods, deployments.apps`: one verb, then what it is allowed on.
  package var actions: String {
    var verbs: [String] = []
    var resources: [String: [String]] = [:]
    for request in requests {
      if resources[request.verb] == nil { verbs.append(request.verb) }
      resources[request.verb, default: []].append(
        request.group.isEmpty ? request.resource : "\(request.resource).\(request.group)")
    }
    return verbs.map { "\($0) \((resources[$0] ?? []).joined(separator: ", "))" }.joined(separator: "; ")
  }

  /// `in namespace shop`, `in the whole cluster`.
  package var place: String { namespace.map { "in namespace \($0)" } ?? "in the whole cluster" }

  /// `through RoleBinding shop/deployer (ClusterRole edit, built in)`.
  package var origin: String {
    let name = binding.namespace.isEmpty ? binding.name : "\(binding.namespace)/\(binding.name)"
    return "through \(binding.kind) \(name) (\(role.kind) \(role.name)\(isBuiltIn ? ", built in" : ""))"
  }
}

extension SubjectRights {
  /// The ways in which the subject holds a right, one for each binding, role and list of names; sorted by binding.
  package func uses(of right: RiskyRight) -> [RightUse] {
    var uses: [RightUse] = []
    var places: [UseKey: Int] = [:]
    let requests = right.requests
    let object = right.object
    for grant in grants {
      if let object, grant.namespace != nil, grant.namespace != object.namespace { continue }
      let allowed = requests.filter { request in
        if !grant.rule.allows(request.verb, request.resource, group: request.group, name: object?.name) { return false }
        return grant.namespace == nil
          || !ResourceScope.isCluster(request.resource, group: request.group, verb: request.verb)
      }
      if allowed.isEmpty { continue }
      let names = grant.rule.resourceNames.sorted()
      let key = UseKey(binding: grant.binding, writtenIn: grant.writtenIn, names: names)
      if let place = places[key] {
        // Rules of one role add up.
        let known = uses[place].requests
        if known.count < requests.count {
          uses[place].requests = requests.filter { known.contains($0) || allowed.contains($0) }
        }
        continue
      }
      places[key] = uses.count
      uses.append(
        RightUse(
          right: right, requests: allowed, namespace: grant.namespace, names: names, role: grant.role,
          binding: grant.binding, writtenIn: grant.writtenIn, isBuiltIn: grant.isBuiltIn, location: grant.location))
    }
    return uses
  }
}

private struct UseKey: Hashable {
  var binding: ObjectReference
  var writtenIn: ObjectReference
  var names: [String]
}
