import FleetModel
import Foundation
import IntentModel
import Testing

@testable import Twin

@Suite(.serialized) struct RuncTests {
  private func facts(
    _ pod: PodSpec, _ change: (inout ContainerRequest) -> Void = { _ in }
  ) async throws -> Facts {
    let bench = try RuncBench()
    let bundle = try ContainerBundle(Facts.request(pod, bench: bench, change))
    return try Facts.read(try await bench.run([bundle]))
  }

  @Test func aRestrictedContainerHasNothingToWorkWith() async throws {
    let facts = try await facts(restrictedPod())
    #expect(facts.status["Uid"] == "10001\t10001\t10001\t10001")
    #expect(facts.status["Gid"] == "10001\t10001\t10001\t10001")
    for set in ["CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"] { #expect(facts.status[set] == "0000000000000000") }
    #expect(facts.status["NoNewPrivs"] == "1" && facts.status["Seccomp"] == "2")
    #expect(facts.writable["/"] == false && facts.writable["/tmp"] == true && facts.writable["/usr/bin"] == false)
    #expect(facts.hostname == "shop-0" && facts.processes == 1)
    #expect(facts.keys == 0, "/proc/keys is masked")
    #expect(facts.token == nil)
  }

  @Test func aContainerThatAsksForNothingIsRootWithFourteenCapabilities() async throws {
    let facts = try await facts(plainPod { $0.automountServiceAccountToken = nil }) {
      $0.token = ServiceAccountToken(token: "secret", namespace: "shop", authority: "ca")
    }
    #expect(facts.status["Uid"] == "0\t0\t0\t0")
    #expect(facts.status["CapEff"] == "00000000a80425fb" && facts.status["CapBnd"] == "00000000a80425fb")
    #expect(facts.status["NoNewPrivs"] == "0" && facts.status["Seccomp"] == "0")
    #expect(facts.writable["/"] == true && facts.writable["/etc"] == true && facts.writable["/usr/bin"] == false)
    #expect(facts.token == "secret")
    #expect(facts.mounts["/proc/sys"]?.hasPrefix("ro") == true && facts.mounts["/sys"]?.hasPrefix("ro") == true)
  }

  @Test func aPrivilegedContainerSeesAndWritesItsNode() async throws {
    let bench = try RuncBench()
    let folder = bench.folder.appending(path: "nodes/node-1/var/lib")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let bundle = try ContainerBundle(Facts.request(privilegedPod(), bench: bench))
    let output = try await bench.run([bundle])
    let facts = try Facts.read(output)
    let held = String(bench.traits.capabilities.rawValue, radix: 16)
    #expect(facts.status["CapEff"]?.hasSuffix(held) == true)
    #expect(facts.status["Seccomp"] == "0")
    #expect(facts.writable["/host"] == true)
    #expect(facts.processes > 1, "it sees the shell that started it")
    #expect(facts.mounts["/proc/sys"] == nil && facts.mounts["/sys"]?.hasPrefix("rw") == true)
  }

  @Test func groupsAndVolumesWorkForAnotherUserThanRoot() async throws {
    let pod = plainPod { pod in
      pod.securityContext.runAsUser = 1000
      pod.securityContext.fsGroup = 2000
      pod.securityContext.supplementalGroups = [3000]
      pod.volumes = [Volume(name: "v", source: .emptyDir(memory: true, sizeLimitBytes: 1 << 20))]
      pod.containers[0].mounts = [
        VolumeMount(volume: "v", path: "/data"),
        VolumeMount(volume: "modules", path: "/lib/modules", readOnly: true),
      ]
      pod.volumes.append(Volume(name: "modules", source: .hostPath(path: "/lib/modules", type: "")))
    }
    let facts = try await facts(pod)
    #expect(Set(facts.groups).isSuperset(of: [2000, 3000]))
    #expect(facts.writable["/data"] == true && facts.writable["/dev/shm"] == true)
    #expect(facts.mounts["/data"]?.contains("size=1024k") == true)
    #expect(facts.mounts["/usr/lib/modules"]?.hasPrefix("ro") == true)
    #expect(facts.status["CapEff"] == "0000000000000000" && facts.status["CapBnd"] == "00000000a80425fb")
  }

  @Test func aPodOnTheNodesNetworkSharesItsName() async throws {
    let pod = plainPod {
      $0.hostNetwork = true
      $0.hostIPC = true
    }
    let bench = try RuncBench()
    let bundle = try ContainerBundle(Facts.request(pod, bench: bench))
    let output = try await bench.run([bundle], before: "hostname the-node")
    #expect(try Facts.read(output).hostname == "the-node")
  }

  @Test func containersOfOnePodShareWhatTheyJoin() async throws {
    let pod = plainPod { $0.shareProcessNamespace = true }
    let bench = try RuncBench()
    let first = try ContainerBundle(
      Facts.request(pod, bench: bench, id: "first") { $0.arguments = ["/bin/sleep", "60"] })
    try bench.write(first)
    let second = try ContainerBundle(
      Facts.request(pod, bench: bench, id: "second") {
        $0.namespaces.pid = "/run/first/pid"
        $0.namespaces.ipc = "/run/first/ipc"
        $0.namespaces.uts = "/run/first/uts"
      })
    let start = """
      runc --root /run/runc run -d --pid-file /run/first.pid -b \(bench.folder.path)/\(first.directory) first \
      </dev/null >/dev/null 2>&1
      ln -s /proc/$(cat /run/first.pid)/ns /run/first
      """
    let facts = try Facts.read(
      try await bench.run([second], before: start, after: "runc --root /run/runc delete -f first"))
    #expect(facts.processes == 2, "it sees its neighbour")
    #expect(facts.hostname == "shop-0")
  }

  @Test func limitsAreTheKernels() async throws {
    let pod = plainPod { pod in
      pod.containers[0].resources.cpuLimitMilli = 250
      pod.containers[0].resources.memoryLimitBytes = 64 << 20
    }
    let bench = try RuncBench()
    let cgroup = bench.cgroup("app")
    let bundle = try ContainerBundle(
      Facts.request(pod, bench: bench) {
        $0.arguments = ["/bin/sleep", "60"]
      })
    try bench.write(bundle)
    let output = try await bench.inNode(
      """
      set -e
      mount -t tmpfs tmpfs /run
      mkdir -p /run/netns
      ip netns add shop
      runc --root /run/runc run -d -b \(bench.folder.path)/\(bundle.directory) app </dev/null >/dev/null 2>&1
      for file in memory.limit_in_bytes memory.max memory.memsw.limit_in_bytes cpu.cfs_quota_us cpu.shares pids.max; do
        for place in /sys/fs/cgroup/*\(cgroup)/$file /sys/fs/cgroup\(cgroup)/$file; do
          if test -e $place; then echo $file $(cat $place); fi
        done
      done
      runc --root /run/runc delete -f app
      """)
    let lines = Set(output.split(separator: "\n").map(String.init))
    #expect(lines.contains("pids.max 256"))
    #expect(lines.contains("memory.limit_in_bytes 67108864") || lines.contains("memory.max 67108864"))
    if lines.contains(where: { $0.hasPrefix("cpu.cfs_quota_us") }) {
      #expect(lines.contains("cpu.cfs_quota_us 25000") && lines.contains("cpu.shares 256"))
    }
  }

  @Test func theSidecarRunsConfined() async throws {
    let bench = try RuncBench()
    try FileManager.default.createDirectory(
      at: bench.folder.appending(path: "xds"), withIntermediateDirectories: true)
    try Data().write(to: bench.folder.appending(path: "xds/s"))
    var request = try SidecarContainer.request(
      id: "proxy", podID: "shop", podName: "shop-0", node: "node-1", pod: plainPod(),
      bootstrap: SidecarBootstrap(arguments: ["/etc/bulkhead/facts.py"], files: ["facts.py": Facts.script]),
      envoy: "/usr/bin/python3", socket: (bench.folder.path + "/xds/s", "/run/xds/s"), uid: 20001)
    request.namespaces.network = "/run/netns/shop"
    request.traits = bench.traits
    request.cgroupsPath = bench.cgroup("proxy")
    let facts = try Facts.read(try await bench.run([ContainerBundle(request)]))
    #expect(facts.status["Uid"] == "20001\t20001\t20001\t20001" && facts.status["Gid"] == "1337\t1337\t1337\t1337")
    #expect(facts.status["CapBnd"] == "0000000000000000" && facts.status["Seccomp"] == "2")
    #expect(facts.writable["/"] == false && facts.mounts["/run/bulkhead-admin"] != nil)
  }
}
