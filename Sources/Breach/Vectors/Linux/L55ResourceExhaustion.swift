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
      var evidence: [Evidence] = []
      for index in pod.members.indices {
        let (memory, disk) = missingLimits(pod, index)
        guard memory || disk else { continue }
        let member = pod.members[index]
        let missing = memory && disk ? "memory and ephemeral-storage" : memory ? "memory" : "ephemeral-storage"
        let lines = (memory ? "\n    memory: 256Mi" : "") + (disk ? "\n    ephemeral-storage: 1Gi" : "")
        evidence.append(
          member.evidence(
            "container \(member.container.name): resources.limits lacks \(missing)",
            fix: pod.patch(member, "resources:\n  limits:" + lines)))
      }
      return .from(evidence)
    }
  )

  /// Disk counts where it can write to the node's: its root file system or a folder without a limit of its own.
  private static func missingLimits(_ pod: EffectivePod, _ index: Int) -> (memory: Bool, disk: Bool) {
    let memory = pod.members[index].container.resources.memoryLimitBytes == nil
    guard pod.members[index].container.resources.ephemeralStorageLimitBytes == nil else { return (memory, false) }
    if !pod.members[index].effective.readOnlyRoot { return (memory, true) }
    let folders = Set(pod.workload.pod.volumes.filter(\.isUnlimitedFolder).map(\.name))
    return (memory, pod.members[index].container.mounts.contains { !$0.readOnly && folders.contains($0.volume) })
  }
}
