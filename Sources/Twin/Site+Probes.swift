import Diagnostics
import FleetModel
import Foundation
import IntentModel
import Linux
import StandinProtocol

/// Containers whose program is the probe.
extension Site {
  func runProbes(_ orders: [ProbeOrder], _ subject: ProbeSubject, network: String) async throws -> [ProbeOutcome] {
    guard let container = subject.container else { return [] }
    let id = "probe-\(UUID().uuidString.lowercased().prefix(8))"
    var neighbour: String?
    var processes: String?
    if subject.spec.shareProcessNamespace, let order = orders.first(where: { $0.vector == "L25" }) {
      let beside = "\(id)-beside"
      let started = try await startNeighbour(beside, subject, container, nonce: order.nonce, network: network)
      neighbour = beside
      processes = "/proc/\(started.pid)/ns/pid"
    }
    let arguments = try orders.flatMap { ["--order", String(decoding: try JSONEncoder().encode($0), as: UTF8.self)] }
    var request = try self.request(
      id, subject, container, network: network,
      arguments: [ContainerRuntime.standinInContainer, "probe"] + arguments)
    request.namespaces.pid = processes
    let bundle = try runtime.write(request)
    let result = try await runtime.run(id, bundle: bundle, node: subject.node, limit: .seconds(30))
    if let neighbour { try await runtime.remove([neighbour], node: subject.node) }
    world.remove("pods/\(id)")
    let outcomes = result.output.split(separator: UInt8(ascii: "\n")).compactMap {
      try? JSONDecoder().decode(ProbeOutcome.self, from: Data($0))
    }
    guard !outcomes.isEmpty else {
      throw BulkheadError(
        .unexpected, "the probes of \(subject.workload) said nothing: \(result.errorText.safeForTerminal)")
    }
    return outcomes
  }

  /// A second container of the pod, with a secret in its environment.
  private func startNeighbour(
    _ id: String, _ subject: ProbeSubject, _ container: Container, nonce: String, network: String
  ) async throws -> ContainerRuntime.Started {
    var request = try request(
      id, subject, container, network: network, arguments: [ContainerRuntime.standinInContainer, "idle"])
    request.environment.append("FLAG=\(nonce)")
    return try await startIdle(request)
  }

  private func request(
    _ id: String, _ subject: ProbeSubject, _ container: Container, network: String, arguments: [String]
  ) throws -> ContainerRequest {
    var request = try ContainerRequest(
      id: id, podID: id, podName: id, node: subject.node, pod: subject.spec, container: container, arguments: arguments)
    request.binds = runtime.standinBinds
    complete(&request, namespace: subject.workload.namespace, network: subject.spec.hostNetwork ? nil : network)
    return request
  }

  /// True when the flag that a probe wrote is on the node's side; it is removed.
  func takeBackWrittenFlag(_ nonce: String, node: String) -> Bool {
    var found = false
    for folder in [Scenery.manifests, "/root/.ssh", "/etc/cron.d"] {
      // Containers can rearrange these folders: `read` and `remove` follow no links.
      let path = "nodes/\(node)\(folder)/bulkhead-\(nonce)"
      guard let bytes = world.read(path) else { continue }
      if String(decoding: bytes, as: UTF8.self) == nonce { found = true }
      world.remove(path)
    }
    return found
  }
}
