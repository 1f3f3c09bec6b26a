import FleetModel
import IntentModel
import Testing

@testable import Breach

/// Random pods, hardened: nothing opens, and what a change says it closes is closed.
@Suite struct LinuxHardeningTests {
  /// The hardening gives all containers of a pod one volume for /tmp, and a volume that containers share is half of
  /// these two flaws of runc.
  static let sharedTemporaryFolder: Set<String> = ["L43", "L44"]

  @Test(arguments: [LinuxFixture.soundNodes, LinuxFixture.oldNodes, NodeFacts()].indices)
  func hardeningNeverOpensAndClosesWhatItSays(nodes: Int) {
    let facts = [LinuxFixture.soundNodes, LinuxFixture.oldNodes, NodeFacts()][nodes]
    for seed in 0..<300 {
      var random = PodGenerator(seed: UInt64(seed) &* 3 &+ UInt64(nodes))
      let pod = random.pod()
      let (hardened, changes) = Hardening.apply(to: pod)
      let (before, after) = (LinuxFixture.all(pod, facts), LinuxFixture.all(hardened, facts))
      for vector in VectorCatalogue.linux where !Self.sharedTemporaryFolder.contains(vector.code) {
        guard let old = before[vector.code], let new = after[vector.code] else { continue }
        #expect(new <= old, "seed \(seed): \(vector.code) \(old) → \(new)")
      }
      let ownProfile = (hardened.initContainers + hardened.containers).contains {
        EffectiveContainer(unchecked: $0, in: hardened).hasOwnProfile
      }
      for code in Set(changes.flatMap(\.closes)).filter({ $0.hasPrefix("L") }).sorted() {
        let outcome = after[code]
        #expect(outcome == .closed || (ownProfile && outcome == .unknown), "seed \(seed): \(code) is \(outcome as Any)")
      }
    }
  }
}

/// A small generator of its own, so that a seed means the same pods everywhere.
struct PodGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678 }

  mutating func next(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(bound))
  }
  mutating func chance(_ percent: Int) -> Bool { next(100) < percent }
  mutating func pick<T>(_ items: [T]) -> T { items[next(items.count)] }

  mutating func pod() -> PodSpec {
    var pod = PodSpec()
    pod.hostPID = chance(20)
    pod.hostNetwork = chance(20)
    pod.hostIPC = chance(20)
    pod.shareProcessNamespace = chance(20)
    pod.hostUsers = pick([nil, nil, nil, false])
    pod.automountServiceAccountToken = pick([nil, true, false])
    if chance(20) { pod.securityContext.runAsUser = pick([0, 1000]) }
    if chance(20) { pod.securityContext.runAsNonRoot = pick([true, false]) }
    if chance(30) { pod.securityContext.seccomp = pick([.unconfined, .runtimeDefault, .localhost("own.json")]) }
    if chance(10) { pod.securityContext.sysctls = ["kernel.msgmax": pick(["1", "1+kernel.core_pattern=x"])] }
    let paths = ["/", "/var/log", "/proc", "/sys", "/run/containerd", "/srv", "/etc", "/var/lib/kubelet"]
    for index in 0..<next(3) {
      let folder = Volume.Source.emptyDir(memory: false, sizeLimitBytes: nil)
      let source = chance(70) ? Volume.Source.hostPath(path: pick(paths), type: "") : folder
      pod.volumes.append(Volume(name: "v\(index)", source: source))
    }
    pod.initContainers = chance(30) ? [container("init", pod.volumes.map(\.name))] : []
    pod.containers = (0...next(2)).map { container("c\($0)", pod.volumes.map(\.name)) }
    return pod
  }

  private mutating func container(_ name: String, _ volumes: [String]) -> Container {
    var container = LinuxFixture.bareContainer(name)
    if chance(20) { container.securityContext.privileged = pick([true, false]) }
    if chance(40) { container.securityContext.allowPrivilegeEscalation = pick([true, false]) }
    if chance(40) { container.securityContext.runAsUser = pick([0, 1000, 1337]) }
    if chance(30) { container.securityContext.readOnlyRootFilesystem = pick([true, false]) }
    if chance(40) { container.securityContext.droppedCapabilities = [pick(["ALL", "NET_RAW", "MKNOD"])] }
    let names = ["SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN", "ALL", "BPF", "SYS_MODULE", "DAC_READ_SEARCH", "PERFMON"]
    if chance(40) { container.securityContext.addedCapabilities = (0...next(2)).map { _ in pick(names) } }
    if chance(30) { container.securityContext.seccomp = pick([.unconfined, .runtimeDefault, .localhost("own.json")]) }
    if chance(15) { container.securityContext.procMount = pick(["Unmasked", "Default"]) }
    if chance(30) { container.resources.memoryLimitBytes = 1 << 28 }
    if chance(30) { container.resources.ephemeralStorageLimitBytes = 1 << 28 }
    if chance(20) { container.ports = [ContainerPort(name: nil, port: 80, hostPort: pick([nil, 80]))] }
    for volume in volumes where chance(60) {
      container.mounts.append(VolumeMount(volume: volume, path: "/mnt/\(volume)", readOnly: chance(40)))
    }
    return container
  }
}
