import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let resourceExhaustion = Vector(
    code: "L55", title: "Exhausting the node", severity: .medium,
    explanation: """
      A container without limits takes memory, processes and disk until the node evicts or kills its other pods. An \
      attacker needs nothing but a loop for it.
      """,
    mitigation: """
      Set limits for memory and ephemeral-storage, sizeLimit on emptyDir volumes, and podPidsLimit on the kubelet.
      """,
    attack: ["T1499", "T1496"],
    references: [
      "hub.armosec.io/docs/c-0270", "hub.armosec.io/docs/c-0271", "kubernetes.io/docs/concepts/policy/pid-limiting",
    ],
    signature: [
      .call("clone", arguments: "more and more processes"), .state("ENOSPC, or evictions by the kubelet"),
    ],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        containers:
        - name: app
          image: example.com/app:1
      """,
    rule: .linux { pod, context in
      let bareFolders = pod.workload.pod.volumes.filter(\.isUnlimitedFolder).map(\.name)
      var evidence: [Evidence] = []
      for index in pod.members.indices {
        let missing = missingLimits(pod.members[index], bareFolders)
        guard !missing.isEmpty else { continue }
        let member = pod.members[index]
        let lines = missing.map { "    \($0): \($0 == "memory" ? "256Mi" : "1Gi")" }.joined(separator: "\n")
        evidence.append(
          member.evidence(
            "container \(member.container.name): resources.limits lacks \(missing.joined(separator: " and "))",
            fix: pod.patch(member, "resources:\n  limits:\n\(lines)")))
      }
      return .from(evidence)
    }
  )

  /// Disk counts where it can write to the node's: its root file system or a folder without a limit of its own.
  private static func missingLimits(_ member: EffectivePod.Member, _ bareFolders: [String]) -> [String] {
    let resources = member.container.resources
    var missing: [String] = []
    if resources.memoryLimitBytes == nil { missing.append("memory") }
    let writesDisk = !member.effective.readOnlyRoot || member.container.mounts.contains { mount in
      !mount.readOnly && bareFolders.contains(mount.volume)
    }
    if resources.ephemeralStorageLimitBytes == nil, writesDisk { missing.append("ephemeral-storage") }
    return missing
  }
}
