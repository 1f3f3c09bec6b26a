package import Breach
import Diagnostics
package import FleetModel
import Foundation
import IntentModel
package import Rollout
import StandinProtocol

/// Real attempts to break out: a container like the workload's own, whose program is the probe.
extension LocalTwin: EscapeRange {
  package func probeWeakened(_ vectors: [Vector]) async throws -> [ProbeRecord] {
    let weak = ObjectReference(kind: "Pod", namespace: "probe", name: "weakened")
    var result: [ProbeRecord] = []
    for vector in vectors {
      let subject = try ProbeSubject.weakened(vector, node: TwinSettings.nodes[0])
      result += try await probe([vector], subject, of: weak, phase: .weakened)
    }
    return result
  }

  package func probe(
    _ vectors: [Vector], from workloads: [ObjectReference], phase: ProbeRecord.Phase
  ) async throws -> [ProbeRecord] {
    try await withThrowingTaskGroup(of: [ProbeRecord].self) { group in
      for id in workloads {
        // `after` looks at what the wave made: its own pod's spec, network and node.
        let pod = (phase == .after ? players(of: id, .canary) : []) + players(of: id, .stable)
        guard let pod = pod.first(where: { $0.state == .ready }) else { continue }
        group.addTask { try await self.probe(vectors, ProbeSubject(pod), of: id, phase: phase) }
      }
      var records: [ProbeRecord] = []
      for try await result in group { records += result }
      return records.sorted { ($0.workload, $0.vector) < ($1.workload, $1.vector) }
    }
  }

  private func probe(
    _ vectors: [Vector], _ subject: ProbeSubject, of workload: ObjectReference, phase: ProbeRecord.Phase
  ) async throws -> [ProbeRecord] {
    let site = try running()
    let orders = vectors.map {
      site.scenery.order($0.code, hostPaths: subject.hostPaths, nodeRoot: site.root(of: subject.node))
    }
    // A purpose-made container borrows the network of a pod that no policy governs.
    let network = subject.network?.id ?? intruder(.plaintext) ?? ""
    let outcomes = try await site.runProbes(orders, subject, network: network)
    return orders.map { order in
      guard let outcome = outcomes.first(where: { $0.vector == order.vector }) else {
        return ProbeRecord(
          vector: order.vector, workload: workload, phase: phase, result: .inconclusive, step: "the probe said nothing")
      }
      return confirmed(outcome, order, subject, site, workload, phase)
    }
  }

  /// A write counts only when the node's side sees it: some write to a copy and never touch the node.
  private func confirmed(
    _ outcome: ProbeOutcome, _ order: ProbeOrder, _ subject: ProbeSubject, _ site: Site, _ workload: ObjectReference,
    _ phase: ProbeRecord.Phase
  ) -> ProbeRecord {
    var result = ProbeRecord.Result(rawValue: outcome.result.rawValue) ?? .inconclusive
    var step = outcome.step
    if order.vector == "L17", result == .escaped, !site.takeBackWrittenFlag(order.nonce, node: subject.node) {
      result = .contained
      step = "written, but nothing of it is on the node"
    }
    return ProbeRecord(
      vector: order.vector, workload: workload, phase: phase, result: result, step: step, errno: outcome.errno)
  }
}

/// The container that a probe runs in.
struct ProbeSubject: Sendable {
  var spec: PodSpec
  var node: String
  /// The pod whose network it shares; nil gives it one of its own.
  var network: TwinPod?
  var workload: ObjectReference

  init(_ pod: TwinPod) {
    spec = pod.spec
    node = pod.node
    network = pod.onNodeNetwork ? nil : pod
    workload = pod.workload
  }

  private init(spec: PodSpec, node: String) {
    self.spec = spec
    self.node = node
    network = nil
    workload = ObjectReference(kind: "Pod", namespace: "probe", name: "weakened")
  }

  /// An ordinary pod (root, the runtime's default capabilities, no seccomp) with the vector's one change.
  static func weakened(_ vector: Vector, node: String) throws -> ProbeSubject {
    var spec = PodSpec()
    spec.automountServiceAccountToken = false
    spec.containers = [Container(name: "weak", location: SourceLocation(file: "bulkhead", line: 0))]
    vector.escape?.weaken(&spec)
    return ProbeSubject(spec: spec, node: node)
  }

  var container: Container? { spec.containers.first }

  /// Host paths of the container: path on the node, path inside, writable.
  var hostPaths: [(node: String, inside: String, writable: Bool)] {
    guard let container else { return [] }
    return container.mounts.compactMap { mount in
      guard let volume = spec.volumes.first(where: { $0.name == mount.volume }),
        case .hostPath(let path, _) = volume.source
      else { return nil }
      let node = mount.subPath.map { "\(path)/\($0)" } ?? path
      return (node, mount.path, !mount.readOnly)
    }
  }
}
