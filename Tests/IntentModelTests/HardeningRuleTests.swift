import FleetModel
import IntentModel
import Testing

/// One row: what a manifest says, and the change that must come of it.
struct HardeningRow: Sendable, CustomTestStringConvertible {
  var name: String
  var path: String
  var before: String
  var after: String
  var closes: [String]
  var make: @Sendable (inout PodSpec) -> Void

  var testDescription: String { name }
}

private let container = "spec.containers[server]"
private let context = "spec.containers[server].securityContext"

private let rows: [HardeningRow] = [
  HardeningRow(
    name: "host network", path: "spec.hostNetwork", before: "true", after: "false",
    closes: ["L22", "L23", "L56", "M05"]
  ) { $0.hostNetwork = true },
  HardeningRow(name: "host PID", path: "spec.hostPID", before: "true", after: "false", closes: ["L02", "L03", "L04"]) {
    $0.hostPID = true
  },
  HardeningRow(name: "host IPC", path: "spec.hostIPC", before: "true", after: "false", closes: ["L24"]) {
    $0.hostIPC = true
  },
  HardeningRow(
    name: "shared processes", path: "spec.shareProcessNamespace", before: "true", after: "false",
    closes: ["L25", "M18"]
  ) { $0.shareProcessNamespace = true },
  HardeningRow(
    name: "writable host path", path: "spec.volumes[v]", before: "hostPath /etc", after: "emptyDir",
    closes: ["L17", "L18"]
  ) {
    $0.volumes = [Volume(name: "v", source: .hostPath(path: "/etc", type: ""))]
    $0.containers[0].mounts = [VolumeMount(volume: "v", path: "/host")]
  },
  HardeningRow(
    name: "read-only runtime socket", path: "spec.volumes[v]", before: "hostPath /run/containerd/containerd.sock",
    after: "emptyDir", closes: ["L18", "L20"]
  ) {
    $0.volumes = [Volume(name: "v", source: .hostPath(path: "/run/containerd/containerd.sock", type: "Socket"))]
    $0.containers[0].mounts = [VolumeMount(volume: "v", path: "/run/c.sock", readOnly: true)]
  },
  HardeningRow(
    name: "whole node", path: "spec.volumes[v]", before: "hostPath /", after: "emptyDir",
    closes: ["K13", "K20", "L12", "L13", "L17", "L18", "L19", "L20"]
  ) {
    $0.volumes = [Volume(name: "v", source: .hostPath(path: "/", type: ""))]
    $0.containers[0].mounts = [VolumeMount(volume: "v", path: "/host")]
  },
  HardeningRow(
    name: "propagation", path: "\(container).volumeMounts[/d].mountPropagation", before: "Bidirectional",
    after: "unset", closes: []
  ) {
    $0.volumes = [Volume(name: "v", source: .emptyDir(memory: false, sizeLimitBytes: nil))]
    $0.containers[0].mounts = [VolumeMount(volume: "v", path: "/d", propagation: "Bidirectional")]
  },
  HardeningRow(
    name: "host port", path: "\(container).ports[8080].hostPort", before: "80", after: "unset", closes: ["L56"]
  ) { $0.containers[0].ports = [ContainerPort(name: nil, port: 8080, hostPort: 80)] },
  HardeningRow(
    name: "unsafe sysctl", path: "spec.securityContext.sysctls[kernel.msgmax]", before: "1", after: "unset",
    closes: ["L45"]
  ) { $0.securityContext.sysctls = ["kernel.msgmax": "1"] },
  HardeningRow(
    name: "privileged", path: "\(context).privileged", before: "true", after: "false",
    closes: ["L01", "L06", "L08", "L09", "L10", "L12", "L13", "L15", "L16"]
  ) { $0.containers[0].securityContext.privileged = true },
  HardeningRow(
    name: "default capabilities", path: "\(context).capabilities", before: "add nothing; drop nothing",
    after: "add nothing; drop ALL", closes: ["K16", "L09", "L30", "M01", "M32"]
  ) { $0.containers[0].securityContext.droppedCapabilities = [] },
  HardeningRow(
    name: "dangerous capability", path: "\(context).capabilities", before: "add SYS_PTRACE; drop ALL",
    after: "add nothing; drop ALL", closes: ["L03", "L04"]
  ) { $0.containers[0].securityContext.addedCapabilities = ["SYS_PTRACE"] },
  HardeningRow(
    name: "low port keeps its capability", path: "\(context).capabilities", before: "add nothing; drop nothing",
    after: "add NET_BIND_SERVICE; drop ALL", closes: ["K16", "L09", "L30", "M01", "M32"]
  ) {
    $0.containers[0].securityContext.droppedCapabilities = []
    $0.containers[0].ports = [ContainerPort(name: nil, port: 80)]
  },
  HardeningRow(
    name: "bind capability without a low port", path: "\(context).capabilities",
    before: "add NET_BIND_SERVICE; drop ALL", after: "add nothing; drop ALL", closes: []
  ) { $0.containers[0].securityContext.addedCapabilities = ["NET_BIND_SERVICE"] },
  HardeningRow(
    name: "privilege escalation", path: "\(context).allowPrivilegeEscalation", before: "unset", after: "false",
    closes: ["L40"]
  ) { $0.containers[0].securityContext.allowPrivilegeEscalation = nil },
  HardeningRow(
    name: "no seccomp", path: "\(context).seccompProfile", before: "unset", after: "RuntimeDefault",
    closes: ["L07", "L27", "L28", "L29", "L34", "L35", "L36", "L37"]
  ) { $0.securityContext.seccomp = nil },
  HardeningRow(
    name: "pod unconfined", path: "spec.securityContext.seccompProfile", before: "Unconfined",
    after: "RuntimeDefault", closes: ["L07", "L27", "L28", "L29", "L34", "L35", "L36", "L37"]
  ) { $0.securityContext.seccomp = .unconfined },
  HardeningRow(
    name: "pod runs as root", path: "spec.securityContext.runAsUser", before: "0", after: "10001",
    closes: ["L18", "L20", "L36"]
  ) { $0.securityContext.runAsUser = 0 },
  HardeningRow(
    name: "user unknown", path: "\(context).runAsUser", before: "unset", after: "10001",
    closes: ["L18", "L20", "L36"]
  ) {
    $0.securityContext.runAsUser = nil
    $0.securityContext.runAsNonRoot = nil
  },
  HardeningRow(
    name: "root may start", path: "\(context).runAsNonRoot", before: "unset", after: "true", closes: []
  ) { $0.securityContext.runAsNonRoot = nil },
  HardeningRow(
    name: "sidecar's user", path: "spec.securityContext.runAsUser", before: "1337", after: "10001", closes: ["M01"]
  ) { $0.securityContext.runAsUser = 1337 },
  HardeningRow(
    name: "sidecar's group", path: "\(context).runAsGroup", before: "1337", after: "10001", closes: ["M01"]
  ) { $0.containers[0].securityContext.runAsGroup = 1337 },
  HardeningRow(
    name: "writable root", path: "\(context).readOnlyRootFilesystem", before: "unset", after: "true", closes: []
  ) { $0.containers[0].securityContext.readOnlyRootFilesystem = nil },
  HardeningRow(
    name: "room for temporary files", path: "\(container).volumeMounts[/tmp]", before: "unset", after: "emptyDir",
    closes: []
  ) { $0.containers[0].securityContext.readOnlyRootFilesystem = nil },
  HardeningRow(
    name: "unmasked proc", path: "\(context).procMount", before: "Unmasked", after: "Default", closes: ["L12", "L16"]
  ) { $0.containers[0].securityContext.procMount = "Unmasked" },
  HardeningRow(
    name: "token", path: "spec.automountServiceAccountToken", before: "unset", after: "false", closes: ["K08"]
  ) { $0.automountServiceAccountToken = nil },
]

