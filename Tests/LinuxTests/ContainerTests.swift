import Foundation
import Glibc
import Linux
import Testing

/// runc inside a node, with everything that the twin's pods need of it.
@Suite(
  "Containers in a world", .serialized,
  .enabled(if: Machine.isRoot && Machine.hasRunc, "needs root and runc (apt-get install runc)"))
struct ContainerTests {
  private struct Spec {
    var id: String
    var script: String
    var user = 10001
    var namespaces = ["pid", "ipc", "uts", "mount", "cgroup"]
    var capabilities: [String] = []
    var hardened = true
    var resources: [String: Any] = [:]
    var binds: [(from: String, to: String, options: [String])] = []

    var configuration: [UInt8] {
      get throws {
        func mount(_ to: String, _ type: String, _ from: String, _ options: [String]) -> [String: Any] {
          ["destination": to, "type": type, "source": from, "options": options]
        }
        var mounts = [
          mount("/proc", "proc", "proc", []),
          mount("/dev", "tmpfs", "tmpfs", ["nosuid", "mode=755", "size=65536k"]),
          mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
          mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
          mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "ro"]),
          mount("/tmp", "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=1777", "size=8m"]),
          mount("/usr", "bind", "/usr", ["rbind", "ro"]),
        ]
        mounts += binds.map { mount($0.to, "bind", $0.from, ["rbind"] + $0.options) }
        var linux: [String: Any] = [
          "namespaces": namespaces.map { ["type": $0] } + [["type": "network", "path": "/run/netns/pod"]],
          "cgroupsPath": "/\(id)", "resources": resources,
        ]
        if hardened {
          linux["maskedPaths"] = ["/proc/kcore", "/proc/keys"]
          linux["readonlyPaths"] = ["/proc/sys"]
          linux["seccomp"] = [
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [["names": ["unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1]],
          ]
        }
        return Array(
          try JSONSerialization.data(withJSONObject: [
            "ociVersion": "1.0.2", "hostname": "pod", "root": ["path": "rootfs", "readonly": hardened],
            "process": [
              "user": ["uid": user, "gid": user], "args": ["/bin/sh", "-c", script], "cwd": "/",
              "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "noNewPrivileges": hardened,
              "capabilities": ["bounding": capabilities, "effective": capabilities, "permitted": capabilities],
            ] as [String: Any],
            "mounts": mounts, "linux": linux,
          ]))
      }
    }
  }

  private func world(userNamespace: Bool = true) async throws -> World {
    var options = Machine.options(Machine.worldName(), nodes: ["n"])
    options.userNamespace = userNamespace
    let world = try await World.start(options)
    let added = try await world.run(["ip", "netns", "add", "pod"], in: .node("n"), limit: .seconds(5))
    try #require(added.status == 0, "\(added.errorText)")
    return world
  }

