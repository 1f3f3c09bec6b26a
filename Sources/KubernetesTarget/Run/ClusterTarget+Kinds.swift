import Diagnostics
import FleetModel
import KubernetesAPI
import Planning

/// Canaries where each kind of workload has them: beside it, or among its own pods.
extension ClusterTarget {
  func kindAndName(_ id: ObjectReference) throws -> (kind: any WorkloadKind, name: ObjectName) {
    guard let kind = WorkloadKinds.of(id) else {
      throw BulkheadError(
        .badInput, "\(id) is no Deployment, StatefulSet or DaemonSet, and nobody would make its pods anew",
        cure: "exclude it in the requirements of the plan")
    }
    return (kind, ObjectName(kind.resource, namespace: id.namespace, name: id.name))
  }

  static func canary(_ workload: ObjectReference) -> ObjectName {
    ObjectName(.deployments, namespace: workload.namespace, name: ClusterNames.canary(of: workload.name))
  }

  /// A workload that is half-way between two templates of its owner's cannot be told from one in a wave.
  func refuseHalfWay(_ id: ObjectReference) async throws {
    let (kind, name) = try kindAndName(id)
    guard !kind.hasCanaryBeside, let live = try await find(name), try HeldStrategy(of: live) == nil,
      live[path: "spec", "template", "metadata", "labels"]?[ClusterNames.revision] == nil
    else { return }
    let progress = kind.progress(live)
    let isHeld =
      kind.exchangesByDeletion(live)
      || live[path: "spec", "updateStrategy", "rollingUpdate"]?["partition"]?
        .integer ?? 0 > 0
    guard isHeld, progress.isObserved, progress.updated < progress.wanted, try await !hasPodsOfWaves(live) else {
      return
    }
    throw BulkheadError(
      .configuration,
      "\(id) is half-way through a change of its owner's: \(progress.updated) of \(progress.wanted) "
        + "pods have its present template", cure: "bring it to its end (kubectl rollout status), then begin anew")
  }

  private func hasPodsOfWaves(_ live: DocumentValue) async throws -> Bool {
    try await pods(of: live).contains { $0.revision != nil }
  }

  /// The pods that a workload's controller has made.
  func pods(of live: DocumentValue) async throws -> [OwnPod] {
    guard let owner = live[path: "metadata", "uid"]?.string else { return [] }
    let all = try await client.list(.pods, namespace: live[path: "metadata", "namespace"]?.string).items
    return all.compactMap { OwnPod($0, of: owner) }
  }

  func placeCanary(_ id: ObjectReference, _ wave: Wave, _ percent: Int) async throws {
    let live = try await live(id)
    let template = try await template(id, wave)
    let (kind, _) = try kindAndName(id)
    try await checkSelectors(id, live, template, isBeside: kind.hasCanaryBeside)
    guard kind.hasCanaryBeside else {
      let pods = kind.progress(live).wanted
      if pods == 1, said.insert("\(id): one pod").inserted {
        settings.say("\(id) has one pod and no canary: it is changed as a whole, judged, and put back if it is worse")
      }
      // Before the template: its pods would be exchanged at once.
      try await hold(id, canaries: kind.canaries(percent, of: pods))
      return try await change(id, wave)
    }
    let replicas = max(1, live[path: "spec", "replicas"]?.integer ?? 1)
    // As near as numbers of pods come to the share, and never more than the workload itself has.
    let wanted = min(replicas, max(1, (percent * replicas + (100 - percent) / 2) / max(1, 100 - percent)))
    let canary = CanaryDeployment(
      live: live, template: template, replicas: wanted,
      annotations: try annotations(step: "wave-\(wave.index + 1)/canary"))
    _ = try await client.apply(canary.object, to: Self.canary(id))
  }

  func waitForCanary(_ id: ObjectReference, _ percent: Int) async throws {
    let (kind, name) = try kindAndName(id)
    guard !kind.hasCanaryBeside else { return try await waitForRollout(Self.canary(id)) }
    let pods = kind.progress(try await live(id)).wanted
    try await waitForRollout(name, kind, count: kind.canaries(percent, of: pods))
  }

  func waitForWorkload(_ id: ObjectReference) async throws {
    let (kind, name) = try kindAndName(id)
    try await waitForRollout(name, kind)
  }

  /// What a wave needed for its canary, and nobody else does.
  func removeCanary(_ id: ObjectReference) async throws {
    guard try kindAndName(id).kind.hasCanaryBeside else {
      return try await rewrite(id) { try HeldStrategy.releasing($0, $1) }
    }
    try await remove(Self.canary(id))
  }

  /// Its pods go after it, and the next wave's canary has its name.
  func waitForCanaryToGo(_ id: ObjectReference) async throws {
    guard try kindAndName(id).kind.hasCanaryBeside else { return }
    let name = Self.canary(id)
    _ = try await waited("the end of the canary of \(id)") { () -> Bool? in
      guard try await find(name) == nil else { return nil }
      let pods = try await view().seen(document()).filter { $0.workload == id && $0.isCanary && !$0.isLeaving }
      return pods.isEmpty ? true : nil
    }
  }

  /// Lets so many pods of a workload, and no more, take a new template; nil for all of them.
  func hold(_ id: ObjectReference, canaries: Int?) async throws {
    try await rewrite(id) { try HeldStrategy.holding($0, $1, canaries: canaries) }
  }

  /// Lets all pods of a workload go back.
  func open(_ id: ObjectReference) async throws { try await rewrite(id) { try HeldStrategy.opening($0, $1) } }

  /// Patches a workload that is still as it was read, and reads it again where it is not: its status changes often.
  private func rewrite(
    _ id: ObjectReference, _ patch: (DocumentValue, any WorkloadKind) throws -> DocumentValue?
  ) async throws {
    let (kind, name) = try kindAndName(id)
    _ = try await waited("a quiet moment of \(id)", for: .seconds(30)) { () -> Bool? in
      guard let live = try await find(name), let patch = try patch(live, kind) else { return true }
      _ = try lease.requireEpoch()
      do {
        _ = try await client.patch(name, with: patch, precondition: Precondition(of: live))
        return true
      } catch let failure as APIFailure where failure.kind == .conflict {
        return nil
      }
    }
  }
}
