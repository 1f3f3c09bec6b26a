import Diagnostics
import FleetModel
import Foundation
import PodSecurity
import TestSupport
import Testing

@Suite struct PropertyTests {
  static let rounds = ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == nil ? 1_500 : 200_000

  @Test("random pods: the decision agrees with a second reading of the rules, control by control")
  func agreesWithSecondReading() {
    var generator = SplitMix64(20_240_117)
    for round in 0..<Self.rounds {
      let (pod, annotations) = RandomPod.make(&generator)
      let minor = Int.random(in: 0...38, using: &generator)
      let found = Set(controls(pod, annotations, in: minor))
      let expected = SecondReading(pod: pod, annotations: annotations, minor: minor).violated
      #expect(found == expected, "round \(round), v1.\(minor): \(pod) \(annotations)")
      if found != expected { return }
    }
  }

  @Test("random pods: level, refusals, words and fixes fit together")
  func coherence() {
    var generator = SplitMix64(7)
    for _ in 0..<Self.rounds / 3 {
      let (pod, annotations) = RandomPod.make(&generator)
      let version = PodSecurityVersion.minor(Int.random(in: 0...38, using: &generator))
      let verdict = PodSecurityVerdict(of: pod, annotations: annotations, version: version)
      let refused = violations(of: pod, annotations: annotations, refusedAt: .baseline, version: version)
      #expect(refused == verdict.violations(against: .baseline))
      #expect((verdict.level == .privileged) == !refused.isEmpty)
      let names = Set(pod.allContainers.map(\.name))
      for violation in verdict.violations {
        #expect(PodSecurityControl.control(violation.control)?.level == violation.level)
        #expect(!violation.message.isEmpty && !violation.fix.isEmpty)
        #expect(violation.containers.allSatisfy(names.contains))
        #expect(violation.containers.allSatisfy { violation.message.contains($0) })
      }
    }
  }

  @Test("thousands of containers with hostile names: short words, bounded work")
  func bounded() {
    var pod = PodSpec()
    for index in 0..<5_000 {
      var container = Container(
        name: "\u{1B}[31m\"\n\u{202E}\(index)", location: SourceLocation(file: "f", line: index))
      add("SYS_ADMIN", to: &container)
      container.securityContext.privileged = true
      container.ports = (1...20).map { ContainerPort(name: nil, port: $0, hostPort: $0) }
      pod.containers.append(container)
    }
    for violation in violations(of: pod, annotations: [:]) {
      #expect(violation.message.utf8.count < 4_000 && violation.fix.utf8.count < 60_000)
      #expect(violation.fix.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
    }
  }
}

enum RandomPod {
  static func make(_ generator: inout SplitMix64) -> (PodSpec, [String: String]) {
    var pod = hardenedPod()
    if generator.chance(50) { pod.ephemeralContainers = [] }
    let context = \PodSpec.securityContext
    if generator.chance(8) { pod.hostNetwork = true }
    if generator.chance(5) { pod.hostPID = true }
    if generator.chance(5) { pod.hostIPC = true }
    if generator.chance(30) { pod.hostUsers = generator.pick([true, false]) }
    if generator.chance(15) { pod.operatingSystem = generator.pick(["windows", "linux"]) }
    if generator.chance(30) { pod[keyPath: context].runAsNonRoot = generator.pick([nil, true, false]) }
    if generator.chance(20) { pod[keyPath: context].runAsUser = generator.pick([0, 1]) }
    if generator.chance(30) { pod[keyPath: context].seccomp = generator.pick([nil, .unconfined, .localhost("x")]) }
    if generator.chance(10) { pod[keyPath: context].appArmor = generator.pick([.unconfined, .runtimeDefault]) }
    if generator.chance(10) { pod[keyPath: context].seLinux = seLinux(&generator) }
    if generator.chance(10) { pod[keyPath: context].windowsHostProcess = generator.pick([true, false]) }
    if generator.chance(15) { pod[keyPath: context].sysctls = [generator.pick(SecondReading.sysctls + ["a.b"]): "1"] }
    if generator.chance(25) {
      pod.volumes = (0..<3).map { _ in volume(generator.pick(["secret", "emptyDir", "image", "hostPath", "nfs", "x"])) }
    }
    for index in pod.initContainers.indices { change(&pod.initContainers[index], &generator) }
    for index in pod.containers.indices { change(&pod.containers[index], &generator) }
    for index in pod.ephemeralContainers.indices { change(&pod.ephemeralContainers[index], &generator) }
    return (pod, annotations(&generator))
  }

  private static func annotations(_ generator: inout SplitMix64) -> [String: String] {
    var annotations = ["team": "a"]
    guard generator.chance(25) else { return annotations }
    let key = generator.pick([
      "seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/app",
      "container.apparmor.security.beta.kubernetes.io/app", "container.apparmor.security.beta.kubernetes.io/none",
    ])
    annotations[key] = generator.pick(["unconfined", "runtime/default", "localhost/a", "docker/default", ""])
    return annotations
  }

  private static func seLinux(_ generator: inout SplitMix64) -> SELinuxOptions {
    SELinuxOptions(
      user: generator.pick([nil, nil, "", "u"]), role: generator.pick([nil, nil, "r"]),
      type: generator.pick([nil, "", "container_t", "container_kvm_t", "container_engine_t", "spc_t"]), level: "s0")
  }

  private static func change(_ container: inout Container, _ generator: inout SplitMix64) {
    let context = \Container.securityContext
    if generator.chance(6) { container[keyPath: context].privileged = generator.pick([true, false]) }
    if generator.chance(10) { container[keyPath: context].allowPrivilegeEscalation = generator.pick([nil, true]) }
    if generator.chance(15) { add(generator.pick(["CHOWN", "NET_BIND_SERVICE", "NET_RAW", "chown"]), to: &container) }
    if generator.chance(15) {
      let names = generator.pick([[], ["ALL"], ["all"], ["KILL", "ALL"]])
      container[keyPath: context].droppedCapabilities = names.map { $0.uppercased() }
      container[keyPath: context].droppedCapabilitiesAsWritten = names
    }
    if generator.chance(15) { container[keyPath: context].runAsNonRoot = generator.pick([true, false]) }
    if generator.chance(10) { container[keyPath: context].runAsUser = generator.pick([0, 7]) }
    if generator.chance(15) { container[keyPath: context].seccomp = generator.pick([.unconfined, .runtimeDefault]) }
    if generator.chance(6) { container[keyPath: context].appArmor = generator.pick([.unconfined, .localhost("a")]) }
    if generator.chance(6) { container[keyPath: context].seLinux = seLinux(&generator) }
    if generator.chance(8) { container[keyPath: context].procMount = generator.pick(["Default", "Unmasked"]) }
    if generator.chance(6) { container[keyPath: context].windowsHostProcess = generator.pick([true, false]) }
    if generator.chance(8) { container.ports = [ContainerPort(name: nil, port: 1, hostPort: generator.pick([0, 1]))] }
    if generator.chance(10) {
      let action = Probe.Action.http(
        host: generator.pick([nil, "", "h"]), port: .number(1), path: "/", scheme: "HTTP")
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: container.livenessProbe = Probe(action: action)
      case 1: container.postStart = Probe(action: action)
      default: container.readinessProbe = Probe(action: .tcp(host: generator.pick([nil, "t"]), port: .number(1)))
      }
    }
  }
}
