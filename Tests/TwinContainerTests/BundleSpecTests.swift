import FleetModel
import IntentModel
import Testing

@testable import Twin

@Suite struct BundleSpecTests {
  @Test(
    arguments: [
      (nil, nil, 2, nil), (100, nil, 102, nil), (100, 200, 102, 20000), (nil, 500, 512, 50000), (1, 1, 2, 1000),
    ] as [(Int?, Int?, Int, Int?)])
  func processorTime(request: Int?, limit: Int?, shares: Int, quota: Int?) {
    var wanted = Resources()
    wanted.cpuRequestMilli = request
    wanted.cpuLimitMilli = limit
    let cpu = CgroupLimits.cpu(wanted)
    #expect(cpu.shares == shares && cpu.quota == quota && cpu.period == quota.map { _ in 100_000 })
  }

  @Test func memoryIsLimitedWithoutSwapAndProcessesAreCounted() throws {
    var pod = plainPod()
    pod.containers[0].resources.memoryLimitBytes = 64 << 20
    let limits = try bundle(pod).spec.linux.resources
    #expect(limits.memory == OCISpec.Memory(limit: 64 << 20, swap: 64 << 20))
    #expect(limits.pids == OCISpec.Pids(limit: 256))
    let uncounted = try bundle(pod) { $0.traits.countsSwap = false }
    #expect(uncounted.spec.linux.resources.memory == OCISpec.Memory(limit: 64 << 20, swap: nil))
  }

  @Test func hostNamespacesAreLeftOutAndOthersJoined() throws {
    func types(_ pod: PodSpec) throws -> [String] { try bundle(pod).spec.linux.namespaces.map(\.type) }
    #expect(try types(plainPod()) == ["mount", "pid", "ipc", "uts", "network"])
    #expect(try types(plainPod { $0.hostNetwork = true }) == ["mount", "pid", "ipc"])
    #expect(try types(plainPod { $0.hostPID = true }) == ["mount", "ipc", "uts", "network"])
    #expect(try types(plainPod { $0.hostIPC = true }) == ["mount", "pid", "uts", "network"])
    let joined = try bundle(plainPod { $0.shareProcessNamespace = true }) {
      $0.namespaces = PodNamespaces(network: "/n", ipc: "/i", uts: "/u", pid: "/p")
    }.spec
    #expect(joined.linux.namespaces.compactMap(\.path) == ["/p", "/i", "/u", "/n"])
    #expect(joined.hostname == nil)
    let ownProcesses = try bundle(plainPod()) { $0.namespaces.pid = "/p" }.spec
    #expect(ownProcesses.linux.namespaces.contains(OCISpec.Namespace(type: "pid")))
  }

  @Test func hostNetworkKeepsTheNodesNameAndSysfs() throws {
    let bundle = try bundle(plainPod { $0.hostNetwork = true })
    #expect(bundle.spec.hostname == nil)
    #expect(bundle.mount("/sys")?.type == "bind" && bundle.mount("/sys")?.options.contains("ro") == true)
    #expect(bundle.spec.linux.sysctl == nil)
  }

  @Test func hostIPCHasTheNodesSharedMemory() throws {
    #expect(try bundle(plainPod { $0.hostIPC = true }).mount("/dev/shm")?.source == "/dev/shm")
    #expect(try bundle(plainPod()).mount("/dev/shm")?.source == "/run/bulkhead/pods/shop/shm")
  }

  @Test func onlyParametersOfThePodItselfAreSet() throws {
    let pod = plainPod {
      $0.securityContext.sysctls = [
        "net.core.somaxconn": "9", "kernel.shm_rmid_forced": "1", "kernel.core_pattern": "|/x", "vm.swappiness": "1",
      ]
    }
    let bundle = try bundle(pod)
    #expect(
      bundle.spec.linux.sysctl == [
        "net.core.somaxconn": "9", "kernel.shm_rmid_forced": "1", "net.ipv4.ip_unprivileged_port_start": "0",
      ])
    #expect(bundle.assumptions.filter { $0.contains("sysctl") }.count == 2)
    var onNode = pod
    onNode.hostNetwork = true
    onNode.hostIPC = true
    #expect(try Twin.ContainerBundle(request(onNode)).spec.linux.sysctl == nil)
  }

  @Test func largeIdsAreFoldedIntoTheWorld() throws {
    let bundle = try bundle(plainPod { $0.securityContext.runAsUser = 1_000_700_000 })
    #expect(bundle.spec.process.user.uid == 10_000)
    #expect(bundle.assumptions.contains { $0.contains("1000700000") })
    for id in stride(from: 65_536, to: 5_000_000, by: 997) {
      let played = PlayedIdentity.fold(id, limit: 65_536)
      #expect(played >= 10_000 && played < 60_000)
    }
  }

  @Test func capabilitiesAreThoseTheWorldHas() throws {
    let bundle = try bundle(privilegedPod()) { $0.traits.capabilities = CapabilitySet([.chown, .kill]) }
    #expect(bundle.spec.process.capabilities.bounding == ["CAP_CHOWN", "CAP_KILL"])
    #expect(bundle.spec.process.capabilities.effective == bundle.spec.process.capabilities.permitted)
  }

  @Test func theEnvironmentGetsPathAndHostNameOnce() throws {
    let bundle = try bundle(plainPod()) { $0.environment = ["PATH=/x", "A=1"] }
    #expect(bundle.spec.process.env == ["HOSTNAME=shop-0", "PATH=/x", "A=1"])
  }

  @Test func aNodesProfileIsPlayedAsTheDefaultAndSaid() throws {
    let bundle = try bundle(plainPod { $0.securityContext.seccomp = .localhost("own.json") })
    #expect(bundle.spec.linux.seccomp != nil)
    #expect(bundle.assumptions.contains { $0.contains("own.json") })
  }

  @Test func theSameRequestGivesTheSameBytes() throws {
    let pod = restrictedPod()
    let first = try bundle(pod)
    let second = try bundle(pod)
    #expect(first == second)
    #expect(try first.configuration() == second.configuration())
  }

  @Test func theSidecarSharesThePodsNamespacesAndNothingElse() throws {
    var pod = privilegedPod()
    pod.securityContext.fsGroup = 7
    let request = try SidecarContainer.request(
      id: "shop-proxy", podID: "shop", podName: "shop-0", node: "node-1", pod: pod,
      bootstrap: SidecarBootstrap(arguments: ["-c", "x"], files: ["bootstrap.json": "{}"]),
      envoy: "/run/bulkhead/tools/envoy", socket: ("/run/bulkhead/xds/shop/s", "/run/xds/s"), uid: 20001)
    let bundle = try ContainerBundle(request)
    #expect(bundle.spec.process.user == OCISpec.User(uid: 20001, gid: 1337))
    #expect(bundle.spec.process.capabilities.bounding.isEmpty)
    #expect(bundle.spec.root.readonly && bundle.spec.process.noNewPrivileges && bundle.spec.linux.seccomp != nil)
    #expect(bundle.mount("/host") == nil && bundle.mount(ServiceAccountToken.directory) == nil)
    #expect(bundle.mount("/run/bulkhead-admin")?.type == "tmpfs")
    #expect(!bundle.spec.linux.namespaces.contains { $0.type == "pid" }, "hostPID holds for the whole pod")
    #expect(bundle.text("pods/shop/shop-proxy/generated-0/bootstrap.json") == "{}")
  }
}
