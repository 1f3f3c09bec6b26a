import FleetModel
import Foundation
import IntentModel
import Testing

@testable import Twin

/// Runs bundles under the real runc in throw-away namespaces: a "node" of its own whose end takes everything with it.
///
/// Needs root. There is no user namespace, so what the tests run there must be harmless with real rights.
final class RuncBench: Sendable {
  let folder: URL
  let name = "bulkhead-test-\(UInt32.random(in: 0...UInt32.max))"

  init() throws {
    try #require(geteuid() == 0, "runs containers, so it needs root")
    folder = FileManager.default.temporaryDirectory.appending(path: name)
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The world as the bench has it: its folder, and the capabilities this machine's root holds.
  var traits: WorldTraits {
    var traits = WorldTraits()
    traits.directory = folder.path
    traits.capabilities = Self.heldCapabilities
    return traits
  }

  /// Below a folder of the test's own, whose share of the processor is that of everything else on the machine.
  func cgroup(_ id: String) -> String { "/\(name)/\(id)" }

  func write(_ bundle: ContainerBundle) throws {
    let writer = BundleWriter(directory: folder.path)
    try writer.write(bundle)
    _ = try writer.prepare(bundle.nodePaths)
  }

  /// Starts the bundles in turn, each until it ends, and gives what they wrote.
  func run(_ bundles: [ContainerBundle], before: String = "", after: String = "") async throws -> String {
    for bundle in bundles { try write(bundle) }
    let runs = bundles.map { bundle in
      let id = bundle.directory.split(separator: "/").last.map(String.init) ?? "app"
      return "runc --root /run/runc run -b \(folder.path)/\(bundle.directory) \(id) </dev/null"
    }
    let script = """
      set -e
      mount -t tmpfs tmpfs /run
      mkdir -p /run/netns
      ip link set lo up
      ip netns add shop
      ip -n shop link set lo up
      \(before)
      \(runs.joined(separator: "\n"))
      \(after)
      """
    return try await inNode(script)
  }

  /// Runs a shell script in new pid, mount, network, uts and ipc namespaces.
  func inNode(_ script: String) async throws -> String {
    let output = folder.appending(path: "output.txt")
    let errors = folder.appending(path: "errors.txt")
    for file in [output, errors] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/unshare")
    process.arguments = [
      "--pid", "--mount", "--net", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc", "--propagation",
      "private", "sh", "-c", script,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Int32, any Error>) in
      process.terminationHandler = { done.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { done.resume(throwing: error) }
    }
    removeCgroups()
    let text = try String(contentsOf: output, encoding: .utf8)
    let complaint = try String(contentsOf: errors, encoding: .utf8)
    try #require(status == 0, "\(complaint)\n\(text)")
    return text
  }

  private func removeCgroups() {
    let root = "/sys/fs/cgroup"
    for controller in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
      let own = "\(root)/\(controller)/\(name)"
      for id in (try? FileManager.default.contentsOfDirectory(atPath: own)) ?? [] { rmdir("\(own)/\(id)") }
      rmdir(own)
    }
  }

  private static let heldCapabilities: CapabilitySet = {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") } ?? ""
    return CapabilitySet(rawValue: UInt64(line.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) ?? 0)
      .intersection(.all)
  }()
}

/// What a container sees of itself, told by a Python script in it.
struct Facts: Decodable {
  var status: [String: String]
  var groups: [Int]
  var mounts: [String: String]
  var writable: [String: Bool]
  var hostname: String
  var processes: Int
  var token: String?
  var keys: Int

  static let script = """
    import json, os, socket
    pairs = (line.rstrip("\\n").partition(":\\t") for line in open("/proc/self/status"))
    status = {key: value for key, _, value in pairs}
    mounts = {line.split()[1]: line.split()[3] for line in open("/proc/self/mounts")}
    def writable(folder):
        try:
            path = os.path.join(folder, "probe-of-test")
            open(path, "w").close()
            os.unlink(path)
            return True
        except OSError:
            return False
    def read(path):
        try:
            return open(path).read()
        except OSError:
            return None
    print(json.dumps({
        "status": status, "groups": os.getgroups(), "mounts": mounts, "hostname": socket.gethostname(),
        "writable": {f: writable(f) for f in ["/", "/tmp", "/usr/bin", "/etc", "/host", "/data", "/dev/shm"]},
        "processes": len([p for p in os.listdir("/proc") if p.isdigit()]),
        "token": read("/var/run/secrets/kubernetes.io/serviceaccount/token"), "keys": len(read("/proc/keys") or ""),
    }))
    """

  static func request(
    _ pod: PodSpec, bench: RuncBench, id: String = "app",
    _ change: (inout ContainerRequest) -> Void = { _ in }
  ) throws -> ContainerRequest {
    var request = try ContainerRequest(
      id: id, podID: "shop", podName: "shop-0", node: "node-1", pod: pod, container: pod.containers[0],
      arguments: ["/usr/bin/python3", "/test/facts.py"])
    request.namespaces.network = "/run/netns/shop"
    request.traits = bench.traits
    request.cgroupsPath = bench.cgroup(id)
    request.generated = ["/test": ["facts.py": script]]
    change(&request)
    return request
  }

  static func read(_ output: String) throws -> Facts {
    let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("{") }, "\(output)")
    return try JSONDecoder().decode(Facts.self, from: Data(line.utf8))
  }
}
