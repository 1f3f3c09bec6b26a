import Diagnostics
import FleetModel
import PodSecurity

/// A pod that reaches `restricted` in every version, with one container of each list.
func hardenedPod() -> PodSpec {
  func container(_ name: String) -> Container {
    var container = Container(name: name, location: SourceLocation(file: "pod.yaml", line: 1))
    container.securityContext.allowPrivilegeEscalation = false
    container.securityContext.droppedCapabilities = ["ALL"]
    container.securityContext.droppedCapabilitiesAsWritten = ["ALL"]
    return container
  }
  var pod = PodSpec()
  pod.initContainers = [container("setup")]
  pod.containers = [container("app")]
  pod.ephemeralContainers = [container("debug")]
  pod.securityContext.runAsNonRoot = true
  pod.securityContext.seccomp = .runtimeDefault
  return pod
}

func add(_ names: String..., to container: inout Container) {
  container.securityContext.addedCapabilities = names
  container.securityContext.addedCapabilitiesAsWritten = names
}

func volume(_ keys: String...) -> Volume {
  var volume = Volume(
    name: "data", source: keys.first.map { .other($0) } ?? .emptyDir(memory: false, sizeLimitBytes: nil))
  volume.sourceKeys = keys
  return volume
}

func controls(
  _ pod: PodSpec, _ annotations: [String: String] = [:], in minor: Int
) -> [String] {
  violations(of: pod, annotations: annotations, version: .minor(minor)).map(\.control)
}