@Suite struct HardeningRuleTests {
  @Test(arguments: rows) func weakensOneThingAndSeesItCured(_ row: HardeningRow) throws {
    var pod = hardPod()
    row.make(&pod)
    let changes = Hardening.apply(to: pod).changes
    let change = try #require(changes.first { $0.path == row.path }, "\(changes)")
    #expect(change.before == row.before)
    #expect(change.after == row.after)
    #expect(change.closes == row.closes)
    #expect(!change.why.isEmpty)
  }

  @Test func hardPodsStayAsTheyAre() {
    let (pod, changes) = Hardening.apply(to: hardPod())
    #expect(changes.isEmpty)
    #expect(pod == hardPod())
  }

  @Test func aProfileOfTheUsersOwnStays() {
    var pod = hardPod()
    pod.containers[0].securityContext.seccomp = .localhost("own.json")
    #expect(Hardening.apply(to: pod).changes.isEmpty)
  }

  @Test func initContainersAreHardenedToo() {
    var pod = hardPod()
    pod.initContainers = [Container(name: "setup", location: pod.containers[0].location)]
    let changes = Hardening.apply(to: pod).changes
    #expect(changes.contains { $0.path == "spec.initContainers[setup].securityContext.capabilities" })
  }

  /// NET_BIND_SERVICE does not reach a program that is not root, so a port below 1024 needs the sysctl as well.
  @Test func aLowPortStillOpensAfterLeavingRoot() {
    var pod = plainPod()
    pod.containers[0].ports = [ContainerPort(name: "http", port: 80)]
    let hardened = Hardening.apply(to: pod).pod
    #expect(hardened.securityContext.sysctls == ["net.ipv4.ip_unprivileged_port_start": "0"])
    #expect(hardened.containers[0].securityContext.runAsUser == 10001)
  }

