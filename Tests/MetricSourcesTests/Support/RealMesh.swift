import Foundation
import NIOCore
import NIOPosix

@testable import MetricSources

/// A real Envoy with two services behind it, and a real Prometheus that scrapes it.
struct RealMesh {
  let frontPort: Int
  let adminPort: Int
  let prometheusPort: Int
  let folder: String

  /// `/baseline…` and `/canary…` go to clusters of these names; a path that ends so is answered with 503 or 404.
  ///
  /// Ports are free when they are chosen; when another process is quicker, others are chosen.
  static func with(_ body: (RealMesh) async throws -> Void) async throws {
    for _ in 0..<4 {
      let isDone = try await Support.withFolder { folder in
        let mesh = try await prepared(folder)
        let processes = try mesh.start()
        defer {
          for process in processes {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
          }
        }
        guard try await mesh.listens(processes) else { return false }
        try await body(mesh)
        return true
      }
      if isDone { return }
    }
    throw SourceProblem("no free ports were found for Envoy and Prometheus")
  }

  private static func prepared(_ folder: String) async throws -> RealMesh {
    let ports = try await freePorts(4)
    let mesh = RealMesh(frontPort: ports[0], adminPort: ports[1], prometheusPort: ports[2], folder: folder)
    try mesh.envoyConfiguration(backPort: ports[3]).write(
      toFile: folder + "/envoy.yaml", atomically: true, encoding: .utf8)
    try mesh.prometheusConfiguration.write(toFile: folder + "/prometheus.yaml", atomically: true, encoding: .utf8)
    return mesh
  }

  private func start() throws -> [Process] {
    [
      try Self.start(
        Self.envoyPath ?? "",
        [
          "-c", folder + "/envoy.yaml", "--concurrency", "1", "--disable-hot-restart", "-l", "error",
          "--file-flush-interval-msec", "20",
        ]),
      try Self.start(
        Self.prometheusPath ?? "",
        [
          "--config.file=\(folder)/prometheus.yaml", "--storage.tsdb.path=\(folder)/data",
          "--web.listen-address=127.0.0.1:\(prometheusPort)", "--log.level=error",
        ]),
    ]
  }

  /// False when one of them has ended, as they do when a port is taken.
  private func listens(_ processes: [Process]) async throws -> Bool {
    let places = [frontPort, adminPort, prometheusPort]
    try await eventually("Envoy and Prometheus listen") {
      guard processes.allSatisfy(\.isRunning) else { return true }
      for port in places {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
          .connect(host: "127.0.0.1", port: port).get()
        try await channel.close().get()
      }
      return true
    }
    return processes.allSatisfy(\.isRunning)
  }

  // MARK: - What is there

  /// BULKHEAD_ENVOY, or where the bootstrap script puts it.
  static var envoyPath: String? {
    let local = Support.folder.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
      ".tools/envoy")
    let path = ProcessInfo.processInfo.environment["BULKHEAD_ENVOY"] ?? local.path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }

  /// BULKHEAD_PROMETHEUS, or on the PATH.
  static var prometheusPath: String? {
    let environment = ProcessInfo.processInfo.environment
    let candidates =
      environment["BULKHEAD_PROMETHEUS"].map { [$0] }
      ?? (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/prometheus" }
    return candidates.first(where: FileManager.default.isExecutableFile)
  }

  static var isThere: Bool {
    if envoyPath != nil, prometheusPath != nil { return true }
    FileHandle.standardError.write(
      Data("NOT RUN: the test with a real Prometheus and Envoy; run Scripts/bootstrap to get them\n".utf8))
    return false
  }

  private static func start(_ path: String, _ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// All are bound at the same time, so that they differ.
  private static func freePorts(_ count: Int) async throws -> [Int] {
    var channels: [any Channel] = []
    for _ in 0..<count {
      channels.append(
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get())
    }
    let ports = channels.compactMap { $0.localAddress?.port }
    for channel in channels { try await channel.close().get() }
    return ports
  }

  // MARK: - Questions

  /// Sends one request after the other.
  func send(_ count: Int, _ path: String) async throws {
    let http = MetricHTTP(address: try MetricAddress("127.0.0.1:\(frontPort)"))
    for _ in 0..<count { _ = try await http.ask(path) }
  }

  var prometheus: PrometheusClient {
    get throws { PrometheusClient(try MetricAddress("127.0.0.1:\(prometheusPort)")) }
  }

  /// Asks real processes again until they have what they were sent; nothing here says how fast they must be.
  func eventually(_ what: @autoclosure () -> String, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    var last: (any Error)?
    while ContinuousClock.now < end {
      do {
        if try await condition() { return }
      } catch { last = error }
      // Leaves the processes some room; the loop's length decides nothing.
      try await Task.sleep(for: .milliseconds(50))
    }
    throw SourceProblem("never came about: \(what()) \(last.map { "(\($0))" } ?? "")")
  }

  // MARK: - Configurations

  private var prometheusConfiguration: String {
    """
    global: {scrape_interval: 250ms, scrape_timeout: 250ms}
    scrape_configs:
    - job_name: envoy
      metrics_path: /stats/prometheus
      static_configs: [{targets: ["127.0.0.1:\(adminPort)"]}]

    """
  }

  private func envoyConfiguration(backPort: Int) -> String {
    let file = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
    let log = """
      access_log:
                - {name: text, typed_config: {"@type": \(file), path: "\(folder)/access.log"}}
      """
    return """
      admin: {address: {socket_address: {address: 127.0.0.1, port_value: \(adminPort)}}}
      stats_flush_interval: 0.1s
      static_resources:
        listeners:
      \(listener("front", frontPort, log, [route("/baseline", "cart"), route("/canary", "cart-canary")]))
      \(listener("back", backPort, "access_log: []", [
        direct(".*/bad", 503), direct(".*/missing", 404), direct(".*", 200),
      ]))
        clusters:
      \(cluster("cart", backPort))
      \(cluster("cart-canary", backPort))

      """
  }

  private func listener(_ name: String, _ port: Int, _ log: String, _ routes: [String]) -> String {
    let manager =
      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    let all = routes.joined(separator: ", ")
    let router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
    return """
        - name: \(name)
          address: {socket_address: {address: 127.0.0.1, port_value: \(port)}}
          filter_chains:
          - filters:
            - name: manager
              typed_config:
                "@type": \(manager)
                stat_prefix: \(name)
                \(log)
                route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [\(all)]}]}
                http_filters: [{name: router, typed_config: {"@type": \(router)}}]
      """
  }

  private func route(_ prefix: String, _ cluster: String) -> String {
    "{match: {prefix: \(prefix)}, route: {cluster: \(cluster)}}"
  }

  private func direct(_ regex: String, _ status: Int) -> String {
    "{match: {safe_regex: {regex: \"\(regex)\"}}, direct_response: {status: \(status)}}"
  }

  private func cluster(_ name: String, _ port: Int) -> String {
    let address = "{address: {socket_address: {address: 127.0.0.1, port_value: \(port)}}}"
    return """
        - name: \(name)
          type: STATIC
          load_assignment: {cluster_name: \(name), endpoints: [{lb_endpoints: [{endpoint: \(address)}]}]}
      """
  }
}
