import Diagnostics
import FleetModel
import KubernetesAPI

/// Waiting for pods, and exchanging them where no controller does.
extension ClusterTarget {
  /// Waits until a workload's pods are those of its present template, and serve. Pods that cannot come are not waited
  /// for to the end, and one that somebody deletes is not waited for at all.
  /// - Parameter count: of pods that are to have the template; nil for all of them.
  func waitForRollout(
    _ name: ObjectName, _ kind: any WorkloadKind = DeploymentKind(), count: Int? = nil
  ) async throws {
    var hopelessSince: ContinuousClock.Instant?
    var best = -1
    var isDone = false
    do {
      // Pods come one by one where they have names: patience is for the next of them, not for all.
      while !isDone {
        isDone = try await waited("the rollout of \(name)") { () -> Bool? in
          guard let live = try await find(name) else {
            throw BulkheadError(
              .targetUnreachable, "\(name) was deleted meanwhile", cure: "see who deleted it; plan anew without it")
          }
          let progress = kind.progress(live)
          if progress.isDone(count) { return true }
          try await exchange(live, kind, count)
          if progress.updated + progress.serving > best {
            best = progress.updated + progress.serving
            return false
          }
          guard let trouble = try await trouble(live), trouble.isHopeless else {
            hopelessSince = nil
            return nil
          }
          let since = hopelessSince ?? .now
          hopelessSince = since
          guard ContinuousClock.now - since > settings.hope else { return nil }
          throw BulkheadError(
            .targetUnreachable, "the pods of \(name) do not come", cure: "see kubectl describe, and their logs")
        }
      }
    } catch let error as BulkheadError {
      guard let live = try? await find(name), let text = try? await trouble(live)?.text else { throw error }
      throw BulkheadError(error.exit, error.message + text, cure: error.cure)
    }
  }

  /// Deletes the next pod that nobody else would exchange, once the one before serves.
  private func exchange(_ live: DocumentValue, _ kind: any WorkloadKind, _ count: Int?) async throws {
    let progress = kind.progress(live)
    guard !kind.hasCanaryBeside, progress.isObserved else { return }
    let next = PodExchange.next(
      try await pods(of: live), kind,
      revision: live[path: "spec", "template", "metadata", "labels"]?[ClusterNames.revision]?.string,
      wanted: progress.wanted, count: count, brokenOnly: !kind.exchangesByDeletion(live))
    guard let next else { return }
    _ = try lease.requireEpoch()
    _ = try await client.delete(
      ObjectName(.pods, namespace: live[path: "metadata", "namespace"]?.string, name: next.name),
      precondition: Precondition(uid: next.uid))
  }

  /// Why pods do not come, in the words of the scheduler and the kubelet.
  private func trouble(_ live: DocumentValue) async throws -> PodTrouble? {
    guard let selector = live[path: "spec", "selector"]?.labelSelector else { return nil }
    let pods = try await client.list(.pods, namespace: live[path: "metadata", "namespace"]?.string).items
    return pods.lazy.filter { selector.matches($0[path: "metadata", "labels"]?.stringMap ?? [:]) }
      .compactMap { PodTrouble(of: $0) }.first
  }
}
