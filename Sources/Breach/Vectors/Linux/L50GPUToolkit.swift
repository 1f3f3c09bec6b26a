import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let graphicsToolkit = Vector(
    code: "L50", title: "Breaking out by NVIDIA's container toolkit", severity: .critical,
    explanation: """
      The toolkit runs a hook as root of the node for every container with a GPU. Up to 1.17.7 an image makes that \
      hook load a library of its own by LD_PRELOAD, and up to 1.16.1 one has the node's root mounted.
      """,
    mitigation: """
      Update the toolkit to 1.17.8 (GPU Operator 25.3.1); refuse LD_PRELOAD in pods with a GPU.
      """,
    attack: ["T1611", "T1068", "T1574.006"],
    references: ["CVE-2025-23266", "CVE-2024-0132"],
    signature: [
      .state("a hook of the toolkit that loads a library from the container"),
      .open("*/libnvidia-container*", write: true),
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
          env:
          - name: LD_PRELOAD
            value: /proc/self/cwd/hook.so
          resources:
            limits:
              nvidia.com/gpu: 1
      """,
    rule: .linux { pod, context in
      let users = pod.members.indices.filter { usesGPU(pod.members[$0].container, pod.workload.pod) }
      guard !users.isEmpty else { return .closed }
      guard let toolkit = context.linux.nvidiaToolkit else {
        return .unknown(because: "it uses a GPU, and the version of the NVIDIA container toolkit is not in the input")
      }
      // What follows the numbers of its tags names the base image, not patches.
      guard toolkit < ReleaseFix.nvidiaToolkit.fixed else { return .closed }
      return .open(
        users.map { index in
          let container = pod.members[index].container
          let preloads = container.environment.contains { $0.name == "LD_PRELOAD" }
          return pod.members[index].evidence(
            "container \(container.name): uses a GPU\(preloads ? " and sets LD_PRELOAD" : ""); the fleet's NVIDIA "
              + "container toolkit is \(toolkit), flawed before 1.17.8",
            fix: "update the NVIDIA container toolkit to 1.17.8 or newer")
        })
    }
  )

  private static func usesGPU(_ container: Container, _ pod: PodSpec) -> Bool {
    let extended = container.resources.extended
    if !extended.isEmpty, extended.keys.contains(where: { $0.hasPrefix("nvidia.com/") }) { return true }
    if pod.runtimeClassName == "nvidia" { return true }
    for index in container.environment.indices where container.environment[index].name == "NVIDIA_VISIBLE_DEVICES" {
      guard case .literal(let value) = container.environment[index].source else { return true }
      return !["", "none", "void"].contains(value)
    }
    return false
  }
}
