import Diagnostics
import FleetModel
import Foundation
import IntentModel
import Linux
import NIOCore
import StandinProtocol

/// The pods' networks and containers on the site.
extension Site {
  static let sidecarSocketInContainer = "/run/bulkhead-xds/xds.sock"

  /// The sidecar's configuration socket as this process makes it.
  func sidecarSocket(_ pod: String) -> String { "\(world.hostDirectory)/xds/\(pod).sock" }

  func addNetworks(_ pods: [TwinPod]) async throws {
    try await withThrowingTaskGroup { group in
      for node in TwinSettings.nodes {
        let here = pods.filter { $0.node == node && !$0.onNodeNetwork }
        guard !here.isEmpty else { continue }
        let text = PodNetwork.addition(of: try here.map(network)) + Self.captures(here)
        group.addTask { try await self.script("sh -s", in: .node(node), text, "give pods on \(node) their network") }
      }
      try await group.waitForAll()
    }
  }

  private func network(_ pod: TwinPod) throws -> PodNetwork {
    guard let address = IPv4Address(pod.address) else {
      throw BulkheadError(.unexpected, "\(pod.name) has no address")
    }
    return try PodNetwork(namespace: pod.id, address: address)
  }

  /// Capture stands before the application starts: nothing of it passes the sidecar by.
  private static func captures(_ pods: [TwinPod]) -> String {
    let enrolled = pods.filter(\.intent.posture.enrolled)
    guard !enrolled.isEmpty else { return "" }
    let text = CaptureRules().text
    return "jobs=\n"
      + enrolled.map { "nsenter --net=/run/netns/\($0.id) nft -f - <<'END' &\n\(text)END\njobs=\"$jobs $!\"\n" }
      .joined()
      + "for job in $jobs; do wait $job; done\n"
  }

  func remove(_ pods: [TwinPod]) async throws {
    try await withThrowingTaskGroup { group in
      for node in TwinSettings.nodes {
        let here = pods.filter { $0.node == node }
        guard !here.isEmpty else { continue }
        let networks = try here.filter { !$0.onNodeNetwork }.map(network)
        group.addTask {
          try await self.runtime.remove(
            here.flatMap { [$0.appContainer, $0.sidecarContainer] + $0.neighbours }, node: node)
          try await self.script("sh -s", in: .node(node), PodNetwork.removal(of: networks), "take pods' networks away")
        }
      }
      try await group.waitForAll()
    }
    for pod in pods { world.remove("pods/\(pod.id)") }
  }

  func kill(_ containers: [String], node: String) async throws { try await runtime.kill(containers, node: node) }

  /// Removes what is left of a container that ended, so that one of the same name can start.
  func clear(_ container: String, node: String) async throws { try await runtime.remove([container], node: node) }

  func startSidecar(_ pod: TwinPod, _ bootstrap: SidecarBootstrap) async throws -> ContainerRuntime.Started {
    var request = try SidecarContainer.request(
      id: pod.sidecarContainer, podID: pod.id, podName: pod.name, node: pod.node, pod: pod.spec, bootstrap: bootstrap,
      envoy: "\(World.directory)/tools/envoy",
      socket: ("\(World.directory)/xds/\(pod.id).sock", Self.sidecarSocketInContainer))
    complete(&request, pod)
    let bundle = try runtime.write(request)
    return try await runtime.start(pod.sidecarContainer, bundle: bundle, node: pod.node, input: nil, output: nil)
  }

  /// The bundle of the first start is still there.
  func startSidecarAgain(_ pod: TwinPod) async throws -> ContainerRuntime.Started {
    let bundle = "\(World.directory)/pods/\(pod.id)/\(pod.sidecarContainer)"
    return try await runtime.start(pod.sidecarContainer, bundle: bundle, node: pod.node, input: nil, output: nil)
  }

