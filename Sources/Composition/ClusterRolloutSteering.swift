import Breach
import Diagnostics
import EnvoyMesh
import FleetModel
import Foundation
import IntentModel
import KubernetesAPI
import KubernetesTarget
import Planning
import Rollout
import Trials

/// A target that listens to what people want before it changes anything.
struct SteeredTarget: RolloutTarget {
  let target: ClusterTarget
  let home: any RolloutHome
  let onFailure: FailurePolicy
  let observer: any RolloutObserver

  private var steering: WaveSteering { WaveSteering(home: home, observer: observer) }

  func prepare(_ postures: [ObjectReference: Posture]) async throws { try await target.prepare(postures) }

  func shift(_ wave: Wave, to percent: Int) async throws {
    try await mayGoOn(wave)
    try await target.shift(wave, to: percent)
  }

  func commit(_ wave: Wave) async throws {
    try await mayGoOn(wave)
    try await target.commit(wave)
  }

  func undo(_ wave: Wave) async -> [String] {
    do {
      if onFailure == .freeze { try await stayFrozen(wave) }
    } catch {
      return ["\(wave.name): frozen, and left as it is (\(error))"]
    }
    return await target.undo(wave)
  }

  func close() async { await target.close() }

  func mayBegin(_ wave: Wave) async throws { try await steering.mayBegin(wave) }

  func mayGoOn(_ wave: Wave) async throws { try await steering.mayGoOn(wave) }

  /// Until the run is aborted.
  private func stayFrozen(_ wave: Wave) async throws {
    guard !home.wishes(wave: wave.index + 1).isAborted else { return }
    try await home.keep("\(wave.name)\n", as: .frozen)
    await observer.observe(.frozen(wave: wave.name))
    while !home.wishes(wave: wave.index + 1).isAborted { try await Task.sleep(for: .milliseconds(250)) }
  }
}

/// Counts that a run which was aborted no longer waits for.
struct SteeredTraffic: TrafficSource {
  let target: ClusterTarget
  let home: any RolloutHome

  func snapshot() async throws -> TrafficSnapshot {
    try home.wishes(wave: 1).refuseIfAborted()
    return try await target.snapshot()
  }
}

extension RolloutWishes {
  func refuseIfAborted() throws {
    guard isAborted else { return }
    throw BulkheadError(.gateFailed, "the run was aborted", cure: "start a new one")
  }
}

/// Where no break-out can be tried nothing is claimed: there are no records, and the run says what was left out.
struct NoEscapes: EscapeRange {
  func probeWeakened(_ vectors: [Vector]) async throws -> [ProbeRecord] { [] }

  func probe(
    _ vectors: [Vector], from workloads: [ObjectReference], phase: ProbeRecord.Phase
  ) async throws -> [ProbeRecord] { [] }
}

/// The authorities of a cluster's mesh, as its Secret keeps them.
enum MeshKeys {
  static func make() throws -> [String: String] {
    let now = Date()
    let lifetime: TimeInterval = 5 * 365 * 86_400
    let authority = try CertificateAuthority(commonName: "Bulkhead mesh authority", now: now, lifetime: lifetime)
    let credentials = try CertificateAuthority(commonName: "Bulkhead pod credentials", now: now, lifetime: lifetime)
    let key = (0..<4).map { _ in String(UInt64.random(in: 0 ... .max), radix: 16) }.joined()
    return [
      "root.pem": authority.rootPEM, "root.key": authority.keyPEM, "credentials.pem": credentials.rootPEM,
      "credentials.key": credentials.keyPEM, "status-key": key,
    ]
  }
}

/// Where Bulkhead's own objects live; made before anything else, since the lease is in it.
enum BulkheadNamespace {
  static func make(_ client: KubernetesClient) async throws {
    let name = ObjectName(.namespaces, namespace: nil, name: ClusterNames.namespace)
    do {
      _ = try await client.get(name)
    } catch let failure as APIFailure where failure.kind == .notFound {
      let labels = [
        ClusterNames.managedBy: ClusterNames.program, "kubernetes.io/metadata.name": ClusterNames.namespace,
      ]
      let object = DocumentValue.mapping([
        .init("apiVersion", .string("v1")), .init("kind", .string("Namespace")),
        .init(
          "metadata",
          .mapping([
            .init("name", .string(ClusterNames.namespace)),
            .init("labels", .mapping(labels.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })),
          ])),
      ])
      _ = try await client.apply(object, to: name)
    }
  }
}
