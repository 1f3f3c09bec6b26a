import FleetModel
import PodSecurity
import Testing

/// One change to a hardened pod, the versions around which its verdict changes, and what is violated in each.
struct ControlCase: Sendable, CustomTestStringConvertible {
  var name: String
  var annotations: [String: String] = [:]
  /// Minor version to the controls violated there.
  var expected: [Int: [String]]
  var change: @Sendable (inout PodSpec) -> Void

  init(
    _ name: String, annotations: [String: String] = [:], _ expected: [Int: [String]],
    change: @escaping @Sendable (inout PodSpec) -> Void = { _ in }
  ) {
    self.name = name
    self.annotations = annotations
    self.expected = expected
    self.change = change
  }

  var testDescription: String { name }
}

@Suite struct ControlTests {
  @Test("a change to a hardened pod violates exactly these controls", arguments: baselineCases + restrictedCases)
  func verdict(_ example: ControlCase) {
    var pod = hardenedPod()
    example.change(&pod)
    for (minor, expected) in example.expected.sorted(by: { $0.key < $1.key }) {
      #expect(controls(pod, example.annotations, in: minor) == expected, "v1.\(minor)")
    }
  }

  @Test("a hardened pod is restricted in every version")
  func clean() {
    for minor in 0...40 {
      #expect(PodSecurityVerdict(of: hardenedPod(), annotations: [:], version: .minor(minor)).level == .restricted)
    }
  }

