import FleetModel
import IntentModel

extension AuditContext {
  /// cgroup v1 on the nodes; v2 has neither release_agent nor devices.allow.
  var cgroupV1: NodeAnswer {
    switch nodeFacts.cgroupVersion {
    case 1: .yes("the nodes use cgroup v1")
    case nil: .unknown("whether the nodes use cgroup v1 or v2 is not in the input")
    default: .no
    }
  }

  /// Processes without rights may make user namespaces, as every current distribution lets them.
  var letsAnybodyMakeUserNamespaces: Bool { nodeFacts.unprivilegedUserNamespaces != false }

  /// No security module confines the container: `yes` means that it runs unconfined.
  ///
  /// The runtimes' default AppArmor profile refuses mounts and tracing of processes outside; SELinux does the same for
  /// every type but `spc_t`. Both let privileged containers go.
  func unconfined(_ member: EffectivePod.Member, in pod: PodSpec) -> NodeAnswer {
    if member.effective.privileged { return .yes("privileged") }
    guard let modules = nodeFacts.securityModules else {
      return .unknown("whether AppArmor or SELinux confines containers on the nodes is not in the input")
    }
    let own = member.container.securityContext
    if modules.contains("apparmor") {
      switch own.appArmor ?? pod.securityContext.appArmor {
      case .other(let type): return .unknown("what the AppArmor profile of the type '\(type)' does is not known")
      case nil, .runtimeDefault, .localhost: return .no
      case .unconfined: break
      }
    }
    if modules.contains("selinux"), (own.seLinux ?? pod.securityContext.seLinux)?.type != "spc_t" { return .no }
    return .yes("no security module confines it")
  }
}

extension EffectivePod {
  /// The answer of the container that is confined least.
  func unconfined(_ context: AuditContext, where holds: (EffectiveContainer) -> Bool) -> NodeAnswer {
    var answers: [NodeAnswer] = []
    for index in members.indices where holds(members[index].effective) {
      answers.append(context.unconfined(members[index], in: workload.pod))
    }
    return .worst(answers)
  }

  /// A kernel flaw, unless a RuntimeClass may give the pod a kernel of its own.
  func kernelFlaw(_ flaw: NodeFlaw, _ context: AuditContext) -> NodeAnswer {
    let answer = context.linux[flaw]
    guard case .yes = answer, let name = workload.pod.runtimeClassName else { return answer }
    return .unknown("the RuntimeClass \(name) may give the pod a kernel of its own")
  }

  /// Whether packets to a port of a node leave the pod as far as NetworkPolicies tell. Policies do not hold for pods on
  /// the node's own network.
  func mayReachNodes(port: Int, _ context: AuditContext) -> Bool {
    if workload.pod.hostNetwork { return true }
    let governing = context.policies(selecting: workload).filter(\.governsEgress)
    guard !governing.isEmpty else { return true }
    return governing.contains { policy in
      policy.egress.contains { rule in
        let reachesNodes = rule.peers.isEmpty || rule.peers.contains { if case .block = $0 { true } else { false } }
        return reachesNodes && (rule.ports.isEmpty || rule.ports.contains { $0.lets(port) })
      }
    }
  }

  /// Volumes that more than one container mounts, of which at least one may write; with the members that do.
  ///
  /// Races against the runtime need a volume that a running container changes while another one starts.
  var sharedVolumes: [(volume: String, members: [Int])] {
    guard members.count > 1 else { return [] }
    var order: [String] = []
    var users: [String: (members: [Int], written: Bool)] = [:]
    for index in members.indices {
      for mount in members[index].container.mounts {
        if users[mount.volume] == nil { order.append(mount.volume) }
        var user = users[mount.volume] ?? ([], false)
        if user.members.last != index { user.members.append(index) }
        user.written = user.written || !mount.readOnly
        users[mount.volume] = user
      }
    }
    let writable = Set(workload.pod.volumes.filter(\.isWritable).map(\.name)).union(workload.claimTemplates)
    return order.compactMap { name in
      guard let user = users[name], user.written, user.members.count > 1, writable.contains(name) else { return nil }
      return (name, user.members)
    }
  }
}

extension Volume {
  /// The kubelet mounts configuration, secrets and tokens read-only, whatever is written.
  var isWritable: Bool {
    switch source {
    case .configMap, .secret, .projected, .downwardAPI: false
    case .csi(_, let readOnly): !readOnly
    default: true
    }
  }
}

extension NetworkPolicy.Port {
  func lets(_ port: Int) -> Bool {
    guard transport == .tcp else { return false }
    return switch number {
    case .all: true
    case .range(let low, let high): low <= port && port <= high
    case .named: false
    }
  }
}
