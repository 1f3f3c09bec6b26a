import FleetModel
import PodSecurity
import Testing

@Suite struct WordingTests {
  private func violation(_ control: String, _ change: (inout PodSpec) -> Void) throws -> Violation {
    var pod = hardenedPod()
    change(&pod)
    return try #require(violations(of: pod, annotations: [:]).first { $0.control == control })
  }

  @Test("messages name containers and values")
  func messages() throws {
    let capabilities = try violation("capabilities_restricted") { pod in
      add("SYS_ADMIN", "NET_BIND_SERVICE", "CHOWN", to: &pod.containers[0])
      pod.initContainers[0].securityContext.droppedCapabilities = []
      pod.initContainers[0].securityContext.droppedCapabilitiesAsWritten = []
    }
    #expect(
      capabilities.message == """
        unrestricted capabilities: container "setup" must set securityContext.capabilities.drop=["ALL"]; \
        container "app" must not add "CHOWN", "SYS_ADMIN" in securityContext.capabilities.add
        """)
    #expect(Set(capabilities.containers) == ["setup", "app"])
    let root = try violation("runAsNonRoot") { $0.securityContext.runAsNonRoot = nil }
    #expect(
      root.message.hasSuffix("containers \"setup\", \"app\", \"debug\" must set securityContext.runAsNonRoot=true"))
  }

  @Test("a fix is a patch of the pod that closes the violation, and only it")
  func fixes() throws {
    let capabilities = try violation("capabilities_baseline") { add("CHOWN", "NET_RAW", to: &$0.containers[0]) }
    #expect(
      capabilities.fix == """
        spec:
          containers:
          - name: "app"
            securityContext:
              capabilities:
                add: ["CHOWN"]
        """)
    let ports = try violation("hostPorts") {
      $0.containers[0].ports = [ContainerPort(name: nil, port: 53, hostPort: 5353, transport: .udp)]
    }
    #expect(ports.fix.contains("    - {containerPort: 53, protocol: UDP, hostPort: null}"))
    let volume = try violation("hostPathVolumes") { $0.volumes = [PodSecurityTests.volume("hostPath")] }
    #expect(volume.fix.contains("  - name: \"data\"\n    \"hostPath\": null\n    emptyDir: {}"))
    let sysctl = try violation("sysctls") {
      $0.securityContext.sysctls = ["kernel.msgmax": "1", "net.ipv4.tcp_syncookies": "1"]
    }
    #expect(sysctl.fix.contains("    sysctls:\n    - {name: net.ipv4.tcp_syncookies, value: \"1\"}"))
    let probe = try violation("hostProbesAndHostLifecycle") {
      $0.containers[0].preStop = Probe(action: .tcp(host: "h", port: .number(1)))
    }
    #expect(probe.fix.contains("    lifecycle:\n      preStop: {tcpSocket: {host: null}}"))
    let debug = try violation("privileged") { $0.ephemeralContainers[0].securityContext.privileged = true }
    #expect(debug.fix.contains("kubectl debug --profile=baseline") && !debug.fix.contains("spec:"))
  }

  @Test("the same patch for objects that make pods")
  func templates() throws {
    let violation = try violation("hostNamespaces") { $0.hostPID = true }
    #expect(violation.fix == "spec:\n  hostPID: false")
    #expect(violation.fix(forKind: "Deployment") == "spec:\n  template:\n    spec:\n      hostPID: false")
    #expect(
      violation.fix(forKind: "CronJob")
        == "spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          hostPID: false")
  }
}
