import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let nodeAgent = Vector(
    code: "K19", title: "Taking over a privileged agent that runs on every node", severity: .high,
    explanation: """
      Network plugins, chaos daemons, GPU and log agents run privileged on each node. Whoever may run commands \
      in their \
      pods, or breaks one node and takes the agent's token, has all nodes.
      """,
    mitigation: """
      Give nobody exec in the agents' namespaces, take cluster-wide rights from their accounts, and keep workloads of \
      other trust off the nodes of the control plane. Update Chaos Mesh to 2.7.3 or later.
      """,
    attack: ["T1609", "T1611", "T1528"],
    references: ["CVE-2025-59358", "https://github.com/golang/vulndb/issues/3951"],
    signature: [.audit("create pods/exec"), .connect("*:10082")],
    example: """
      apiVersion: apps/v1
      kind: DaemonSet
      metadata:
        name: chaos-daemon
        namespace: chaos-mesh
      spec:
        selector:
          matchLabels: {app: chaos-daemon}
        template:
          metadata:
            labels: {app: chaos-daemon}
          spec:
            hostPID: true
            containers:
            - name: chaos-daemon
              image: ghcr.io/chaos-mesh/chaos-daemon:v2.7.2
              securityContext: {privileged: true}

      """,
    rule: .fleet { context in
      let agents = context.fleet.workloads.filter { $0.id.kind == "DaemonSet" && NodeAgent.isPrivileged($0) }
      if agents.isEmpty { return [] }
      let entrances = NodeAgent.entrances(context)
      return agents.map { agent in
        ObjectAssessment(
          resource: agent.id, location: agent.location, assessment: NodeAgent.assess(agent, entrances, context))
      }
    }
  )
}

private enum NodeAgent {
  /// Rights to run commands in pods that are not of the system: by namespace, under "" those for all of them.
  struct Entrances {
    var uses: [String: [(subject: Subject, use: RightUse)]] = [:]
    /// Subjects with a role that nobody can read.
    var unresolved: [Subject] = []
  }

  static func isPrivileged(_ workload: Workload) -> Bool {
    let pod = workload.pod
    if pod.hostPID || pod.allContainers.contains(where: { $0.securityContext.privileged ?? false }) { return true }
    return pod.volumes.contains { volume in
      guard case .hostPath(let path, _) = volume.source else { return false }
      let folder = NodeFiles.normalised(path)
      return folder == "/" || folder == "/etc" || folder == "/var" || folder.hasSuffix(".sock")
        || NodeFiles.touches(folder, "/var/lib/kubelet")
    }
  }

  static func entrances(_ context: AuditContext) -> Entrances {
    var result = Entrances()
    for subject in context.access.subjects {
      let rights = context.rights(of: subject)
      if rights.isBuiltIn { continue }
      if !rights.unresolved.isEmpty { result.unresolved.append(subject) }
      for use in rights.uses(of: .enterPods) + rights.uses(of: .debugPods) {
        result.uses[use.namespace ?? "", default: []].append((subject, use))
      }
    }
    return result
  }

  static func assess(_ agent: Workload, _ entrances: Entrances, _ context: AuditContext) -> Assessment {
    var evidence = chaosMesh(agent)
    let own = Subject(kind: .serviceAccount, namespace: agent.id.namespace, name: agent.pod.serviceAccount)
    let uses = (entrances.uses[agent.id.namespace] ?? []) + (entrances.uses[""] ?? [])
    for (subject, use) in uses.prefix(RightsRule.mostEvidence) where subject != own {
      evidence.append(
        RightsRule.evidence(subject, use, "and with that in the pods of this privileged agent", context))
    }
    evidence += token(agent, context)
    if !evidence.isEmpty { return .open(evidence) }
    guard let first = entrances.unresolved.first else { return .closed }
    return .unknown(because: "\(first.displayName) has a role that is not in the input, and it may allow exec here")
  }

  /// The token lies on every node.
  private static func token(_ agent: Workload, _ context: AuditContext) -> [Evidence] {
    let rights = context.rights(of: context.effectivePod(agent))
    let kinds: [RiskyRight] = [
      .createWorkloads, .changeWorkloads, .enterPods, .nodeProxy, .readSecrets, .requestTokens, .escalateRoles,
      .bindRoles, .impersonate,
    ]
    for kind in kinds {
      if let use = rights.uses(of: kind).first(where: { $0.namespace == nil }) {
        return [RightsRule.evidence(rights.subject, use, "and its token lies on every node", context)]
      }
    }
    return []
  }

  /// Before 2.7.3 anyone who reaches the controller's debug server kills processes in any pod.
  private static func chaosMesh(_ agent: Workload) -> [Evidence] {
    agent.pod.containers.compactMap { container in
      let image = ImageName(container.image)
      guard image.name == "chaos-daemon", let version = image.version, let fixed = Version("2.7.3"), version < fixed
      else { return nil }
      return Evidence(
        container: container.name,
        message: "Chaos Mesh \(version) obeys whoever reaches its debug server (CVE-2025-59358)",
        fix: "spec:\n  template:\n    spec:\n      containers:\n      - name: \(RoleYAML.scalar(container.name))\n"
          + "        image: ghcr.io/chaos-mesh/chaos-daemon:v2.7.3\n", location: container.location)
    }
  }
}