  /// One volume for all would let a container swap files under another that starts (L43, L44).
  @Test func everyContainerHasItsOwnRoomForTemporaryFiles() {
    var pod = plainPod()
    pod.initContainers = [Container(name: "setup", location: pod.containers[0].location)]
    pod.containers.append(Container(name: "second", location: pod.containers[0].location))
    pod.volumes.append(Volume(name: "bulkhead-tmp-2", source: .downwardAPI))
    let hardened = Hardening.apply(to: pod).pod
    let mounted = (hardened.initContainers + hardened.containers).compactMap { container in
      container.mounts.first { $0.path == "/tmp" }?.volume
    }
    #expect(mounted == ["bulkhead-tmp", "bulkhead-tmp-3", "bulkhead-tmp-4"])
    #expect(Set(mounted).isSubset(of: hardened.volumes.map(\.name)))
    #expect(Hardening.apply(to: hardened).changes.isEmpty)
  }

  @Test(arguments: [["all"], ["NET_RAW"], []]) func capabilitiesReadAsWrittenToo(_ dropped: [String]) {
    var pod = hardPod()
    pod.containers[0].securityContext.droppedCapabilities = dropped.map { $0.uppercased() }
    pod.containers[0].securityContext.droppedCapabilitiesAsWritten = dropped
    pod.containers[0].securityContext.addedCapabilities = dropped.isEmpty ? ["SYS_ADMIN"] : []
    pod.containers[0].securityContext.addedCapabilitiesAsWritten = dropped.isEmpty ? ["CAP_SYS_ADMIN"] : []
    let context = Hardening.apply(to: pod).pod.containers[0].securityContext
    #expect(context.droppedCapabilitiesAsWritten == ["ALL"] && context.droppedCapabilities == ["ALL"])
    #expect(context.addedCapabilitiesAsWritten.isEmpty && context.addedCapabilities.isEmpty)
  }

  @Test func aSysctlThatHoldsASecondOneGoes() throws {
    var pod = hardPod()
    pod.securityContext.sysctls = [
      "kernel.shm_rmid_forced": "1+kernel.core_pattern=|/x", "net.ipv4.tcp_syncookies": "1",
    ]
    let (hardened, changes) = Hardening.apply(to: pod)
    #expect(hardened.securityContext.sysctls == ["net.ipv4.tcp_syncookies": "1"])
    #expect(changes.map(\.path) == ["spec.securityContext.sysctls[kernel.shm_rmid_forced]"])
    #expect(changes[0].closes == ["L45"])
  }

  @Test func aProfileOfAnUnknownTypeBecomesTheRuntimes() {
    var pod = hardPod()
    pod.containers[0].securityContext.seccomp = .other("Runtimedefault")
    let (hardened, changes) = Hardening.apply(to: pod)
    #expect(hardened.containers[0].securityContext.seccomp == .runtimeDefault)
    #expect(changes.map(\.before) == ["Runtimedefault"])
  }
}
