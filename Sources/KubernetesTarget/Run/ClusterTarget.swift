import Crypto
import Diagnostics
package import FleetModel
import Foundation
package import IntentModel
package import KubernetesAPI
package import Planning
package import Policies
import Synchronization
import Trials

/// What a cluster's target is told.
package struct ClusterTargetSettings: Sendable {
  package var plan: Plan
  /// SHA-256 of the plan; an annotation of all that is written.
  package var planDigest: String
  package var fleet: Fleet
  package var derivation: IntentDerivation
  package var images: SidecarImages
  /// The mesh, where it brings its own control plane; nil for sidecars of Bulkhead's own.
  package var enrolment: (any MeshEnrolment)?
  /// What its rules say, by posture.
  package var policies: PostureObjects?
  /// Reads what a proxy has counted from its page.
  package var readStatistics: @Sendable (_ page: [UInt8]) throws -> PodCounts = { _ in PodCounts() }
  /// Reads how long a proxy's calls to services took from its page; a namespace that it does not tell is empty.
  package var readDurations: @Sendable (_ page: [UInt8]) throws -> [ObjectReference: CallDuration] = { _ in [:] }
  /// Whether Chaos Mesh puts faults in.
  package var hasChaosMesh = false
  /// Whether the cluster knows its kinds, so that an earlier run may have left some.
  package var servesChaosMesh = false
  /// Keeps the list of workloads that have yet to give their sidecars up.
  package var keepList: @Sendable (_ text: String) async throws -> Void = { _ in }
  /// The contents of the Secret with the authorities' keys, where there is none yet.
  package var makeKeys: @Sendable () throws -> [String: String]
  /// The sidecars' bootstrap, from the discovery server's address and the authority's root.
  package var bootstrap: @Sendable (_ address: String, _ root: String) -> String
  /// Keeps a patch that somebody else must make.
  package var writePatch: @Sendable (_ name: String, _ yaml: String) async throws -> Void
  /// Throws once the run is no longer wanted; asked while a wave waits for something, but never while one is put back.
  package var checkpoint: @Sendable () throws -> Void
  package var say: @Sendable (String) -> Void
  /// How often is looked, and for how long is waited.
  package var pace = Duration.milliseconds(500)
  package var patience = Duration.seconds(300)
  /// For how long is waited for pods that the kubelet says it cannot start.
  package var hope = Duration.seconds(30)
  /// How often an undo is tried before it is said what is left.
  package var undoAttempts = 5

  package init(
    plan: Plan, planDigest: String, fleet: Fleet, derivation: IntentDerivation, images: SidecarImages,
    makeKeys: @escaping @Sendable () throws -> [String: String],
    bootstrap: @escaping @Sendable (String, String) -> String,
    writePatch: @escaping @Sendable (String, String) async throws -> Void,
    checkpoint: @escaping @Sendable () throws -> Void = {}, say: @escaping @Sendable (String) -> Void
  ) {
    (self.plan, self.planDigest, self.fleet, self.derivation) = (plan, planDigest, fleet, derivation)
    (self.images, self.makeKeys, self.bootstrap) = (images, makeKeys, bootstrap)
    (self.writePatch, self.checkpoint, self.say) = (writePatch, checkpoint, say)
  }
}