  func startApplication(
    _ pod: TwinPod, on group: any EventLoopGroup, onCounters: @escaping @Sendable (Counters) -> Void
  ) async throws -> (started: ContainerRuntime.Started, link: StandinLink) {
    guard let container = pod.spec.containers.first else {
      throw BulkheadError(.badInput, "\(pod.workload) has no container")
    }
    let config = "/.bulkhead/config"
    var request = try ContainerRequest(
      id: pod.appContainer, podID: pod.id, podName: pod.name, node: pod.node, pod: pod.spec, container: container,
      arguments: [ContainerRuntime.standinInContainer, "serve", "--config", config + "/standin.json"])
    request.binds = runtime.standinBinds
    request.generated = [config: ["standin.json": try Self.configuration(pod)]]
    complete(&request, pod)
    let bundle = try runtime.write(request)
    let orders = try PipePair.make()
    let reports = try PipePair.make()
    let link = try await StandinLink.open(
      input: orders.write, output: reports.read, on: group, onCounters: onCounters)
    do {
      let started = try await runtime.start(
        pod.appContainer, bundle: bundle, node: pod.node, input: orders.read, output: reports.write)
      return (started, link)
    } catch {
      link.close()
      throw error
    }
  }

  private static func configuration(_ pod: TwinPod) throws -> String {
    let configuration = StandinConfiguration(
      pod: pod.name, workload: pod.workload.description, callerName: "\(pod.workload.namespace)/\(pod.workload.name)",
      listen: pod.listeners, calls: pod.calls, latency: .init(medianMilliseconds: 1, sigma: 0.3), users: pod.users)
    return String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
  }

  /// The pod's other containers stand still, but they stand there: with their own security contexts and the pod's
  /// shared namespaces.
  func startNeighbours(of pod: TwinPod, beside pid: Int32) async throws {
    for (index, container) in pod.spec.containers.enumerated().dropFirst() where pod.role == .workload {
      let id = pod.neighbours[index - 1]
      try await runtime.remove([id], node: pod.node)
      var request = try ContainerRequest(
        id: id, podID: pod.id, podName: pod.name, node: pod.node, pod: pod.spec, container: container,
        arguments: [ContainerRuntime.standinInContainer, "idle"])
      request.binds = runtime.standinBinds
      complete(&request, pod)
      request.namespaces.ipc = "/proc/\(pid)/ns/ipc"
      request.namespaces.uts = "/proc/\(pid)/ns/uts"
      request.namespaces.pid = "/proc/\(pid)/ns/pid"
      _ = try await startIdle(request)
    }
  }

  /// Starts a container that waits for the end of its standard input, which is the end of this program.
  func startIdle(_ request: ContainerRequest) async throws -> ContainerRuntime.Started {
    let bundle = try runtime.write(request)
    let input = try PipePair.make()
    keepOpen(input.write)
    return try await runtime.start(request.id, bundle: bundle, node: request.node, input: input.read, output: nil)
  }

  /// What all containers of a pod have in common.
  func complete(_ request: inout ContainerRequest, _ pod: TwinPod) {
    complete(&request, namespace: pod.workload.namespace, network: pod.onNodeNetwork ? nil : pod.id)
  }

  func complete(_ request: inout ContainerRequest, namespace: String, network: String?) {
    request.cgroupsPath = world.cgroupPath(request.id)
    request.namespaces.network = network.map { "/run/netns/\($0)" }
    request.resolver = Resolver.resolvConf(namespace: namespace)
    request.hosts = "127.0.0.1 localhost\n"
    for map in settings.fleet.configMaps where map.id.namespace == namespace {
      request.configMaps[map.id.name] = map.data.mapValues(\.value)
    }
    request.accountMountsToken =
      settings.fleet.serviceAccounts
      .first { $0.id.namespace == namespace && $0.id.name == request.pod.serviceAccount }?.automountServiceAccountToken
    request.token = ServiceAccountToken(token: scenery.serviceAccountToken, namespace: namespace, authority: "")
    request.traits.countsSwap = world.countsSwap
  }
}

extension TwinPod {
  /// Ids of the containers beside the one that plays the workload.
  var neighbours: [String] { spec.containers.dropFirst().indices.map { "\(id)-side\($0)" } }
}
