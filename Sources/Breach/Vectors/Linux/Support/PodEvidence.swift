import AccessControl
import FleetModel
import IntentModel

extension EffectivePod.Member {
  func evidence(_ message: String, fix: String) -> Evidence {
    Evidence(container: container.name, message: message, fix: fix, location: container.location)
  }
}

extension EffectivePod {
  /// For rows that an unmasked /proc opens to root.
  func assessUnmasked(_ context: AuditContext, effect: String) -> Assessment {
    guard hasNodeUsers(context) else { return .closed }
    return assess({ container, _ in .when(container.unmasked && container.mayBeRoot) }) { member, _ in
      unmaskedEvidence(member, effect: effect)
    }
  }

  func unmaskedEvidence(_ member: Member, effect: String) -> Evidence {
    let privileged = member.effective.privileged
    let field = privileged ? "privileged is true" : "procMount is Unmasked"
    return member.evidence(
      "container \(member.container.name): securityContext.\(field): \(effect)",
      fix: patch(member, "securityContext:\n  \(privileged ? "privileged: false" : "procMount: Default")"))
  }

  /// Evidence for each writable mount of the node that holds one of the files, in a container that may be root.
  ///
  /// The kernel's own files check the user namespace, which folders of the node do not.
  func rootWrites(to files: [NodePath], _ context: AuditContext, effect: String) -> [Evidence] {
    guard hasNodeUsers(context) else { return [] }
    return hostMounts(context).compactMap { mount -> Evidence? in
      guard members[mount.member].effective.mayBeRoot, files.contains(where: mount.mayWrite) else { return nil }
      return evidence(mount, effect)
    }
  }

  /// For flaws of the kernel that a capability reaches, or a user namespace of the container's own making.
  func kernelEvidence(_ member: Member, _ capability: Capability, _ seen: String) -> Evidence {
    let byCapability = member.effective.mayGain(capability)
    return member.evidence(
      "\(byCapability ? member.origin(of: capability) : member.seccompText); \(seen)",
      fix: patchSeccomp(member, without: byCapability ? [capability] : []))
  }

  /// Mounts by subPath of volumes that containers write.
  var subPaths: [(member: Int, volume: String, path: String)] {
    var found: [(member: Int, volume: String, path: String)] = []
    guard members.contains(where: { $0.container.mounts.contains { $0.subPath != nil } }) else { return [] }
    let writable = Set(workload.pod.volumes.filter(\.isWritable).map(\.name)).union(workload.claimTemplates)
    for index in members.indices {
      for mount in members[index].container.mounts {
        guard let path = mount.subPath, !path.isEmpty else { continue }
        if writable.contains(mount.volume) { found.append((index, mount.volume, path)) }
      }
    }
    return found
  }

  /// "containers fetch and app".
  func names(_ indices: [Int]) -> String {
    "containers " + indices.map { members[$0].container.name }.joined(separator: " and ")
  }
}

extension EffectivePod {
  /// Whether the pod's token allows any of the requests; the text names the binding.
  func right(toAnyOf requests: [(verb: String, resource: String)], _ context: AuditContext) -> NodeAnswer {
    guard tokenMounted else { return .no }
    let rights = context.rights(of: self)
    for request in requests {
      if let grant = rights.grants(allowing: request.verb, request.resource).first {
        return .yes("\(grant.binding) lets it \(request.verb) \(request.resource)")
      }
    }
    guard let binding = rights.unresolved.first else { return .no }
    return .unknown("the role of \(binding), which names its service account, is not in the input")
  }

  /// No grant is closed only where every role is known.
  func withoutGrant(_ rights: SubjectRights) -> Assessment {
    guard let binding = rights.unresolved.first else { return .closed }
    return .unknown(because: "the role of \(binding), which names its service account, is not in the input")
  }

  func evidence(_ grant: Grant, _ right: String, _ effect: String) -> Evidence {
    Evidence(
      message: "service account \(workload.pod.serviceAccount): \(grant.binding) lets it \(right): \(effect)",
      fix: patch("automountServiceAccountToken: false"), location: grant.location)
  }
}

extension AuditContext {
  /// Pod Security refuses privileged debug containers there; nil asks about all namespaces, which nobody can promise.
  func enforcesPodSecurity(in namespace: String?) -> Bool {
    guard let namespace, let level = namespaces[namespace]?.labels["pod-security.kubernetes.io/enforce"] else {
      return false
    }
    return level == "baseline" || level == "restricted"
  }
}

extension Volume {
  /// A folder on the node's disk without a limit of its own.
  var isUnlimitedFolder: Bool {
    switch source {
    case .emptyDir(let memory, let limit): !memory && limit == nil
    case .hostPath: true
    default: false
    }
  }
}