  static let baselineCases: [ControlCase] = [
    ControlCase("hostNetwork", [0: ["hostNamespaces"], 37: ["hostNamespaces"]]) { $0.hostNetwork = true },
    ControlCase("hostPID", [0: ["hostNamespaces"]]) { $0.hostPID = true },
    ControlCase("hostIPC", [0: ["hostNamespaces"]]) { $0.hostIPC = true },
    ControlCase("privileged init", [0: ["privileged"], 37: ["privileged"]]) {
      $0.initContainers[0].securityContext.privileged = true
    },
    ControlCase("privileged ephemeral", [20: ["privileged"]]) {
      $0.ephemeralContainers[0].securityContext.privileged = true
    },
    ControlCase("privileged: false", [20: []]) { $0.containers[0].securityContext.privileged = false },
    ControlCase(
      "NET_RAW",
      [
        0: ["capabilities_baseline"], 21: ["capabilities_baseline"],
        22: ["capabilities_baseline", "capabilities_restricted"],
      ]
    ) { add("NET_RAW", to: &$0.containers[0]) },
    ControlCase("CHOWN", [0: [], 21: [], 22: ["capabilities_restricted"]]) { add("CHOWN", to: &$0.containers[0]) },
    ControlCase("NET_BIND_SERVICE", [0: [], 37: []]) { add("NET_BIND_SERVICE", to: &$0.containers[0]) },
    ControlCase("CAP_CHOWN is another name", [21: ["capabilities_baseline"]]) {
      $0.containers[0].securityContext.addedCapabilities = ["CHOWN"]
      $0.containers[0].securityContext.addedCapabilitiesAsWritten = ["CAP_CHOWN"]
    },
    ControlCase("canonical names changed after reading", [37: []]) {
      $0.containers[0].securityContext.addedCapabilitiesAsWritten = ["SYS_ADMIN"]
    },
    ControlCase("hostPath", [0: ["hostPathVolumes", "restrictedVolumes"]]) { $0.volumes = [volume("hostPath")] },
    ControlCase("hostPort", [0: ["hostPorts"], 37: ["hostPorts"]]) {
      $0.containers[0].ports = [ContainerPort(name: nil, port: 80, hostPort: 8080)]
    },
    ControlCase("hostPort 0", [0: []]) { $0.containers[0].ports = [ContainerPort(name: nil, port: 80, hostPort: 0)] },
    ControlCase(
      "AppArmor annotation", annotations: ["container.apparmor.security.beta.kubernetes.io/app": "unconfined"],
      [0: ["appArmorProfile"], 37: ["appArmorProfile"]]),
    ControlCase(
      "allowed AppArmor annotations",
      annotations: [
        "container.apparmor.security.beta.kubernetes.io/app": "runtime/default",
        "container.apparmor.security.beta.kubernetes.io/setup": "localhost/mine",
        "container.apparmor.security.beta.kubernetes.io/debug": "",
      ], [0: [], 37: []]),
    ControlCase("AppArmor field of the pod", [0: ["appArmorProfile"], 37: ["appArmorProfile"]]) {
      $0.securityContext.appArmor = .unconfined
    },
    ControlCase("AppArmor field", [37: ["appArmorProfile"]]) {
      $0.containers[0].securityContext.appArmor = .unconfined
    },
    ControlCase("AppArmor of an unknown type", [37: ["appArmorProfile"]]) {
      $0.containers[0].securityContext.appArmor = .other("runtimeDefault")
    },
    ControlCase(
      "seccomp of an unknown type", [0: [], 19: ["seccompProfile_baseline", "seccompProfile_restricted"]]
    ) {
      $0.containers[0].securityContext.seccomp = .other("runtimeDefault")
    },
    ControlCase("AppArmor localhost", [37: []]) { $0.securityContext.appArmor = .localhost("mine") },
    ControlCase("container_engine_t", [0: ["seLinuxOptions"], 30: ["seLinuxOptions"], 31: [], 37: []]) {
      $0.securityContext.seLinux = SELinuxOptions(type: "container_engine_t")
    },
    ControlCase("spc_t", [0: ["seLinuxOptions"], 37: ["seLinuxOptions"]]) {
      $0.containers[0].securityContext.seLinux = SELinuxOptions(type: "spc_t")
    },
    ControlCase("SELinux user", [0: ["seLinuxOptions"]]) { $0.securityContext.seLinux = SELinuxOptions(user: "u") },
    ControlCase("SELinux role", [0: ["seLinuxOptions"]]) { $0.securityContext.seLinux = SELinuxOptions(role: "r") },
    ControlCase("SELinux level, empty names", [0: []]) {
      $0.securityContext.seLinux = SELinuxOptions(user: "", role: "", type: "", level: "s0:c1,c2")
    },
    ControlCase(
      "unmasked /proc", [0: ["procMount"], 34: ["procMount"], 35: ["procMount", "procMount_restricted"]]
    ) {
      $0.containers[0].securityContext.procMount = "Unmasked"
    },
    ControlCase("unmasked /proc in a user namespace", [34: ["procMount"], 35: ["procMount_restricted"]]) {
      $0.hostUsers = false
      $0.containers[0].securityContext.procMount = "Unmasked"
    },
    ControlCase("procMount Default", [0: [], 37: []]) { $0.containers[0].securityContext.procMount = "Default" },
    ControlCase(
      "seccomp annotation of the pod", annotations: ["seccomp.security.alpha.kubernetes.io/pod": "unconfined"],
      [0: ["seccompProfile_baseline"], 18: ["seccompProfile_baseline"], 19: []]),
    ControlCase(
      "seccomp annotation of a container",
      annotations: ["container.seccomp.security.alpha.kubernetes.io/setup": "unconfined"],
      [18: ["seccompProfile_baseline"], 19: []]),
    ControlCase(
      "seccomp annotation of no container",
      annotations: ["container.seccomp.security.alpha.kubernetes.io/other": "unconfined"], [18: []]),
    ControlCase(
      "docker/default", annotations: ["seccomp.security.alpha.kubernetes.io/pod": "docker/default"], [18: []]),
    ControlCase(
      "seccomp Unconfined",
      [
        18: [], 19: ["seccompProfile_baseline", "seccompProfile_restricted"],
        37: ["seccompProfile_baseline", "seccompProfile_restricted"],
      ]
    ) { $0.securityContext.seccomp = .unconfined },
    ControlCase("unsafe sysctl", [0: ["sysctls"], 37: ["sysctls"]]) {
      $0.securityContext.sysctls = ["kernel.msgmax": "1"]
    },
    ControlCase("safe from the start", [0: [], 37: []]) {
      $0.securityContext.sysctls = ["net.ipv4.tcp_syncookies": "1", "kernel.shm_rmid_forced": "1"]
    },
    ControlCase("safe since 1.27", [26: ["sysctls"], 27: []]) {
      $0.securityContext.sysctls = ["net.ipv4.ip_local_reserved_ports": "1"]
    },
    ControlCase("safe since 1.29", [28: ["sysctls"], 29: []]) {
      $0.securityContext.sysctls = ["net.ipv4.tcp_keepalive_probes": "1"]
    },
    ControlCase("safe since 1.32", [31: ["sysctls"], 32: []]) {
      $0.securityContext.sysctls = ["net.ipv4.tcp_rmem": "1"]
    },
    ControlCase("safe since 1.37", [36: ["sysctls"], 37: [], 99: []]) {
      $0.securityContext.sysctls = ["net.ipv4.tcp_notsent_lowat": "1"]
    },
    ControlCase("HostProcess of the pod", [0: ["windowsHostProcess"]]) { $0.securityContext.windowsHostProcess = true },
    ControlCase("HostProcess", [37: ["windowsHostProcess"]]) {
      $0.containers[0].securityContext.windowsHostProcess = true
    },
    ControlCase("HostProcess false", [0: []]) { $0.securityContext.windowsHostProcess = false },
    ControlCase("host of a probe", [33: [], 34: ["hostProbesAndHostLifecycle"]]) {
      $0.containers[0].startupProbe = Probe(action: .tcp(host: "10.0.0.1", port: .number(1)))
    },
    ControlCase("host of a hook", [33: [], 34: ["hostProbesAndHostLifecycle"]]) {
      $0.initContainers[0].preStop = Probe(action: .http(host: "a", port: .number(1), path: "/", scheme: "HTTP"))
    },
    ControlCase("empty host", [34: []]) {
      $0.containers[0].livenessProbe = Probe(action: .http(host: "", port: .number(1), path: "/", scheme: "HTTP"))
      $0.containers[0].readinessProbe = Probe(action: .tcp(host: nil, port: .number(1)))
    },
  ]

