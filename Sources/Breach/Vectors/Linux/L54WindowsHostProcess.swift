import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let windowsHostProcess = Vector(
    code: "L54", title: "Running as a process of a Windows node", severity: .critical,
    explanation: """
      A HostProcess container is a process of the Windows node and no container at all. With a service's user name it \
      runs as the system itself.
      """,
    mitigation: """
      Set hostProcess: false. Enforce Pod Security "baseline".
      """,
    attack: ["T1611"],
    references: [
      "kubernetes.io/docs/tasks/configure-pod-container/create-hostprocess-pod", "hub.armosec.io/docs/c-0202",
      "kubernetes.io/docs/concepts/security/pod-security-standards",
    ],
    signature: [.state("a pod with windowsOptions.hostProcess")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        hostNetwork: true
        os:
          name: windows
        securityContext:
          windowsOptions:
            hostProcess: true
            runAsUserName: NT AUTHORITY\\SYSTEM
        containers:
        - name: app
          image: example.com/app:1
      """,
    rule: .pod { pod, context in
      let ofPod = pod.workload.pod.securityContext.windowsHostProcess
      var evidence: [Evidence] = []
      for index in pod.members.indices {
        let own = pod.members[index].container.securityContext.windowsHostProcess
        guard own ?? ofPod ?? false else { continue }
        let member = pod.members[index]
        evidence.append(
          member.evidence(
            "container \(member.container.name): windowsOptions.hostProcess is true\(own == nil ? " for the pod" : "")",
            fix: own == nil
              ? pod.patch("securityContext:\n  windowsOptions:\n    hostProcess: false")
              : pod.patch(member, "securityContext:\n  windowsOptions:\n    hostProcess: false")))
      }
      return .from(evidence)
    }
  )
}
