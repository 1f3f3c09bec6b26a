import FleetModel
import Intake

/// Applies the patches that rules propose, as far as they go: read as a pod of their own, whose written values win.
enum PatchReader {
  static func apply(_ patch: String, to pod: inout PodSpec) throws {
    var source = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: patch\n" + patch
    if !patch.contains("containers:") { source += "\n  containers:\n  - name: none\n    image: none" }
    let result = try Intake().read([InputSource(name: "patch.yaml", bytes: Array(source.utf8))])
    guard let wanted = result.fleet.workloads.first?.pod else { throw LinuxExampleTests.Failure() }
    if patch.contains("hostPID: false") { pod.hostPID = false }
    if patch.contains("hostIPC: false") { pod.hostIPC = false }
    if patch.contains("hostNetwork: false") { pod.hostNetwork = false }
    if patch.contains("shareProcessNamespace: false") { pod.shareProcessNamespace = false }
    if let automount = wanted.automountServiceAccountToken { pod.automountServiceAccountToken = automount }
    if let hostProcess = wanted.securityContext.windowsHostProcess {
      pod.securityContext.windowsHostProcess = hostProcess
    }
    if patch.contains("$patch: delete") {
      pod.securityContext.sysctls = pod.securityContext.sysctls.filter { !patch.contains("name: \($0.key)") }
    }
    for volume in wanted.volumes {
      guard let index = pod.volumes.firstIndex(where: { $0.name == volume.name }) else { continue }
      pod.volumes[index] = volume
    }
    for container in wanted.containers {
      guard let index = pod.containers.firstIndex(where: { $0.name == container.name }) else { continue }
      merge(container, into: &pod.containers[index], patch)
    }
  }

  private static func merge(_ wanted: Container, into container: inout Container, _ patch: String) {
    let own = wanted.securityContext
    func win<Value>(_ path: WritableKeyPath<SecurityContext, Value?>) {
      if let value = own[keyPath: path] { container.securityContext[keyPath: path] = value }
    }
    win(\.privileged)
    win(\.allowPrivilegeEscalation)
    win(\.procMount)
    win(\.seccomp)
    win(\.windowsHostProcess)
    if patch.contains("add:") { container.securityContext.addedCapabilities = own.addedCapabilities }
    if patch.contains("drop:") { container.securityContext.droppedCapabilities = own.droppedCapabilities }
    if let directory = wanted.workingDir { container.workingDir = directory }
    if !wanted.image.isEmpty { container.image = wanted.image }
    for variable in wanted.environment {
      container.environment.removeAll { $0.name == variable.name }
      container.environment.append(variable)
    }
    for port in wanted.ports {
      for index in container.ports.indices where container.ports[index].port == port.port {
        container.ports[index].hostPort = port.hostPort
      }
    }
    container.resources.memoryLimitBytes = wanted.resources.memoryLimitBytes ?? container.resources.memoryLimitBytes
    container.resources.ephemeralStorageLimitBytes =
      wanted.resources.ephemeralStorageLimitBytes ?? container.resources.ephemeralStorageLimitBytes
  }
}
