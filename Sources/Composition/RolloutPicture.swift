import Diagnostics
import FleetModel
import KubernetesAPI
import KubernetesTarget
import Synchronization

/// The latest state of all `Rollout` objects.
final class RolloutPicture: Sendable {
  struct Entry: Sendable {
    var order: RolloutOrder
    var status: RolloutStatus
    /// Of the plan; nil where it cannot be read.
    var digest: String?

    var need: RolloutNeed { RolloutNeed.of(order, status, digest: digest) }
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var isListed = false
  }
  private let state = Mutex(State())

  var isListed: Bool { state.withLock(\.isListed) }

  func take(_ change: ClusterChange) {
    switch change {
    case .listed(let all):
      let entries = all.map { entry($0) }
      state.withLock { state in
        state.isListed = true
        let known = state.entries
        state.entries = [:]
        for new in entries {
          let uid = new.order.uid
          state.entries[uid] = known[uid].flatMap { $0.order.isNewer(than: new.order) ? $0 : nil } ?? new
        }
      }
    case .changed(let object): take(object)
    case .deleted(let object):
      let uid = RolloutOrder(object).uid
      state.withLock { $0.entries[uid] = nil }
    }
  }

  /// An object that was read or written just now; one that is older than what is known is passed over.
  func take(_ object: DocumentValue) {
    let new = entry(object)
    state.withLock { state in
      if let old = state.entries[new.order.uid], old.order.isNewer(than: new.order) { return }
      // What nobody holds any more goes at once.
      let isGone = new.order.isDeleting && new.order.finalizers.isEmpty
      state.entries[new.order.uid] = isGone ? nil : new
    }
  }

  private func entry(_ object: DocumentValue) -> Entry {
    var order = RolloutOrder(object)
    let status = RolloutStatus(of: object)
    // Plans are long, and most changes are not theirs.
    let known = state.withLock { $0.entries[order.uid] }
    if let known, known.order.plan == order.plan, let digest = known.digest {
      return Entry(order: order, status: status, digest: digest)
    }
    guard order.problem == nil else { return Entry(order: order, status: status, digest: nil) }
    do {
      let plan = try ClusterRun.plan(Array(order.plan.utf8), name: "spec.plan")
      return Entry(order: order, status: status, digest: ClusterRun.digest(of: plan))
    } catch let error as BulkheadError {
      order.problem = "spec.plan: \(error.message)"
    } catch {
      order.problem = "spec.plan cannot be read"
    }
    return Entry(order: order, status: status, digest: nil)
  }

  func entry(uid: String) -> Entry? { state.withLock { $0.entries[uid] } }

  /// What needs something done, the oldest first.
  func due(except resting: Set<String>) -> Entry? {
    let all = state.withLock { Array($0.entries.values) }
    return all.filter { $0.need != .nothing && !resting.contains($0.order.uid) }
      .min { ($0.order.created, $0.order.name) < ($1.order.created, $1.order.name) }
  }

  /// How many there are in each phase.
  var phases: [(phase: RolloutStatus.Phase, count: Int)] {
    let all = state.withLock { $0.entries.values.map(\.status.phase) }
    return RolloutStatus.Phase.allCases.map { phase in (phase, all.count { $0 == phase }) }
  }
}
