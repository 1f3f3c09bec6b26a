import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let runtimeBinary = Vector(
    code: "L41", title: "Overwriting runc (CVE-2019-5736)", severity: .critical,
    explanation: """
      runc before 1.0-rc7 shows itself to the container as /proc/self/exe while it starts or enters it. Root of the \
      container overwrites that file, and the next start of any container on the node runs the attacker's program as \
      root.
      """,
    mitigation: """
      Update runc; do not run as root, or set hostUsers: false.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2019-5736", "github.com/falcosecurity/rules"],
    signature: [.open("/proc/self/exe", write: true), .open("/proc/*/fd/*", write: true)],
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
      guard pod.hasNodeUsers(context) else { return .closed }
      return pod.assess(node: context.linux[.runcBinary]) { container, _ in
        .when(container.mayBeRoot)
      } evidence: { member, seen in
        member.evidence(
          "container \(member.container.name): \(seen) and \(member.rootText)",
          fix: "update runc on the nodes to 1.0.0 or newer")
      }
    }
  )
}
