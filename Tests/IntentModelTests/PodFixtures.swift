import Diagnostics
import FleetModel
import TestSupport

/// A pod with one container, `server`, that asks for nothing.
func plainPod(_ change: (inout PodSpec) -> Void = { _ in }) -> PodSpec {
  var pod = PodSpec()
  pod.containers = [Container(name: "server", location: SourceLocation(file: "test.yaml", line: 1))]
  change(&pod)
  return pod
}

/// A pod that Pod Security "restricted" has nothing to say about.
func hardPod() -> PodSpec {
  plainPod { pod in
    pod.automountServiceAccountToken = false
    pod.securityContext.runAsNonRoot = true
    pod.securityContext.runAsUser = 1000
    pod.securityContext.seccomp = .runtimeDefault
    pod.containers[0].securityContext.allowPrivilegeEscalation = false
    pod.containers[0].securityContext.droppedCapabilities = ["ALL"]
    pod.containers[0].securityContext.readOnlyRootFilesystem = true
  }
}

/// Draws pods that use every field the hardening reads, in every state.
struct PodGenerator {
  var random: SplitMix64

  mutating func pod() -> PodSpec {
    var pod = PodSpec()
    pod.automountServiceAccountToken = pick([nil, true, false])
    pod.hostNetwork = pick([true, false, false])
    pod.hostPID = pick([true, false, false])
    pod.hostIPC = pick([true, false, false])
    pod.shareProcessNamespace = pick([true, false, false])
    pod.securityContext.runAsUser = pick([nil, nil, 0, 1337, 1000])
    pod.securityContext.runAsGroup = pick([nil, nil, 0, 1337, 1000])
    pod.securityContext.runAsNonRoot = pick([nil, nil, true, false])
    pod.securityContext.fsGroup = pick([nil, 1337, 2000])
    pod.securityContext.supplementalGroups = pick([[], [1337], [5, 1337]])
    pod.securityContext.seccomp = pick([nil, .unconfined, .runtimeDefault, .localhost("own.json")])
    pod.securityContext.sysctls = pick([
      [:], ["kernel.msgmax": "1"], ["net.ipv4.tcp_syncookies": "1", "net.core.somaxconn": "9"],
    ])
    pod.volumes = [
      Volume(name: "data", source: .emptyDir(memory: false, sizeLimitBytes: nil)),
      Volume(name: "node", source: .hostPath(path: pick(["/", "/var/log", "/run/x.sock"]), type: "")),
    ]
    pod.containers = (0..<Int.random(in: 1...2, using: &random)).map { container("c\($0)") }
    pod.initContainers = pick([true, false]) ? [container("first")] : []
    return pod
  }

  private mutating func container(_ name: String) -> Container {
    var container = Container(name: name, location: SourceLocation(file: "test.yaml", line: 1))
    container.ports = pick([
      [], [ContainerPort(name: nil, port: 8080)], [ContainerPort(name: nil, port: 80, hostPort: pick([nil, 80]))],
    ])
    container.mounts = pick([
      [], [VolumeMount(volume: "node", path: "/host", propagation: pick([nil, "None", "Bidirectional"]))],
      [VolumeMount(volume: "data", path: "/tmp")],
    ])
    var context = SecurityContext()
    context.privileged = pick([nil, nil, true, false])
    context.allowPrivilegeEscalation = pick([nil, true, false])
    context.readOnlyRootFilesystem = pick([nil, true, false])
    context.runAsUser = pick([nil, nil, 0, 1337, 1000])
    context.runAsGroup = pick([nil, nil, 0, 1337, 1000])
    context.runAsNonRoot = pick([nil, nil, true, false])
    context.addedCapabilities = pick([
      [], [], ["ALL"], ["NET_ADMIN", "SYS_ADMIN"], ["NET_BIND_SERVICE"], ["NONE_SUCH"],
    ])
    context.droppedCapabilities = pick([[], [], ["ALL"], ["NET_RAW"], ["ALL", "NET_BIND_SERVICE"]])
    context.seccomp = pick([nil, nil, .unconfined, .runtimeDefault])
    context.procMount = pick([nil, nil, "Default", "Unmasked"])
    container.securityContext = context
    return container
  }

  private mutating func pick<T>(_ choices: [T]) -> T {
    choices[Int.random(in: choices.indices, using: &random)]
  }
}
