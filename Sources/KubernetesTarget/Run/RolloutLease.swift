import Diagnostics
import FleetModel
import Foundation
package import KubernetesAPI
import Synchronization

/// Keeps two rollouts from one cluster: whoever has the lease writes, and every write carries how often it has changed
/// hands.
///
/// Clocks are not trusted to agree: another's lease has run out once it was seen unchanged for its length.
package final class RolloutLease: Sendable {
  private struct State {
    var epoch: Int?
    /// Until when the lease is ours for sure, on this program's clock.
    var goodUntil: ContinuousClock.Instant?
  }

  /// What of a lease changes with every renewal.
  private struct Sighting: Equatable {
    var holder: String
    var renewed: String
    var transitions: Int
    var seconds: Int

    init(_ live: DocumentValue) {
      holder = live[path: "spec", "holderIdentity"]?.string ?? ""
      renewed = live[path: "spec", "renewTime"]?.string ?? ""
      transitions = live[path: "spec", "leaseTransitions"]?.integer ?? 0
      seconds = min(max(live[path: "spec", "leaseDurationSeconds"]?.integer ?? 30, 1), 3_600)
    }
  }

  package static let name = ObjectName(.leases, namespace: ClusterNames.namespace, name: ClusterNames.lease)

  private let client: KubernetesClient
  private let holder: String
  private let seconds: Int
  private let say: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// For how long it is held without being renewed, unless said otherwise.
  package static let seconds = 30

  /// - Parameters:
  ///   - holder: who this is; a run that goes on under the same name takes its own lease back at once.
  ///   - seconds: for how long it is held without being renewed.
  ///   - say: tells what is waited for.
  package init(
    _ client: KubernetesClient, holder: String, seconds: Int = RolloutLease.seconds,
    say: @escaping @Sendable (String) -> Void
  ) {
    (self.client, self.holder, self.seconds, self.say) = (client, holder, seconds, say)
  }

  /// Between two renewals.
  private var renewal: Duration { .milliseconds(seconds * 1_000 / 6) }
  /// The time that each has. Two that are lost leave a tenth of the lease for a third, before the margin begins.
  private var renewalLimit: Duration { .milliseconds(seconds * 1_000 / 6) }
  /// Before one that failed is tried again.
  private var renewalRetry: Duration { .milliseconds(seconds * 1_000 / 30) }
  /// A write that was begun must be over before somebody else's begin.
  private var margin: Duration { .milliseconds(seconds * 1_000 / 3) }

  /// - Throws: `BulkheadError(.tryAgain)` when the lease is not, or no longer, ours for sure.
  @discardableResult
  package func requireEpoch() throws -> Int {
    let state = state.withLock { $0 }
    guard let epoch = state.epoch, let until = state.goodUntil, ContinuousClock.now + margin < until else {
      throw BulkheadError(
        .tryAgain, "the lease \(ClusterNames.lease) was lost", cure: "see who has it, and go on with rollout resume")
    }
    return epoch
  }

  /// Takes the lease, and keeps it while `body` runs. A lease that is lost cancels `body`. Within a `with`, another one
  /// is part of it.
  ///
  /// - Parameter waiting: for as long as others have it; without it, one that is renewed is an error.
  package func with<Value: Sendable>(
    waiting: Bool = false, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    guard state.withLock({ $0.epoch }) == nil else { return try await body() }
    try await acquire(waiting: waiting)
    client.fenceWrites { try self.requireEpoch() }
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await self.keep()
        return nil
      }
      defer { group.cancelAll() }
      do {
        while let value = try await group.next() {
          if let value {
            // A renewal under way would collide with giving it back.
            group.cancelAll()
            try? await group.waitForAll()
            await Task { await self.release() }.value
            return value
          }
        }
      } catch {
        group.cancelAll()
        try? await group.waitForAll()
        await Task { await self.release() }.value
        throw error
      }
      throw CancellationError()
    }
  }

  /// Looks until the lease is free, or was not renewed for its length.
  private func acquire(waiting: Bool) async throws {
    var last: (sighting: Sighting, since: ContinuousClock.Instant)?
    while true {
      let before = ContinuousClock.now
      guard let live = try await find() else {
        if try await take(over: nil, at: before) { return }
        continue
      }
      let sighting = Sighting(live)
      if sighting.holder.isEmpty || sighting.holder == holder {
        if try await take(over: live, at: before) { return }
        continue
      }
      if !waiting, !Self.looksOver(sighting) { throw Self.taken(sighting) }
      if let last, last.sighting == sighting {
        if ContinuousClock.now - last.since >= .seconds(sighting.seconds), try await take(over: live, at: before) {
          return
        }
      } else {
        if last != nil, !waiting { throw Self.taken(sighting) }
        if last?.sighting.holder != sighting.holder {
          say(
            "\(sighting.holder.safeForTerminal) has the lease; it is taken over after \(sighting.seconds) s of silence")
        }
        last = (sighting, before)
      }
      try await Task.sleep(for: .seconds(1))
    }
  }

  private func find() async throws -> DocumentValue? {
    do {
      return try await client.get(Self.name)
    } catch let failure as APIFailure where failure.kind == .notFound {
      return nil
    }
  }

  /// - Returns: false where somebody else was quicker.
  private func take(over live: DocumentValue?, at before: ContinuousClock.Instant) async throws -> Bool {
    let epoch = live.map { ($0[path: "spec", "leaseTransitions"]?.integer ?? 0) + 1 } ?? 0
    do {
      if let live {
        _ = try await client.patch(Self.name, with: object(transitions: epoch), precondition: Precondition(of: live))
      } else {
        let nonce = "\(holder)-\(UInt32.random(in: 0 ... .max))"
        _ = try await client.create(object(transitions: 0), as: Self.name, request: nonce)
      }
    } catch let failure as APIFailure where failure.kind == .conflict {
      return false
    }
    state.withLock { $0 = State(epoch: epoch, goodUntil: before + .seconds(seconds)) }
    return true
  }

  /// By the clocks of both, which may differ: a reason to look longer, and none to take it.
  private static func looksOver(_ sighting: Sighting) -> Bool {
    (moment(sighting.renewed) ?? .distantPast) + TimeInterval(sighting.seconds) <= Date()
  }

  private static func taken(_ sighting: Sighting) -> BulkheadError {
    BulkheadError(
      .tryAgain, "another rollout has the lease: \(sighting.holder.safeForTerminal)",
      cure: "wait for it to end (one that was killed gives the lease up after \(sighting.seconds) s), and go on with "
        + "'bulkhead rollout resume'")
  }

  private func keep() async throws {
    var pause = renewal
    while true {
      try await Task.sleep(for: pause)
      do {
        // A kubeconfig's program may take longer than an answer of the server.
        try await client.renewCredential()
        try await withDeadline(renewalLimit) { try await self.renew() }
        pause = renewal
      } catch {
        try Task.checkCancellation()
        // One that cannot be renewed is still ours until it runs out.
        do { try requireEpoch() } catch let lost { throw error is LateError ? lost : error }
        pause = renewalRetry
      }
    }
  }

  private func renew() async throws {
    let before = ContinuousClock.now
    let live = try await client.get(Self.name)
    let epoch = try requireEpoch()
    guard live[path: "spec", "holderIdentity"]?.string == holder,
      live[path: "spec", "leaseTransitions"]?.integer == epoch
    else {
      state.withLock { $0 = State() }
      throw BulkheadError(
        .tryAgain, "another rollout took the lease \(ClusterNames.lease)", cure: "see which one is to go on")
    }
    _ = try await client.patch(Self.name, with: object(transitions: epoch), precondition: Precondition(of: live))
    state.withLock { $0.goodUntil = before + .seconds(seconds) }
  }

  private func release() async {
    guard let epoch = state.withLock({ $0.epoch }) else { return }
    defer { state.withLock { $0 = State() } }
    guard let live = try? await client.get(Self.name), live[path: "spec", "holderIdentity"]?.string == holder else {
      return
    }
    let empty = object(transitions: epoch).setting(["spec", "holderIdentity"], to: .string(""))
    _ = try? await client.patch(Self.name, with: empty, precondition: Precondition(of: live))
  }

  private func object(transitions: Int) -> DocumentValue {
    .map([
      "apiVersion": .string("coordination.k8s.io/v1"), "kind": .string("Lease"),
      "metadata": .map([
        "name": .string(ClusterNames.lease), "namespace": .string(ClusterNames.namespace),
      ]),
      "spec": .map([
        "holderIdentity": .string(holder), "leaseDurationSeconds": .integer(seconds),
        "leaseTransitions": .integer(transitions), "renewTime": .string(Self.text(Date())),
      ]),
    ])
  }

  /// Kubernetes' MicroTime.
  static func text(_ date: Date) -> String {
    let whole = Int64((date.timeIntervalSince1970 * 1_000_000).rounded(.down))
    let seconds = Date(timeIntervalSince1970: TimeInterval(whole / 1_000_000))
    let micro = String(whole % 1_000_000)
    let text = seconds.formatted(.iso8601).dropLast()
    return "\(text).\(String(repeating: "0", count: 6 - micro.count))\(micro)Z"
  }

  static func moment(_ text: String) -> Date? {
    let parts = text.split(separator: ".", maxSplits: 1)
    guard let first = parts.first else { return nil }
    let whole = first.hasSuffix("Z") ? String(first) : String(first) + "Z"
    return try? Date(whole, strategy: .iso8601)
  }
}
