import Diagnostics
import FleetModel
import Foundation
import KubernetesAPI
import KubernetesTarget
import Planning
import Rollout
import Trials

/// Writes what becomes of one rollout into its object's status, as events and into the metrics.
///
/// A status that cannot be written holds nothing up: the journal is the truth, and the next write has it all.
actor ControllerReporter: RolloutObserver {
  private let client: KubernetesClient
  private let owner: RolloutOwner
  private let events: RolloutEvents
  private let picture: RolloutPicture
  private let metrics: ControllerMetrics
  private let lease: RolloutLease
  private let say: @Sendable (String) -> Void
  private(set) var status: RolloutStatus
  private var written: RolloutStatus
  private var isWriting = false
  private var journal: ClusterJournal?

  init(
    _ client: KubernetesClient, _ entry: RolloutPicture.Entry, picture: RolloutPicture, metrics: ControllerMetrics,
    lease: RolloutLease, identity: String, say: @escaping @Sendable (String) -> Void
  ) {
    owner = RolloutOwner(name: entry.order.name, uid: entry.order.uid)
    events = RolloutEvents(client, owner, instance: identity)
    (self.client, self.picture, self.metrics, self.lease, self.say) = (client, picture, metrics, lease, say)
    (status, written) = (entry.status, entry.status)
  }

  // MARK: - The run as a whole

  /// Where it has its records, which the status counts.
  func follows(_ journal: ClusterJournal) { self.journal = journal }

  /// - Throws: where it cannot be written: nothing is begun that nobody would know of.
  func begins(_ plan: Plan, digest: String, history: RunHistory?) async throws {
    let ended = Dictionary((history?.waves ?? []).map { ($0.index, $0) }) { _, last in last }
    await update { status in
      status.planDigest = digest
      status.waves = RolloutStatus.waves(of: plan, ended)
      if status.phase != .frozen { status.phase = .running }
      status.message = history?.header == nil ? "begins" : "goes on from its journal"
    }
    guard status == written else {
      throw BulkheadError(.tryAgain, "the status cannot be written", cure: "it is tried again")
    }
    await events.tell(.normal, history?.header == nil ? "Begun" : "Resumed", "by the plan \(digest.prefix(12))")
  }

  func abortHeard() async {
    guard !status.conditions.contains(where: { $0.type == "Aborting" && $0.status == "True" }) else { return }
    await update { [generation] status in
      status.set(
        "Aborting", "True", "AsAsked", "the present wave is put back", generation: generation, now: Date())
    }
    await events.tell(.normal, "AbortHeard", "the present wave is put back")
  }

  func ends(_ code: ExitCode, _ message: String = "") async {
    let phase: RolloutStatus.Phase =
      switch code {
      case .ok: .promoted
      case .gateFailed, .probeEscaped: .rolledBack
      default: .failed
      }
    await update { status in
      (status.phase, status.exitCode) = (phase, Int(code.rawValue))
      // A run that found everything done has no waves to tell of.
      if phase == .promoted { for index in status.waves.indices { status.waves[index].result = "promoted" } }
      let reason = status.waves.first { $0.result == "rolledBack" || $0.result == "failed" }?.reason ?? ""
      status.message = message.isEmpty ? (phase == .promoted ? "every wave passed" : reason) : message
    }
    metrics.runEnded(phase)
    await events.tell(phase == .promoted ? .normal : .warning, phase.rawValue, status.message)
  }

  /// What is under way stopped before its end, and will be taken up again.
  func stalls(_ error: BulkheadError) async {
    let message = "stopped, and is tried again: \(error.message)"
    guard status.message != RolloutStatus.message(message) else { return }
    await update { $0.message = message }
    await events.tell(.warning, "Stalled", message)
  }

  func rejects(_ problem: String) async {
    await update { status in
      if status.phase == .pending { status.phase = .invalid }
      status.message = problem
    }
    await events.tell(.warning, "Invalid", problem)
  }

  func undoes() async {
    await update { $0.phase = .undoing }
    await events.tell(.normal, "Undoing", "every wave is put back, the last one first")
  }

  func undid(left: [String]) async {
    await update { status in
      status.phase = left.isEmpty ? .undone : .failed
      status.message = left.isEmpty ? "all is back" : "not put back: " + left.joined(separator: "; ")
      if !left.isEmpty { status.exitCode = Int(ExitCode.rollbackIncomplete.rawValue) }
      for index in status.waves.indices where left.isEmpty { status.waves[index].result = "undone" }
    }
    await events.tell(left.isEmpty ? .normal : .warning, left.isEmpty ? "Undone" : "UndoIncomplete", status.message)
  }

  func froze() async { await update { $0.phase = .frozen } }

  // MARK: - As it goes

  func observe(_ progress: RolloutProgress) async {
    switch progress {
    case .preparing: await goOn("preparing the cluster")
    case .waveStarted(let wave, _):
      await goOn("\(wave.name): canary") { $0.waves[guarded: wave.index]?.result = "running" }
      await events.tell(.normal, "WaveStarted", wave.name)
    case .share(let percent, _): await goOn("the canary is judged at \(percent) % of the users")
    case .shareDone(let share):
      await goOn("the canary at \(share.percent) %: \(share.verdict)")
      await events.tell(.normal, "ShareJudged", "\(share.percent) %: \(share.verdict) \(share.reason)")
    case .held(let reason): await goOn("the canary is held: \(reason)")
    case .paused: await stop(.paused, "paused; action Run goes on")
    case .awaitingTime(let wave, let start): await stop(.paused, "\(wave) waits for its time, \(start)")
    case .awaitingApproval(let wave): await stop(.awaitingApproval, "\(wave) waits for spec.approvedWaves")
    case .frozen(let wave):
      await stop(.frozen, "\(wave) failed and stays as it is; action Abort puts it back")
      await events.tell(.warning, "Frozen", status.message)
    case .promoted: await goOn("all users are on the new pods")
    case .trialStarted(let trial): await goOn("trial: \(trial.fault.title)")
    case .trialDone(let trial):
      metrics.trialEnded(trial)
      await events.tell(
        trial.result == .pass ? .normal : .warning, "TrialDone",
        "\(trial.faults.joined(separator: ", ")): \(trial.result.rawValue) \(trial.reason)")
    case .probesDone(let probes): metrics.probed(probes)
    case .undoing(let reason):
      await stop(.rollingBack, reason)
      await events.tell(.warning, "WaveFailed", reason)
    case .waveDone(let wave): await ended(wave)
    }
  }

  private func ended(_ wave: WaveRecord) async {
    metrics.waveEnded(wave.result)
    await update { status in
      status.waves[guarded: wave.index]?.result = wave.result.rawValue
      status.waves[guarded: wave.index]?.reason = RolloutStatus.reason(of: wave)
    }
    let isPromoted = wave.result == .promoted
    await events.tell(
      isPromoted ? .normal : .warning, isPromoted ? "WavePromoted" : "WaveRolledBack",
      [wave.name, wave.reason].compactMap(\.self).joined(separator: ": "))
  }

  private func goOn(_ message: String, _ change: (inout RolloutStatus) -> Void = { _ in }) async {
    await update { status in
      change(&status)
      (status.phase, status.message) = (.running, message)
    }
  }

  private func stop(_ phase: RolloutStatus.Phase, _ message: String) async {
    await update { ($0.phase, $0.message) = (phase, message) }
  }

  // MARK: - Writing

  private var generation: Int { picture.entry(uid: owner.uid)?.order.generation ?? status.observedGeneration }

  private func update(_ change: (inout RolloutStatus) -> Void) async {
    change(&status)
    status.observedGeneration = generation
    status.epoch = (try? lease.requireEpoch()) ?? status.epoch
    let promoted = status.waves.count { $0.result == "promoted" }
    status.progress = status.waves.isEmpty ? "" : "\(promoted)/\(status.waves.count)"
    status.message = RolloutStatus.message(status.message)
    status.summarise(generation: generation, now: Date())
    await write()
  }

  /// One write at a time, so that no older status lands on a newer one.
  private func write() async {
    guard !isWriting else { return }
    isWriting = true
    defer { isWriting = false }
    while status != written {
      status.journalRecords = await journal?.records().count ?? status.journalRecords
      let sent = status
      do {
        let live = try await client.patch(
          RolloutDefinition.name(owner.name), subresource: "status", with: try sent.patch,
          precondition: Precondition(uid: owner.uid))
        picture.take(live)
        written = sent
        metrics.statusWritten()
      } catch {
        say("the status of \(owner.name) cannot be written: \(error)")
        return
      }
    }
  }
}

extension RolloutStatus {
  /// The conditions that follow from the phase.
  fileprivate mutating func summarise(generation: Int, now: Date) {
    let isRejected = phase == .invalid
    set(
      "Accepted", isRejected ? "False" : "True", isRejected ? "Invalid" : "PlanRead", isRejected ? message : "",
      generation: generation, now: now)
    set(
      "Progressing", phase.isActive && phase != .paused && phase != .awaitingApproval ? "True" : "False",
      phase.rawValue, message, generation: generation, now: now)
    let outcome =
      switch phase {
      case .promoted: "True"
      case .rolledBack, .failed, .invalid, .undone: "False"
      default: "Unknown"
      }
    set("Succeeded", outcome, phase.rawValue, message, generation: generation, now: now)
    if !phase.isActive, conditions.contains(where: { $0.type == "Aborting" }) {
      set("Aborting", "False", phase.rawValue, "", generation: generation, now: now)
    }
  }
}

extension Array {
  fileprivate subscript(guarded index: Int) -> Element? {
    get { indices.contains(index) ? self[index] : nil }
    set { if let newValue, indices.contains(index) { self[index] = newValue } }
  }
}