  static let restrictedCases: [ControlCase] = [
    ControlCase("escalation not written", [7: [], 8: ["allowPrivilegeEscalation"], 37: ["allowPrivilegeEscalation"]]) {
      $0.containers[0].securityContext.allowPrivilegeEscalation = nil
    },
    ControlCase("escalation of an ephemeral container", [8: ["allowPrivilegeEscalation"]]) {
      $0.ephemeralContainers[0].securityContext.allowPrivilegeEscalation = true
    },
    ControlCase(
      "Windows", [24: ["allowPrivilegeEscalation", "capabilities_restricted", "seccompProfile_restricted"], 25: []]
    ) { pod in
      pod.operatingSystem = "windows"
      pod.securityContext.seccomp = nil
      for index in [0] {
        pod.initContainers[index].securityContext = SecurityContext()
        pod.containers[index].securityContext = SecurityContext()
        pod.ephemeralContainers[index].securityContext = SecurityContext()
      }
    },
    ControlCase("drop not written", [21: [], 22: ["capabilities_restricted"]]) {
      $0.containers[0].securityContext.droppedCapabilities = []
      $0.containers[0].securityContext.droppedCapabilitiesAsWritten = []
    },
    ControlCase("drop all in small letters", [22: ["capabilities_restricted"]]) {
      $0.containers[0].securityContext.droppedCapabilitiesAsWritten = ["all"]
    },
    ControlCase("ALL among others", [22: []]) {
      $0.containers[0].securityContext.droppedCapabilities = ["NET_RAW", "ALL"]
      $0.containers[0].securityContext.droppedCapabilitiesAsWritten = ["NET_RAW", "ALL"]
    },
    ControlCase("runAsNonRoot nowhere", [0: ["runAsNonRoot"], 37: ["runAsNonRoot"]]) {
      $0.securityContext.runAsNonRoot = nil
    },
    ControlCase("runAsNonRoot in every container", [0: []]) {
      $0.securityContext.runAsNonRoot = nil
      $0.initContainers[0].securityContext.runAsNonRoot = true
      $0.containers[0].securityContext.runAsNonRoot = true
      $0.ephemeralContainers[0].securityContext.runAsNonRoot = true
    },
    ControlCase("runAsNonRoot false in one", [0: ["runAsNonRoot"], 37: ["runAsNonRoot"]]) {
      $0.containers[0].securityContext.runAsNonRoot = false
    },
    ControlCase("runAsNonRoot false in the pod counts although containers say true", [0: ["runAsNonRoot"]]) {
      $0.securityContext.runAsNonRoot = false
      $0.initContainers[0].securityContext.runAsNonRoot = true
      $0.containers[0].securityContext.runAsNonRoot = true
      $0.ephemeralContainers[0].securityContext.runAsNonRoot = true
    },
    ControlCase("root in a user namespace", [0: ["runAsNonRoot"], 34: ["runAsNonRoot", "runAsUser"], 35: []]) {
      $0.hostUsers = false
      $0.securityContext.runAsNonRoot = false
      $0.securityContext.runAsUser = 0
    },
    ControlCase("user 0", [22: [], 23: ["runAsUser"], 37: ["runAsUser"]]) {
      $0.containers[0].securityContext.runAsUser = 0
    },
    ControlCase("user 1", [23: []]) { $0.containers[0].securityContext.runAsUser = 1 },
    ControlCase("no seccomp profile", [18: [], 19: ["seccompProfile_restricted"]]) { $0.securityContext.seccomp = nil },
    ControlCase("seccomp in every container", [19: []]) {
      $0.securityContext.seccomp = nil
      $0.initContainers[0].securityContext.seccomp = .localhost("a.json")
      $0.containers[0].securityContext.seccomp = .runtimeDefault
      $0.ephemeralContainers[0].securityContext.seccomp = .runtimeDefault
    },
    ControlCase("allowed volumes", [0: [], 37: []]) { pod in
      pod.volumes = [
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
        "secret",
      ].map { volume($0) }
    },
    ControlCase("nfs", [0: ["restrictedVolumes"], 37: ["restrictedVolumes"]]) { $0.volumes = [volume("nfs")] },
    ControlCase("gitRepo by its source alone", [0: ["restrictedVolumes"]]) {
      $0.volumes = [Volume(name: "g", source: .gitRepo(repository: "r"))]
    },
    ControlCase("two sources", [0: ["hostPathVolumes"]]) { $0.volumes = [volume("emptyDir", "hostPath")] },
    ControlCase("no source", [0: []]) { $0.volumes = [volume()] },
  ]
}
