import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let packetSocket = Vector(
    code: "L30", title: "Using flaws of packet sockets", severity: .high,
    explanation: """
      Packet sockets had flaws that write outside of a buffer of the kernel. NET_RAW, which the runtimes give to every \
      container, is enough to reach them.
      """,
    mitigation: """
      Drop NET_RAW; keep the kernel current.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2020-14386", "CVE-2017-7308", "github.com/falcosecurity/rules"],
    signature: [
      .call("socket", arguments: "AF_PACKET"), .call("setsockopt", arguments: "PACKET_RX_RING or PACKET_VERSION"),
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
      ---
      apiVersion: v1
      kind: Node
      metadata:
        name: node-1
      status:
        nodeInfo:
          kernelVersion: 5.4.60
          containerRuntimeVersion: containerd://1.6.0
          kubeletVersion: v1.27.0
      """,
    rule: .linux { pod, context in
      let byNamespace = context.letsAnybodyMakeUserNamespaces
      return pod.assess(node: pod.kernelFlaw(.packetSocket, context)) { container, isMesh in
        container.mayGain(.netRaw) && !isMesh ? .yes : byNamespace ? .syscall(container) : .no
      } evidence: { member, seen in
        pod.kernelEvidence(member, .netRaw, seen)
      }
    }
  )
}
