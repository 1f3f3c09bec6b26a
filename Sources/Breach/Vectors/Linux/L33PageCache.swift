import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let pageCache = Vector(
    code: "L33", title: "Overwriting read-only files in the page cache", severity: .high,
    explanation: """
      Dirty Pipe and Dirty COW let any process change the cached content of files that it may only read. Containers \
      share the cache with the node and with all containers of the same image, so an attacker changes programs that \
      others run.
      """,
    mitigation: """
      Update the kernel: no setting of the pod closes it.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2022-0847", "CVE-2016-5195", "dirtypipe.cm4all.com"],
    signature: [
      .call("splice", arguments: "from a file opened for reading into a pipe that is then written"),
      .call("madvise", arguments: "MADV_DONTNEED in a loop"),
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
          kernelVersion: 5.10.90
          containerRuntimeVersion: containerd://1.6.0
          kubeletVersion: v1.27.0
      """,
    rule: .linux { pod, context in
      pod.kernelFlaw(.pageCache, context).assessment { seen in
        [Evidence(message: "\(seen): its containers change files they may only read", fix: "update the nodes' kernel")]
      }
    }
  )
}
