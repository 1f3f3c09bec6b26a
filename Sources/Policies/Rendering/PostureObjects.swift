package import FleetModel
package import IntentModel

/// What workloads need of a mesh, and of the network, in each posture on their way into it.
///
/// All postures of a workload are written from the same list of flows: those of the end of the plan, when everybody who
/// is to enter has entered. So that rules do not change while waves come and go; whether they may be enforced yet is
/// another question (`callers(of:notIn:)`).
package struct PostureObjects: Sendable {
  package let set: PolicySet
  package let mesh: Mesh
  let context: RenderContext
  private let needs: [ObjectReference: WorkloadPolicy]
  /// In the mesh already, before anything is done.
  package let members: Set<ObjectReference>

  /// - Parameters:
  ///   - enrolled: the workloads that are in the mesh in the end.
  ///   - watchers: addresses (CIDR) from which the proxies' counts are read.
  package init?(_ fleet: Fleet, mesh: Mesh, enrolled: Set<ObjectReference>, watchers: [String] = []) {
    guard let target = PolicyTarget.allCases.first(where: { $0.mesh == mesh }) else { return nil }
    var options = PolicyOptions(target: target)
    members = Set(MeshMembership.members(of: mesh, in: fleet))
    options.enrolled = enrolled.union(members)
    options.keepsAccounts = true
    options.watchers = watchers
    set = PolicySolver(fleet, options: options).solve()
    self.mesh = mesh
    let accounts = Dictionary(fleet.workloads.map { ($0.id, $0.pod.serviceAccount) }) { first, _ in first }
    context = RenderContext(target: target, options: options, accounts: accounts, fleet: fleet)
    needs = Dictionary(set.workloads.map { ($0.workload, $0) }) { first, _ in first }
  }

  package func need(of workload: ObjectReference) -> WorkloadPolicy? { needs[workload] }

  /// Labels and annotations by which the mesh takes the workload's pods, and no others, in, and by which objects find
  /// those of the posture; nil where the mesh cannot take them in.
  package func patch(of workload: ObjectReference, in posture: Posture) -> WorkloadPatch? {
    guard needs[workload]?.isInMesh == true else { return nil }
    var patch = set.patches.first { $0.workload == workload } ?? WorkloadPatch(workload: workload)
    patch.labels.merge(PostureMark.labels(posture)) { _, new in new }
    if mesh == .linkerd {
      patch.annotations["config.linkerd.io/default-inbound-policy"] = LinkerdRenderer.defaultPolicy(posture)
    }
    return patch
  }

  /// In the order in which they are to be applied.
  package func objects(of workload: ObjectReference, in posture: Posture) -> [ManifestObject] {
    guard let need = needs[workload], posture.enrolled else { return [] }
    var objects = context.renderer?.objects(for: need, in: posture) ?? []
    if posture.isolated, let policy = networkPolicy(of: need) { objects.append(policy) }
    return objects
  }

  private func networkPolicy(of need: WorkloadPolicy) -> ManifestObject? {
    let name = ObjectName.of(need.workload)
    guard
      var policy = set.networkPolicies.first(where: {
        $0.id.namespace == need.workload.namespace && $0.id.name == name
      })
    else { return nil }
    policy.podSelector.requirements.append(
      .init(key: PostureMark.isolated, operation: .isIn, values: ["true"]))
    return ManifestObject(
      policy, for: need.workload, purpose: "\(need.workload.name): \(RenderContext.callers(need))")
  }

  /// The workloads whose identity the rules of a workload name, itself left out; sorted.
  package func members(calling workload: ObjectReference) -> [ObjectReference] {
    let named = Set((needs[workload]?.inbound ?? []).filter { $0.transport == .tcp }.flatMap(\.members))
    return named.filter { $0 != workload }.sorted()
  }

  /// Those of them that are not in the mesh at a moment.
  package func callers(of workload: ObjectReference, notIn enrolled: Set<ObjectReference>) -> [ObjectReference] {
    members(calling: workload).filter { !enrolled.contains($0) && !members.contains($0) }
  }
}

extension PostureObjects {
  /// The name under which Consul knows a workload's pods.
  package func consulService(of workload: Workload) -> String {
    ConsulRenderer.service(of: workload, in: context.fleet)
  }
}
