import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let kernelPrograms = Vector(
    code: "L31", title: "Loading eBPF programs into the kernel", severity: .high,
    explanation: """
      With SYS_ADMIN an attacker loads eBPF programs that watch and change what the node's processes see: a rootkit \
      without a module. Without it, flaws of the verifier turn unprivileged programs into root of the node.
      """,
    mitigation: """
      Drop SYS_ADMIN and BPF, set the seccomp profile RuntimeDefault, and set kernel.unprivileged_bpf_disabled on the \
      nodes.
      """,
    attack: ["T1611", "T1014", "T1068"],
    references: ["CVE-2021-31440", "CVE-2022-23222", "github.com/falcosecurity/rules"],
    signature: [.call("bpf", arguments: "BPF_PROG_LOAD"), .call("bpf", arguments: "BPF_MAP_GET_FD_BY_ID")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        containers:
        - name: app
          image: example.com/app:1
          securityContext:
            capabilities:
              add: [SYS_ADMIN]
      """,
    rule: .linux { pod, context in
      let byAdmin = pod.assess(
        .sysAdmin, context, effect: "it loads eBPF programs that watch and change the node's processes")
      guard byAdmin == .closed else { return byAdmin }
      let nodeUsers = pod.hasNodeUsers(context)
      let byCapability = pod.assess(node: pod.kernelFlaw(.bpf, context)) { container, _ in
        .when(nodeUsers && container.mayGain(.bpf))
      } evidence: { member, seen in
        pod.evidence(member, .bpf, seen)
      }
      let node = pod.kernelFlaw(.bpf, context) && context.letsAnybodyLoadPrograms
      let byAnybody = pod.assess(node: node) { container, _ in
        .syscall(container)
      } evidence: { member, seen in
        member.evidence("\(member.seccompText); \(seen)", fix: pod.patchSeccomp(member))
      }
      return .either(byCapability, byAnybody)
    }
  )
}
