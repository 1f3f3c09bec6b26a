import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let sharedMemory = Vector(
    code: "L24", title: "Reading and changing the node's shared memory", severity: .high,
    explanation: """
      With hostIPC, or with /dev/shm of the node mounted, the container shares memory segments with processes of the \
      node. An attacker reads secrets from them or changes what those processes rely on.
      """,
    mitigation: """
      Set hostIPC: false and use an emptyDir of medium Memory.
      """,
    attack: ["T1611"],
    references: ["hub.armosec.io/docs/c-0038", "kubernetes.io/docs/concepts/security/pod-security-standards"],
    signature: [.call("shmat"), .call("shmget", arguments: "a key of another process"), .open("/dev/shm/*")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        hostIPC: true
        containers:
        - name: app
          image: example.com/app:1
      """,
    rule: .linux { pod, context in
      var evidence: [Evidence] = []
      if pod.workload.pod.hostIPC {
        evidence.append(
          Evidence(
            message: "hostIPC is true: its containers attach the node's shared memory segments",
            fix: pod.patch("hostIPC: false")))
      }
      for mount in pod.hostMounts(context) where mount.path.meets(segments) {
        evidence.append(pod.evidence(mount, "shared memory of the node's processes lies there"))
      }
      return .from(evidence)
    }
  )

  private static let segments = NodePath("/dev/shm")
}
