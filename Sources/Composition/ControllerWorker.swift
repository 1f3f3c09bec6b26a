import Diagnostics
import FleetModel
import Foundation
import Intake
import KubernetesAPI
import KubernetesTarget
import Planning
import Rollout
import Synchronization

/// Does what `Rollout` objects need, as long as this program leads.
final class ControllerWorker: Sendable {
  private let settings: ClusterController
  private let client: KubernetesClient
  private let picture: RolloutPicture
  private let metrics: ControllerMetrics
  private let lease: RolloutLease
  private let say: @Sendable (String) -> Void
  private let wake: @Sendable () -> Void
  private let rests = Mutex<[String: Rest]>([:])

  /// After a failure an object is left alone for a while, ever longer; a changed one is looked at at once.
  private struct Rest {
    var until: ContinuousClock.Instant
    var seconds: Int
    var generation: Int
  }

  /// - Parameter wake: has `work` look again.
  init(
    _ settings: ClusterController, _ client: KubernetesClient, _ picture: RolloutPicture, _ metrics: ControllerMetrics,
    say: @escaping @Sendable (String) -> Void, wake: @escaping @Sendable () -> Void
  ) {
    (self.settings, self.client, self.picture, self.metrics) = (settings, client, picture, metrics)
    (self.say, self.wake) = (say, wake)
    lease = RolloutLease(client, holder: settings.identity, seconds: settings.leaseSeconds, say: say)
  }

  /// - Throws: when the lease is lost, or the API server is away for too long.
  func work(_ changes: AsyncStream<Void>) async throws {
    for await _ in changes {
      guard picture.due(except: resting()) != nil else { continue }
      try await lease.with(waiting: true) { [self] in
        metrics.leads(true)
        defer { metrics.leads(false) }
        while let entry = picture.due(except: resting()) { try await serve(entry) }
      }
    }
    try Task.checkCancellation()
  }

  // MARK: - One rollout

  private func serve(_ entry: RolloutPicture.Entry) async throws {
    let reporter = ControllerReporter(
      client, entry, picture: picture, metrics: metrics, lease: lease, identity: settings.identity, say: say)
    do {
      let need = try await need(entry)
      say("\(entry.order.name): \(need)")
      switch need {
      case .nothing: break
      case .reject(let problem): await reporter.rejects(problem)
      case .forget: try await setFinalizers(entry.order.finalizers.filter { $0 != RolloutDefinition.finalizer }, entry)
      case .run: try await run(entry, reporter)
      case .undo:
        await reporter.undoes()
        let left = try await rollout(entry, reporter).undo(client, lease)
        // What is all back has said so itself, unless it had never begun.
        if !left.isEmpty { await reporter.undid(left: left) }
      }
      // What could not be written down would be done again at once.
      if let now = picture.entry(uid: entry.order.uid), now.need == entry.need { rest(entry) }
    } catch {
      try Task.checkCancellation()
      // Without the lease nothing more is done, or said.
      try lease.requireEpoch()
      await failed(entry, reporter, (error as? APIFailure)?.error ?? error)
    }
  }

  /// A status can be lost; what a run left in the cluster is not forgotten with it.
  private func need(_ entry: RolloutPicture.Entry) async throws -> RolloutNeed {
    guard entry.need == .forget, entry.order.onDeletion == .undo, entry.status.phase != .undone else {
      return entry.need
    }
    return try await texts(entry).read("fleet") == nil ? .forget : .undo
  }

  private func texts(_ entry: RolloutPicture.Entry) -> ClusterTexts {
    ClusterTexts(client, RolloutOwner(name: entry.order.name, uid: entry.order.uid))
  }

  private func run(_ entry: RolloutPicture.Entry, _ reporter: ControllerReporter) async throws {
    if !entry.order.isHeld, !entry.order.isDeleting {
      try await setFinalizers(entry.order.finalizers + [RolloutDefinition.finalizer], entry)
    }
    let run = try await rollout(entry, reporter)
    let history = try await run.home.withJournal { try RunHistory(try await $0.records()) }
    try await reporter.begins(run.plan, digest: run.planDigest, history: history)
    let code = try await withThrowingTaskGroup(of: ExitCode?.self) { group in
      group.addTask { [client, lease] in
        try await run.run(client, lease, RolloutWatchers(observer: reporter))
      }
      group.addTask { [picture] in
        while picture.entry(uid: entry.order.uid)?.order.isAborted == false {
          try await Task.sleep(for: .milliseconds(200))
        }
        await reporter.abortHeard()
        return nil
      }
      defer { group.cancelAll() }
      while let code = try await group.next() {
        if let code { return code }
      }
      throw CancellationError()
    }
    await reporter.ends(code)
  }

