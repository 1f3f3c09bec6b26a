import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let asynchronousIO = Vector(
    code: "L32", title: "Working past filters and sensors with io_uring", severity: .medium,
    explanation: """
      io_uring does the work of many system calls without making them, so that filters and sensors on system calls see \
      nothing. It also was the source of a large part of the recent flaws that lead to root.
      """,
    mitigation: """
      Use a seccomp profile without io_uring: RuntimeDefault of containerd 2.0 or Docker 25 and newer, or a Localhost \
      profile; or set kernel.io_uring_disabled=2 on the nodes.
      """,
    attack: ["T1611", "T1068", "T1562.001"],
    references: [
      "github.com/containerd/containerd/pull/9320", "github.com/moby/moby/pull/46762",
      "security.googleblog.com/2023/06/learnings-from-kctf-vrps-42-linux.html",
    ],
    signature: [.call("io_uring_setup"), .call("io_uring_enter"), .call("io_uring_register")],
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
      guard context.kernelHasIOUring else { return .closed }
      let unfiltered = pod.assess({ container, _ in .syscall(container) }) { member, _ in
        member.evidence(
          "\(member.seccompText), io_uring included (unless the nodes set kernel.io_uring_disabled)",
          fix: pod.patchSeccomp(member))
      }
      let byDefault = pod.assess(node: context.defaultProfileAllowsIOUring) { container, _ in
        .when(container.seccomp == .runtimeDefault)
      } evidence: { member, seen in
        member.evidence(
          "container \(member.container.name): its seccomp profile is RuntimeDefault, and \(seen)",
          fix: pod.patch(
            member, "securityContext:\n  seccompProfile:\n    type: Localhost\n    localhostProfile: no-io-uring.json"))
      }
      return .either(unfiltered, byDefault)
    }
  )
}
