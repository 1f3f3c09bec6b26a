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

/// A target that listens to what people put into the run's folder before it changes anything.
struct SteeredTarget: RolloutTarget {
  private let target: ClusterTarget
  private let folder: ClusterRolloutFolder
  private let approval: Bool
  private let say: @Sendable (String) -> Void

  init(
    _ target: ClusterTarget, _ folder: ClusterRolloutFolder, approval: Bool, say: @escaping @Sendable (String) -> Void
  ) {
    (self.target, self.folder, self.approval, self.say) = (target, folder, approval, say)
  }

  func prepare(_ postures: [ObjectReference: Posture]) async throws { try await target.prepare(postures) }

  func shift(_ wave: Wave, to percent: Int) async throws {
    try await mayGoOn(wave)
    try await target.shift(wave, to: percent)
  }

  func commit(_ wave: Wave) async throws {
    try await mayGoOn(wave)
    try await target.commit(wave)
  }

  func undo(_ wave: Wave) async -> [String] { await target.undo(wave) }
  func close() async { await target.close() }

  /// Waits while the run is paused, or its wave not approved.
  private func mayGoOn(_ wave: Wave) async throws {
    var saidSo = false
    while true {
      try folder.refuseIfAborted()
      let isPaused = folder.has(folder.pause)
      let lacksApproval = approval && !folder.has(folder.approval(wave: wave.index + 1))
      guard isPaused || lacksApproval else { return }
      if !saidSo {
        say(
          isPaused ? "paused; 'bulkhead rollout continue' goes on" : "\(wave.name) waits for 'bulkhead rollout approve'"
        )
        saidSo = true
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }
}

/// Counts that a run which was aborted no longer waits for.
struct SteeredTraffic: TrafficSource {
  let target: ClusterTarget
  let folder: ClusterRolloutFolder

  func snapshot() async throws -> TrafficSnapshot {
    try folder.refuseIfAborted()
    return try await target.snapshot()
  }
}

extension ClusterRolloutFolder {
  func refuseIfAborted() throws {
    guard has(abort) else { return }
    throw BulkheadError(.gateFailed, "the run was aborted", cure: "start a new one in another folder")
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