  private func failed(
    _ entry: RolloutPicture.Entry, _ reporter: ControllerReporter, _ error: any Error
  ) async {
    let error = error as? BulkheadError ?? BulkheadError(.unexpected, "\(error)")
    say("\(entry.order.name): \(error)")
    metrics.runStopped()
    guard error.exit != .journalDamaged, await mayGoOn(entry, after: error) else {
      return await reporter.ends(error.exit, "\(error.message); \(error.cure)")
    }
    await reporter.stalls(error)
    rest(entry)
  }

  /// What has begun is gone on with: its journal knows what is under way. What has not is only tried again where that
  /// may help.
  private func mayGoOn(_ entry: RolloutPicture.Entry, after error: BulkheadError) async -> Bool {
    if [.targetUnreachable, .tryAgain, .unexpected].contains(error.exit) { return true }
    do {
      return try await texts(entry).read("fleet") != nil
    } catch {
      return true
    }
  }

  private func rollout(_ entry: RolloutPicture.Entry, _ reporter: ControllerReporter) async throws -> ClusterRun {
    let order = entry.order
    let begun = try await ControllerHome.beginning(texts(entry))
    let options = begun?.options ?? options(order)
    let plan = try ClusterRun.plan(Array((begun?.plan ?? order.plan).utf8), name: "spec.plan")
    let home = ControllerHome(
      client: client, owner: RolloutOwner(name: order.name, uid: order.uid), picture: picture, reporter: reporter,
      plan: PlanText(plan).text, options: options)
    let (say, name) = (say, order.name)
    return ClusterRun(home: home, plan: plan, options: options, say: { say("\(name): \($0)") })
  }

  private func options(_ order: RolloutOrder) -> ClusterRolloutOptions {
    var options = ClusterRolloutOptions()
    options.image = order.image.isEmpty ? settings.image : order.image
    options.envoyImage = order.envoyImage.isEmpty ? settings.envoyImage : order.envoyImage
    options.standinImage = order.standinImage ?? settings.standinImage
    (options.sidecarMilliCPU, options.sidecarBytes) = (order.sidecarMilliCPU, order.sidecarBytes)
    (options.limits.tolerance, options.limits.alpha, options.limits.beta) = (order.tolerance, order.alpha, order.beta)
    options.limits.deadline.seconds = order.deadlineSeconds
    (options.trials, options.approval) = (order.runsTrials, order.approvesWaves)
    (options.meshRevision, options.meshNamespace) = (order.meshRevision, order.meshNamespace)
    options.onFailure = order.freezes ? .freeze : .rollBack
    return options
  }

  private func setFinalizers(_ finalizers: [String], _ entry: RolloutPicture.Entry) async throws {
    let order = entry.order
    let patch = DocumentValue.mapping([
      .init("metadata", .mapping([.init("finalizers", .list(finalizers.map { .string($0) }))]))
    ])
    let live = try await client.patch(
      RolloutDefinition.name(order.name), with: patch,
      precondition: Precondition(uid: order.uid, resourceVersion: order.resourceVersion))
    picture.take(live)
  }

  // MARK: - Rests

  private func resting() -> Set<String> {
    let now = ContinuousClock.now
    return rests.withLock { rests in
      rests = rests.filter { uid, _ in picture.entry(uid: uid) != nil }
      let resting = rests.filter { uid, rest in
        now < rest.until && picture.entry(uid: uid)?.order.generation == rest.generation
      }
      return Set(resting.keys)
    }
  }

  private func rest(_ entry: RolloutPicture.Entry) {
    let generation = picture.entry(uid: entry.order.uid)?.order.generation ?? entry.order.generation
    let seconds = rests.withLock { rests in
      let last = rests[entry.order.uid]
      let seconds = last?.generation == generation ? min(300, (last?.seconds ?? 2) * 2) : 5
      rests[entry.order.uid] = Rest(until: .now + .seconds(seconds), seconds: seconds, generation: generation)
      return seconds
    }
    let wake = wake
    Task {
      try? await Task.sleep(for: .seconds(seconds))
      wake()
    }
  }
}