/// A Kubernetes cluster as the target of a rollout.
///
/// All that is written is applied under one field manager and without force: a field that somebody else owns ends the
/// wave. What was written last is what the cluster shows, so that every call may be repeated after a crash.
package actor ClusterTarget {
  let client: KubernetesClient
  let settings: ClusterTargetSettings
  let lease: RolloutLease
  /// The ClusterIP of the discovery server and the key to its status, once they are known.
  var discoveryAddress = ""
  var statusKey = ""
  /// The revision of the wave under way, by workload: its pods are the canary.
  var revisions: [ObjectReference: String] = [:]
  var book = TrafficBook()
  var delays: [MeshDocument.Delay] = []
  var cuts: [MeshDocument.Cut] = []
  var faultNotes: [Fault: FaultNote] = [:]
  /// The canaries' shares by weights that this run has placed, by service.
  var splits: [ObjectReference: TrafficSplit] = [:]
  /// Which kinds the cluster has that say where calls go, once it was asked.
  var discovered: Discovery?
  /// Whether what is under way may be given up.
  var mayEnd = false
  /// What people have been told of what selects pods.
  var said: Set<String> = []
  /// The pods that offer what break-outs look for, by node, and the vectors whose controls got out there.
  var sceneries: [String: ProbeScenery] = [:]
  var counted: [String: Set<String>] = [:]
  /// The pod that lets everybody in.
  var door: ProbeDoor?
  var doorInMaking: Task<ProbeDoor, any Error>?
  /// Whether it was said that no proxy answers.
  var toldOfSilence = false
  /// Namespaces of the plan that somebody deleted: nothing is left in them to be put back.
  var goneNamespaces: Set<String> = []
  /// The uids of the others by name, as far as they are known.
  var namespaceUIDs: [String: String] = [:]
  /// Whether the discovery server is another plan's by now, and not to be touched.
  var discoveryIsAnothers = false
  /// Whether namespaces bear their names as labels, once it was asked.
  var labelsNamespaces: Bool?

  package init(_ client: KubernetesClient, _ settings: ClusterTargetSettings, lease: RolloutLease) {
    (self.client, self.settings, self.lease) = (client, settings, lease)
  }

  var fleet: Fleet { settings.fleet }

  /// The namespaces of the plan's workloads, without those that an undo found gone.
  var namespaces: [String] {
    Set(settings.plan.waves.flatMap(\.workloads).map(\.namespace)).subtracting(goneNamespaces).sorted()
  }

  func annotations(step: String) throws -> [String: String] {
    [
      ClusterNames.plan: settings.planDigest, ClusterNames.step: step,
      ClusterNames.epoch: "\(try lease.requireEpoch())",
    ]
  }

  /// Names what a wave does to a workload; the same each time.
  func revision(_ wave: Wave, _ workload: ObjectReference) -> String {
    let text = "\(settings.planDigest) \(wave.index) \(workload)"
    let digest = SHA256.hash(data: Data(text.utf8)).prefix(4)
    return "w\(wave.index + 1)-" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The latest wave before `index` that changed a workload.
  func earlierWave(_ workload: ObjectReference, before index: Int) -> Wave? {
    settings.plan.waves.prefix(index).last { $0.workloads.contains(workload) }
  }

  // MARK: - Reading

  func find(_ name: ObjectName) async throws -> DocumentValue? {
    do {
      return try await client.get(name)
    } catch let failure as APIFailure where failure.kind == .notFound {
      return nil
    }
  }

  func live(_ workload: ObjectReference) async throws -> DocumentValue {
    guard let live = try await find(try kindAndName(workload).name) else {
      throw BulkheadError(
        .badInput, "the cluster has no \(workload)", cure: "plan anew for what the cluster has: bulkhead plan --kube")
    }
    return live
  }

  func view() async throws -> ClusterView {
    var view = ClusterView(pods: [], services: [])
    if let enrolment = settings.enrolment { view.hasProxy = { enrolment.lacks($0) == nil } }
    for namespace in namespaces {
      // Probes may have a workload's labels, and are no pods of its.
      view.pods += try await client.list(.pods, namespace: namespace).items
        .filter { $0[path: "metadata", "labels"]?[ProbePod.label] == nil }
    }
    return view
  }

  /// Derived once: the fleet of a run stays what it was.
  private lazy var documentWithoutFaults = MeshDocument(fleet, settings.derivation)

  func document() -> MeshDocument {
    var document = documentWithoutFaults
    (document.delays, document.cuts) = (delays, cuts)
    document.namespaces = namespaceUIDs.isEmpty ? nil : namespaceUIDs
    return document
  }

  // MARK: - Waiting

  /// Looks again and again until `done` gives something.
  func waited<Value: Sendable>(
    _ what: String, for limit: Duration? = nil, _ done: () async throws -> Value?
  ) async throws -> Value {
    let deadline = ContinuousClock.now + (limit ?? settings.patience)
    while true {
      if mayEnd { try settings.checkpoint() }
      if let value = try await done() { return value }
      guard ContinuousClock.now < deadline else {
        throw BulkheadError(
          .targetUnreachable, "\(what) did not come about within \(limit ?? settings.patience)",
          cure: "see kubectl describe; the cluster may lack room, or an image may not be had")
      }
      try await Task.sleep(for: settings.pace)
    }
  }
}
