import FleetModel
import IntentModel

extension EffectiveContainer {
  /// Root from the start, or by a set-uid program of the image, which nobody here reads.
  var mayBeRoot: Bool { uid == 0 || !noNewPrivileges }

  /// The capabilities within reach of whoever runs code in it.
  var withinReach: CapabilitySet { mayBeRoot ? capabilities : [] }

  func mayGain(_ capability: Capability) -> Bool { withinReach.has(capability) }

  var isUnconfined: Bool { if case .unconfined = seccomp { true } else { false } }
  /// A profile that lies on the nodes, or of a type that Kubernetes does not know: what it lets through is not in the
  /// input.
  var hasOwnProfile: Bool {
    switch seccomp {
    case .localhost, .other: true
    case .runtimeDefault, .unconfined: false
    }
  }
}

/// Whether the half of a precondition that lies in a container's settings holds.
enum Reach: Sendable {
  case no, yes
  /// It depends on a seccomp profile that nobody here sees.
  case unseen

  static func when(_ holds: Bool) -> Reach { holds ? .yes : .no }

  /// For system calls that the runtime's default profile refuses to everybody without a capability for them.
  static func syscall(_ container: EffectiveContainer) -> Reach {
    switch container.seccomp {
    case .unconfined: .yes
    case .runtimeDefault: .no
    case .localhost, .other: .unseen
    }
  }
}

extension EffectivePod {
  /// Root of its containers is root of the node: no user namespace of its own, or a runtime that ignores it.
  ///
  /// A user namespace takes the force from capabilities. It does not take it from folders of the node: Kubernetes maps
  /// the ids of mounts, so that root of the container stays the owner of root's files there.
  func hasNodeUsers(_ context: AuditContext) -> Bool {
    workload.pod.hostUsers != false || !context.linux.honoursUserNamespaces
  }

  var isWindows: Bool { workload.pod.operatingSystem == "windows" }

  /// Asks every container; the node is asked only where a container's half holds.
  ///
  /// - Parameters:
  ///   - reach: the container's half; the flag tells that it is the mesh's own, by name and image.
  ///   - evidence: the text is what the node half saw.
  func assess(
    node: @autoclosure () -> NodeAnswer = .yes(""),
    _ reach: (_ container: EffectiveContainer, _ isMesh: Bool) -> Reach,
    evidence: (Member, String) -> Evidence
  ) -> Assessment {
    var (holds, unseen) = (false, false)
    for index in members.indices {
      switch reach(members[index].effective, members[index].belongsToMesh) {
      case .no: continue
      case .yes: holds = true
      case .unseen: unseen = true
      }
    }
    guard holds || unseen else { return .closed }
    let answer = node()
    guard holds else {
      return answer == .no
        ? .closed : .unknown(because: "what the seccomp profile lets through is not in the input")
    }
    return answer.assessment { seen in
      var found: [Evidence] = []
      for index in members.indices {
        guard case .yes = reach(members[index].effective, members[index].belongsToMesh) else { continue }
        found.append(evidence(members[index], seen))
      }
      return found
    }
  }

  /// For rows that a capability alone opens: it has no force outside of a user namespace of the pod's own.
  func assess(_ capability: Capability, _ context: AuditContext, effect: String) -> Assessment {
    guard hasNodeUsers(context) else { return .closed }
    return assess({ container, _ in .when(container.mayGain(capability)) }) { member, _ in
      evidence(member, capability, effect)
    }
  }

  /// For rows that need the container to be privileged.
  func assessPrivileged(_ context: AuditContext, effect: String) -> Assessment {
    guard hasNodeUsers(context) else { return .closed }
    return assess({ container, _ in .when(container.privileged && container.mayBeRoot) }) { member, _ in
      Evidence(
        container: member.container.name,
        message: "container \(member.container.name): securityContext.privileged is true: \(effect)",
        fix: patch(member, "securityContext:\n  privileged: false"), location: member.container.location)
    }
  }

  /// For rows that a mount of the node opens to root.
  func assessMounts(
    _ context: AuditContext, where holds: (HostMount) -> Bool, effect: (HostMount) -> String
  ) -> [Evidence] {
    hostMounts(context).compactMap { holds($0) ? evidence($0, effect($0)) : nil }
  }
}

extension Assessment {
  /// Both ways to open a row: evidence adds up, and what is unknown counts only where nothing is open.
  static func either(_ left: Assessment, _ right: Assessment) -> Assessment {
    switch (left, right) {
    case (.open(let first), .open(let second)): .open(first + second)
    case (.open, _): left
    case (_, .open): right
    case (.unknown, _): left
    default: right
    }
  }

  func or(_ evidence: [Evidence]) -> Assessment { .either(self, .from(evidence)) }
}

extension Vector.Rule {
  /// A rule over pods of Linux.
  static func linux(_ rule: @escaping @Sendable (EffectivePod, AuditContext) -> Assessment) -> Vector.Rule {
    .pod { pod, context in pod.isWindows ? .closed : rule(pod, context) }
  }
}
