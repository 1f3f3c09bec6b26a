import FleetModel
import PodSecurity
import Testing

@Suite struct CatalogueTests {
  @Test("the ids of the admission controller, in its order")
  func ids() {
    #expect(
      PodSecurityControl.all.map(\.id) == [
        "appArmorProfile", "capabilities_baseline", "hostNamespaces", "hostPathVolumes", "hostPorts",
        "hostProbesAndHostLifecycle", "privileged", "procMount", "seLinuxOptions", "seccompProfile_baseline",
        "sysctls", "windowsHostProcess", "allowPrivilegeEscalation", "capabilities_restricted",
        "procMount_restricted", "restrictedVolumes", "runAsNonRoot", "runAsUser", "seccompProfile_restricted",
      ])
    #expect(PodSecurityVersion.newest == .minor(37))
  }

  @Test(
    "versions as labels write them",
    arguments: [
      ("latest", PodSecurityVersion.latest), ("v1.0", .minor(0)), ("v1.29", .minor(29)), ("v1.99", .minor(99)),
      ("1.29", nil), ("v1.029", nil), ("v1.", nil), ("v2.0", nil), ("v1.29.1", nil), ("", nil), ("v1.-1", nil),
      ("v1.99999999999999999999", nil), ("Latest", nil), ("v1.٣", nil), ("v1.1 ", nil),
    ] as [(String, PodSecurityVersion?)])
  func versions(_ text: String, _ expected: PodSecurityVersion?) {
    #expect(PodSecurityVersion(text) == expected)
    if let expected { #expect(expected.description == text) }
  }

  @Test("latest is newer than every minor, and unknown minors follow the newest")
  func order() {
    #expect(PodSecurityVersion.minor(9) < .minor(10))
    #expect(PodSecurityVersion.minor(Int.max) < .latest)
    var pod = hardenedPod()
    pod.securityContext.sysctls = ["net.ipv4.tcp_notsent_lowat": "1"]
    #expect(violations(of: pod, annotations: [:], version: .minor(500)).isEmpty)
    #expect(violations(of: pod, annotations: [:], version: .minor(-5)).count == 1)
  }

  @Test("a stricter control stands in for the baseline one in a restricted namespace")
  func overrides() {
    var pod = hardenedPod()
    pod.volumes = [volume("hostPath")]
    add("SYS_ADMIN", to: &pod.containers[0])
    pod.securityContext.seccomp = .unconfined
    func refused(_ level: PodSecurityLevel) -> [String] {
      violations(of: pod, annotations: [:], refusedAt: level).map(\.control)
    }
    #expect(refused(.privileged).isEmpty)
    #expect(refused(.baseline) == ["capabilities_baseline", "hostPathVolumes", "seccompProfile_baseline"])
    #expect(refused(.restricted) == ["capabilities_restricted", "restrictedVolumes", "seccompProfile_restricted"])
    #expect(
      violations(of: pod, annotations: [:], refusedAt: .restricted, version: .minor(18)).map(\.control)
        == ["capabilities_baseline", "restrictedVolumes"])
  }

  @Test("levels")
  func levels() {
    var pod = PodSpec()
    #expect(PodSecurityVerdict(of: pod, annotations: [:]).level == .restricted)
    pod.containers = [hardenedPod().containers[0]]
    #expect(PodSecurityVerdict(of: pod, annotations: [:]).level == .baseline)
    pod.hostPID = true
    let verdict = PodSecurityVerdict(of: pod, annotations: [:])
    #expect(verdict.level == .privileged)
    #expect(verdict.violations(against: .baseline).map(\.control) == ["hostNamespaces"])
  }
}
