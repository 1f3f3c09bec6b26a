import Diagnostics
import FleetModel
import Foundation
package import KubernetesAPI
import Synchronization

/// Keeps two rollouts from one cluster: whoever has the lease writes, and every write carries how often it has changed
/// hands.
package final class RolloutLease: Sendable {
  private struct State {
    var epoch: Int?
    /// Until when the lease is ours for sure, on this program's clock.
    var goodUntil: ContinuousClock.Instant?
  }

  package static let seconds = 30
  /// Between two renewals.
  private static let renewal = Duration.seconds(8)

  private let client: KubernetesClient
  private let holder: String
  private let state = Mutex(State())
  private static let name = ObjectName(.leases, namespace: ClusterNames.namespace, name: ClusterNames.lease)

  /// - Parameter holder: who this is; a run that goes on under the same name takes its own lease back at once.
  package init(_ client: KubernetesClient, holder: String) { (self.client, self.holder) = (client, holder) }

  /// - Throws: `BulkheadError(.tryAgain)` when the lease is not, or no longer, ours for sure.
  func requireEpoch() throws -> Int {
    let state = state.withLock { $0 }
    guard let epoch = state.epoch, let until = state.goodUntil, ContinuousClock.now < until else {
      throw BulkheadError(
        .tryAgain, "the lease \(ClusterNames.lease) was lost", cure: "see who has it, and go on with rollout resume")
    }
    return epoch
  }

  /// Takes the lease, and keeps it while `body` runs. A lease that is lost cancels `body`.
  package func with<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await acquire()
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
            await Task { await self.release() }.value
            return value
          }
        }
      } catch {
        group.cancelAll()
        await Task { await self.release() }.value
        throw error
      }
      throw CancellationError()
    }
  }

  private func acquire() async throws {
    let before = ContinuousClock.now
    let live: DocumentValue?
    do {
      live = try await client.get(Self.name)
    } catch let failure as APIFailure where failure.kind == .notFound {
      live = nil
    }
    guard let live else {
      let object = object(transitions: 0)
      let nonce = "\(holder)-\(UInt32.random(in: 0 ... .max))"
      _ = try await client.create(object, as: Self.name, request: nonce)
      return state.withLock { $0 = State(epoch: 0, goodUntil: before + .seconds(Self.seconds)) }
    }
    let other = live[path: "spec", "holderIdentity"]?.string ?? ""
    let renewed = live[path: "spec", "renewTime"]?.string.flatMap(Self.moment) ?? .distantPast
    let lasts = TimeInterval(live[path: "spec", "leaseDurationSeconds"]?.integer ?? Self.seconds)
    if !other.isEmpty, other != holder, renewed + lasts > Date() {
      throw BulkheadError(
        .tryAgain, "another rollout has the lease: \(other.safeForTerminal)",
        cure: "wait for it to end; a run that was killed gives it up after \(Int(lasts)) s")
    }
    let epoch = (live[path: "spec", "leaseTransitions"]?.integer ?? 0) + 1
    _ = try await client.patch(Self.name, with: object(transitions: epoch), precondition: Precondition(of: live))
    state.withLock { $0 = State(epoch: epoch, goodUntil: before + .seconds(Self.seconds)) }
  }

  private func keep() async throws {
    while true {
      try await Task.sleep(for: Self.renewal)
      let before = ContinuousClock.now
      do {
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
        state.withLock { $0.goodUntil = before + .seconds(Self.seconds) }
      } catch let failure as APIFailure {
        // One that cannot be renewed is still ours until it runs out.
        if (try? requireEpoch()) == nil { throw failure }
      }
    }
  }

  private func release() async {
    guard let epoch = state.withLock({ $0.epoch }) else { return }
    state.withLock { $0 = State() }
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
        "holderIdentity": .string(holder), "leaseDurationSeconds": .integer(Self.seconds),
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
