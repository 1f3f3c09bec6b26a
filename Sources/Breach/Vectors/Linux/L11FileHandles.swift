import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let fileHandles = Vector(
    code: "L11", title: "Opening the node's files by handle", severity: .critical,
    explanation: """
      With DAC_READ_SEARCH a container opens files by their handle on the file system instead of by path. From any \
      file of the node that is bound into it, such as /etc/hosts, an attacker reaches every file of that disk.
      """,
    mitigation: """
      Drop DAC_READ_SEARCH, and DAC_OVERRIDE where it is not needed; the default seccomp profile refuses \
      open_by_handle_at without that capability.
      """,
    attack: ["T1611"],
    references: [
      "man7.org/linux/man-pages/man7/capabilities.7.html", "man7.org/linux/man-pages/man2/open_by_handle_at.2.html",
      "github.com/gabrtv/shocker",
    ],
    signature: [.call("open_by_handle_at"), .call("name_to_handle_at")],
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
              add: [DAC_READ_SEARCH]
      """,
    rule: .linux { pod, context in
      pod.assess(.dacReadSearch, context, effect: "it opens any file of the node's disk by handle, past all paths")
    }
  )
}