  /// Starts a container in the background; returns its pid in the node and what is attached to it.
  private func start(_ spec: Spec, _ world: World) async throws -> (pid: Int32, input: Int32, output: FileHandle) {
    let bundle = "pods/\(spec.id)"
    var files = [WorldFile(path: "\(bundle)/config.json", bytes: try spec.configuration, mode: 0o600)]
    for folder in ["proc", "dev", "sys", "usr", "tmp"] + spec.binds.map({ String($0.to.dropFirst()) }) {
      files.append(.folder("\(bundle)/rootfs/\(folder)", mode: folder == "tmp" ? 0o1777 : 0o755))
    }
    try world.write(files)
    let links = "cd \(World.directory)/\(bundle)/rootfs && for l in bin lib lib64 sbin; do ln -s usr/$l $l; done"
    _ = try await world.run(["sh", "-c", links], in: .node("n"), limit: .seconds(5))
    let (input, output) = (try makePipe(), try makePipe())
    let path = "\(World.directory)/\(bundle)"
    let runc = try await world.spawn(
      [
        "runc", "--rootless=false", "--root", "\(World.directory)/runc/n", "run", "--detach", "--pid-file",
        "\(path)/pid", "--bundle", path, spec.id,
      ], in: .node("n"), input: input.read, output: output.write)
    let status = try await runc.wait(limit: .seconds(20))
    try #require(status == 0, "\(runc.errorText)")
    let pid = world.read("\(bundle)/pid").flatMap { Int32(String(decoding: $0, as: UTF8.self)) }
    return (try #require(pid), input.write, FileHandle(fileDescriptor: output.read, closeOnDealloc: true))
  }

  private func exit(of pid: Int32, _ world: World) async -> ProcessExit.Ending? {
    for await exit in world.exits where exit.pid == pid { return exit.ending }
    return nil
  }

  @Test("are hardened and limited, and talk through pipes and sockets", arguments: [true, false])
  func hardened(userNamespace: Bool) async throws {
    let world = try await world(userNamespace: userNamespace)
    let socket = try await listen(in: world)
    defer { close(socket) }
    var spec = Spec(
      id: "hard",
      script: """
        grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\t'
        id -u; touch /x 2>/dev/null || echo read-only
        unshare -U true 2>/dev/null || echo no-unshare
        cat /sys/class/net/*/uevent | grep INTERFACE
        python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.connect("/sockets/s"); print("connected")'
        read line; echo "got $line"; read line; exit 9
        """)
    spec.resources = [
      "memory": ["limit": 67_108_864], "cpu": ["quota": 20_000, "period": 100_000, "shares": 128],
      "pids": ["limit": 33],
    ]
    spec.binds = [("/run/bulkhead/xds", "/sockets", ["ro"])]
    let (pid, input, output) = try await start(spec, world)
    if access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 {
      #expect(number(in: world.hostCgroup("memory", "hard") + "/memory.max") == 67_108_864)
      #expect(number(in: world.hostCgroup("pids", "hard") + "/pids.max") == 33)
    } else {
      #expect(number(in: world.hostCgroup("memory", "hard") + "/memory.limit_in_bytes") == 67_108_864)
      #expect(number(in: world.hostCgroup("cpu", "hard") + "/cpu.cfs_quota_us") == 20_000)
      #expect(number(in: world.hostCgroup("cpu", "hard") + "/cpu.shares") == 128)
      #expect(number(in: world.hostCgroup("pids", "hard") + "/pids.max") == 33)
    }
    #expect(world.cgroupPath("hard") == "/hard")
    #expect(number(in: world.hostCgroup("memory", "hard") + "/cgroup.procs") != nil, "the container is in its cgroup")
    #expect(write(input, "hello\n\n", 7) == 7)
    let text = String(decoding: output.readDataToEndOfFile(), as: UTF8.self)
    #expect(
      text == """
        CapEff:0000000000000000
        NoNewPrivs:1
        Seccomp:2
        10001
        read-only
        no-unshare
        INTERFACE=lo
        connected
        got hello

        """)
    #expect(await exit(of: pid, world) == .exited(9))
    close(input)
    #expect(await world.stop())
    #expect(Leftovers(of: world.name).none)
  }

  /// A unix socket that this process listens on, below the world's folder and open to everybody.
  private func listen(in world: World) async throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = "\(world.hostDirectory)/xds/s"
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && chmod(path, 0o666) == 0 && Glibc.listen(descriptor, 5) == 0)
    return descriptor
  }

  @Test("that are killed for want of memory are reported")
  func outOfMemory() async throws {
    let world = try await world()
    var spec = Spec(id: "greedy", script: "exec python3 -c 'x = bytearray(1 << 28)'")
    spec.resources = ["memory": ["limit": 33_554_432]]
    let (pid, input, _) = try await start(spec, world)
    #expect(await exit(of: pid, world) == .signalled(9))
    close(input)
    #expect(await world.stop())
  }

  @Test("with every privilege reach their node and not the host")
  func privileged() async throws {
    let world = try await world()
    let names = """
      CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE \
      NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT \
      SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP \
      MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
      """
    try world.write([WorldFile(path: "nodes/n/flag", bytes: Array("nonce".utf8), mode: 0o600)])
    // Only opening is tried of what would reach beyond the world.
    var spec = Spec(
      id: "mighty",
      script: """
        cat /host/flag; echo; echo mark > /host/written
        nsenter -t 1 -m cat /run/bulkhead/nodes/n/written
        mount -t tmpfs x /tmp && echo mounted
        mknod /tmp/disk b 254 0 2>/dev/null || echo no-device
        (: >> /proc/sys/kernel/core_pattern) 2>/dev/null || echo no-kernel
        ls /proc/1/root/etc/shadow 2>/dev/null || echo no-shadow
        """)
    spec.user = 0
    spec.namespaces = ["ipc", "uts", "mount"]
    spec.hardened = false
    spec.capabilities = names.split(separator: " ").map { "CAP_\($0)" }
    spec.binds = [("/run/bulkhead/nodes/n", "/host", ["rw"])]
    let (pid, input, output) = try await start(spec, world)
    let text = String(decoding: output.readDataToEndOfFile(), as: UTF8.self)
    #expect(text == "nonce\nmark\nmounted\nno-device\nno-kernel\nno-shadow\n")
    #expect(await exit(of: pid, world) == .exited(0))
    #expect(world.read("nodes/n/written") == Array("mark\n".utf8))
    close(input)
    #expect(await world.stop())
  }
}
