import EnvoyMesh
import FleetModel
import Foundation
import IntentModel
import Synchronization

/// Pods in network namespaces of their own, joined by a router namespace, with real sidecars and real capture.
actor Lab {
  struct Pod {
    var mesh: MeshPod
    var agent: Agent
    var envoy: Process?
  }
  nonisolated let plane: EnvoyDataPlane
  private(set) var state = MeshState()
  private let envoyPath: String
  private let folder: URL
  private let prefix = "bhm" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
  private var pods: [String: Pod] = [:]
  private var namespaces: [String] = []

  private init() throws {
    envoyPath = try Self.findEnvoy()
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(prefix)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    plane = try EnvoyDataPlane(
      layout: SidecarLayout(configurationFolder: "CONFIGURATION", adminSocket: folder.path + "/NAME.admin"))
    let own = try CertificateAuthority(commonName: "lab", now: Date()).issueServer(names: ["any"], now: Date())
    try "\(own.chainPEM)\n\(own.keyPEM)\n".write(toFile: ownCertificate, atomically: true, encoding: .utf8)
  }

  /// What applications show that speak TLS themselves.
  private nonisolated var ownCertificate: String { folder.path + "/own.pem" }

  static func with(_ pods: [MeshPod], _ services: [MeshService], _ body: (Lab) async throws -> Void) async throws {
    let lab = try Lab()
    do {
      try await lab.start(pods, services)
      try await body(lab)
    } catch {
      await lab.stop()
      throw error
    }
    await lab.stop()
  }

  /// BULKHEAD_ENVOY, or where the bootstrap script puts it.
  static func findEnvoy() throws -> String {
    let local = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(".tools/envoy").path
    let path = ProcessInfo.processInfo.environment["BULKHEAD_ENVOY"] ?? local
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw LabFailure(description: "no Envoy at \(path): set BULKHEAD_ENVOY, or run Scripts/bootstrap")
    }
    return path
  }

  func agent(_ id: String) throws -> Agent {
    guard let pod = pods[id] else { throw LabFailure(description: "no pod \(id)") }
    return pod.agent
  }

  /// Changes the state, publishes it, waits until all sidecars have it and says how long that took.
  func change(_ what: String, _ body: (inout MeshState) -> Void) async throws {
    body(&state)
    let start = ContinuousClock.now
    try await plane.publish(state)
    try await plane.settled(within: .seconds(20))
    print("publish to settled (\(what), \(state.pods.count) pods): \(ContinuousClock.now - start)")
  }

  func posture(_ id: String, _ body: (inout Posture) -> Void) async throws {
    try await change("posture of \(id)") { state in
      for index in state.pods.indices where state.pods[index].id == id { body(&state.pods[index].intent.posture) }
    }
  }

  func socket(_ id: String) -> String { folder.path + "/\(id).sock" }

  func restartSidecar(_ id: String) async throws {
    guard let pod = pods[id] else { throw LabFailure(description: "no pod \(id)") }
    await end(pod.envoy)
    try? FileManager.default.removeItem(atPath: folder.path + "/\(id).admin")
    try await startSidecar(pod.mesh, "\(prefix)-\(id)")
  }

  /// A sidecar's counters whose names hold `filter`, from its admin socket.
  func statistics(_ id: String, _ filter: String) async throws -> String {
    let client = """
      import http.client, socket, sys
      class Connection(http.client.HTTPConnection):
          def connect(self):
              self.sock = socket.socket(socket.AF_UNIX)
              self.sock.connect(sys.argv[1])
      connection = Connection("admin")
      connection.request("GET", "/stats?filter=" + sys.argv[2])
      print(connection.getresponse().read().decode())
      """
    return try await run(["python3", "-c", client, folder.path + "/\(id).admin", filter])
  }

  // MARK: life

  private func start(_ wanted: [MeshPod], _ services: [MeshService]) async throws {
    try await namespace("hub")
    try await run(["ip", "-n", "\(prefix)-hub", "addr", "add", "169.254.1.1/32", "dev", "lo"])
    try await run(["ip", "netns", "exec", "\(prefix)-hub", "sysctl", "-qw", "net.ipv4.ip_forward=1"])
    for (index, pod) in wanted.enumerated() { try await startPod(pod, index) }
    try await change("start") { state in
      state.services = services
      state.pods = wanted
    }
  }

  private func namespace(_ name: String) async throws {
    try await run(["ip", "netns", "add", "\(prefix)-\(name)"])
    namespaces.append("\(prefix)-\(name)")
    try await run(["ip", "-n", "\(prefix)-\(name)", "link", "set", "lo", "up"])
  }

  private func startPod(_ pod: MeshPod, _ index: Int) async throws {
    let name = "\(prefix)-\(pod.id)"
    try await namespace(pod.id)
    let hub = """
      link add v\(index) type veth peer name eth0 netns \(name)
      link set v\(index) up
      route add \(pod.address)/32 dev v\(index)
      """
    try await run(["ip", "-n", "\(prefix)-hub", "-batch", "-"], input: hub + "\n")
    let inside = """
      addr add \(pod.address)/32 dev eth0
      link set eth0 up
      route add 169.254.1.1 dev eth0
      route add default via 169.254.1.1 dev eth0
      """
    try await run(["ip", "-n", name, "-batch", "-"], input: inside + "\n")
    if pod.intent.posture.enrolled { try await capture(name) }
    let script = folder.path + "/agent.py"
    try agentProgram.write(toFile: script, atomically: true, encoding: .utf8)
    let agent = try Agent(
      command: ["ip", "netns", "exec", name, "python3", script, pod.id, pod.address, "8080,9999", ownCertificate])
    pods[pod.id] = Pod(mesh: pod, agent: agent, envoy: nil)
    try await agent.ready()
    if pod.intent.posture.enrolled { try await startSidecar(pod, name) }
  }

  private func capture(_ name: String) async throws {
    let rules = """
      table ip mesh {
        chain pre { type nat hook prerouting priority -100; iifname "eth0" tcp dport != 15021 redirect to :15006; }
        chain out { type nat hook output priority -100;
          meta skgid 1337 return
          ip daddr 127.0.0.0/8 return
          oifname "lo" return
          meta l4proto tcp redirect to :15001; }
      }
      """
    try await run(["ip", "netns", "exec", name, "nft", "-f", "-"], input: rules + "\n")
  }

  private func startSidecar(_ pod: MeshPod, _ name: String) async throws {
    let own = folder.appendingPathComponent(pod.id)
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    let bootstrap = try await plane.attach(pod, socketPath: socket(pod.id), socketInContainer: socket(pod.id))
    for (file, text) in bootstrap.files {
      try text.replacing("NAME.admin", with: "\(pod.id).admin")
        .write(to: own.appendingPathComponent(file), atomically: true, encoding: .utf8)
    }
    let arguments = bootstrap.arguments.map { $0.replacing("CONFIGURATION", with: own.path) }
    let envoy = Process()
    envoy.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    envoy.arguments =
      ["ip", "netns", "exec", name, "setpriv", "--regid", "1337", "--clear-groups", envoyPath] + arguments
    let log = Pipe()
    envoy.standardError = log
    forward(log.fileHandleForReading, of: pod.id)
    try envoy.run()
    pods[pod.id]?.envoy = envoy
  }

  /// On a thread of its own, and not by a `readabilityHandler`: libdispatch may look once more at what it watched of a
  /// descriptor that is closed, and ends the whole test run then.
  private nonisolated func forward(_ log: FileHandle, of podID: String) {
    let plane = plane
    let verbose = ProcessInfo.processInfo.environment["ENVOY_LOG"] != nil
    Thread.detachNewThread {
      var rest = Data()
      while case let data = log.availableData, !data.isEmpty {
        rest += data
        let parts = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        rest = Data(parts.last ?? Data())
        for line in parts.dropLast().map({ String(decoding: $0, as: UTF8.self) }) {
          if verbose { print(podID, line) }
          Task { await plane.note(podID: podID, logLine: line) }
        }
      }
    }
  }

  private func stop() async {
    for pod in pods.values {
      await end(pod.envoy)
      await pod.agent.stop()
    }
    await plane.stop()
    for name in namespaces { _ = try? await run(["ip", "netns", "del", name]) }
    try? FileManager.default.removeItem(at: folder)
  }

  private func end(_ envoy: Process?) async {
    guard let envoy else { return }
    kill(envoy.processIdentifier, SIGKILL)
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        envoy.waitUntilExit()
        continuation.resume()
      }
    }
  }
}
