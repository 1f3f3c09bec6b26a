import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let rawMemory = Vector(
    code: "L38", title: "Reading and writing physical memory and ports", severity: .critical,
    explanation: """
      SYS_RAWIO opens the ports of the hardware and, where the device is there, /dev/mem and /dev/kmem. An attacker \
      reads the memory of the whole node or programs its devices.
      """,
    mitigation: """
      Drop SYS_RAWIO; set privileged: false.
      """,
    attack: ["T1611"],
    references: [
      "man7.org/linux/man-pages/man7/capabilities.7.html", "man7.org/linux/man-pages/man4/mem.4.html",
      "github.com/falcosecurity/rules",
    ],
    signature: [.open("/dev/mem"), .open("/dev/kmem"), .open("/dev/port"), .call("iopl"), .call("ioperm")],
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
              add: [SYS_RAWIO]
      """,
    rule: .linux { pod, context in
      pod.assess(.sysRawio, context, effect: "it drives the node's hardware by ioperm and iopl")
    }
  )
}
