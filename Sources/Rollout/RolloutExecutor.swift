package import Breach
import Diagnostics
package import FleetModel
package import IntentModel
import Judgement
package import Planning
package import Trials

/// Carries out a plan: journals each event before it counts, each command before and after it acts.
///
/// The machine decides, this shell performs. A killed run goes on by `resume`: the records say which waves were
/// promoted; the target is built anew in that state and the interrupted wave starts again.
package actor RolloutExecutor {
  package struct Parts: Sendable {
    package var plan: Plan
    package var trials: [[Trial]]
    package var vectors: [Vector]
    package var target: any RolloutTarget
    package var traffic: any TrafficSource
    package var faults: any FaultInjector
    package var range: any ControlRange
    package var escapes: any EscapeRange
    package var observer: any RolloutObserver
    package var arbiter: any GateArbiter
    package var limits: CanaryLimits
    /// The controls that the target can try.
    package var controls = Control.all
    /// Whether a vector whose control does not get out is left out, instead of ending the run: there are targets on
    /// which not every way out can be opened on purpose. One at least must be.
    package var leavesBlindVectorsOut = false
    /// The intent of a workload in a posture.
    package var intent: @Sendable (ObjectReference, Posture) -> Intent?

    package init(
      plan: Plan, trials: [[Trial]], vectors: [Vector], target: any RolloutTarget, traffic: any TrafficSource,
      faults: any FaultInjector, range: any ControlRange, escapes: any EscapeRange, observer: any RolloutObserver,
      arbiter: any GateArbiter = NobodyToAsk(), limits: CanaryLimits,
      intent: @escaping @Sendable (ObjectReference, Posture) -> Intent?
    ) {
      self.plan = plan
      self.trials = trials
      self.vectors = vectors
      self.target = target
      self.traffic = traffic
      self.faults = faults
      self.range = range
      self.escapes = escapes
      self.observer = observer
      self.arbiter = arbiter
      self.limits = limits
      self.intent = intent
    }
  }

  private let parts: Parts
  private let ledger: RunLedger
  private let clock = ContinuousClock()
  private let began: ContinuousClock.Instant
  private var machine: RolloutMachine
  private var postures: [ObjectReference: Posture]
  private var record: WaveRecord?
  private var gate: CanaryGate?
  private var escapesBefore: [ProbeRecord] = []
  /// Those whose controls got out.
  private var vectors: [Vector]

  /// - Parameters:
  ///   - resume: what an earlier, interrupted run of the same plan left in the journal.
  package init(_ parts: Parts, journal: any Journal, resume: RunResume = RunResume()) {
    self.parts = parts
    vectors = parts.vectors
    ledger = RunLedger(journal: journal)
    began = clock.now - .seconds(resume.elapsedSeconds)
    let shape = RolloutShape(shares: parts.limits.shares, trialsPerWave: parts.trials.map(\.count))
    machine = RolloutMachine(shape: shape, startingAt: resume.nextWave)
    postures = parts.plan.postures(before: resume.nextWave)
  }

  private var elapsed: Double { (clock.now - began) / .seconds(1) }

  /// Runs to an end. Throws only when the journal fails, when the run is cancelled, on a broken rule of the machine, or
  /// when a wave may not begin; everything else is an outcome.
  package func run() async throws -> RolloutResult {
    try await ledger.epochBegins(fromWave: machine.nextWave)
    var pending = try await feed(.started)
    while let command = pending.first {
      if case .finish(let result) = command {
        try await ledger.runEnds(result, seconds: elapsed)
        return result
      }
      if case .placeCanary(let wave) = command { try await parts.target.mayBegin(parts.plan.waves[wave]) }
      try await ledger.commandBegins(command)
      let event: RolloutEvent
      do {
        event = try await perform(command)
      } catch let error as CancellationError {
        throw error
      } catch {
        // What a cancelled command met is no outcome: the run stops here, as if it had been killed, and can go on.
        try Task.checkCancellation()
        event = .commandFailed("\(error)".split(separator: "\n").joined(separator: ";"))
        // Before the first wave there is nothing to undo: the error itself says best what is wrong.
        if case .prepare = command {
          _ = try await feed(event)
          throw error
        }
      }
      try Task.checkCancellation()
      pending = try await feed(event)
    }
    throw BulkheadError(.unexpected, "the rollout stopped without an end in phase \(machine.phase)")
  }

  /// Journal first: an event that is not durable has not happened.
  private func feed(_ event: RolloutEvent) async throws -> [RolloutCommand] {
    try await ledger.happened(event)
    let finishing = closingRecord(for: event)
    let commands = try machine.apply(event)
    if let finishing {
      try await ledger.waveEnds(finishing)
      await parts.observer.observe(.waveDone(finishing))
      record = nil
    }
    return commands
  }

  private func perform(_ command: RolloutCommand) async throws -> RolloutEvent {
    switch command {
    case .prepare(let wave): try await prepare(wave)
    case .placeCanary(let wave): try await placeCanary(parts.plan.waves[wave])
    case .judgeShare(let wave, let percent): try await judge(parts.plan.waves[wave], percent)
    case .promote(let wave): try await promote(parts.plan.waves[wave])
    case .watch(let wave): .watched(try await watchGate(parts.plan.waves[wave], 100))
    case .runTrial(let wave, let trial): try await runTrial(parts.trials[wave][trial], parts.plan.waves[wave])
    case .probe(let wave): try await probe(parts.plan.waves[wave])
    case .commit(let wave): try await commit(parts.plan.waves[wave])
    case .undo(let wave, let cause): try await undo(parts.plan.waves[wave], cause)
    case .finish: throw BulkheadError(.unexpected, "the end is not a command to perform")
    }
  }

  /// The wave's record with its result, once `event` ends the wave.
  private func closingRecord(for event: RolloutEvent) -> WaveRecord? {
    guard var closing = record else { return nil }
    closing.seconds = elapsed - closing.startSeconds
    switch (machine.phase, event) {
    case (.committing, .committed): closing.result = .promoted
    case (.undoing(_, let cause), .undone(let complete)):
      closing.result = complete ? .rolledBack : .failed
      closing.reason = cause.text
    case (.undoing(_, let cause), .commandFailed):
      closing.result = .failed
      closing.reason = cause.text
    default: return nil
    }
    return closing
  }
}

extension RolloutExecutor {
  private func prepare(_ wave: Int) async throws -> RolloutEvent {
    await parts.observer.observe(.preparing(wave: wave))
    try await parts.target.prepare(postures)
    var probes = try await parts.escapes.probeWeakened(parts.vectors)
    let blind = probes.filter { $0.result != .escaped }
    guard blind.isEmpty || parts.leavesBlindVectorsOut && blind.count < parts.vectors.count else {
      let names = blind.map { "\($0.vector) (\($0.step) \($0.errno ?? ""))" }.joined(separator: ", ")
      throw BulkheadError(
        .unexpected, "probes cannot see an open way out: \(names)",
        cure: "run bulkhead doctor; this kernel or runtime may lack what the probe needs")
    }
    vectors = parts.vectors.filter { vector in !blind.contains { $0.vector == vector.code } }
    let workloads = parts.plan.waves.flatMap(\.workloads)
    probes += try await parts.escapes.probe(vectors, from: Array(Set(workloads)).sorted(), phase: .before)
    escapesBefore = probes
    await parts.observer.observe(.probesDone(probes))
    return .prepared
  }

  private func placeCanary(_ wave: Wave) async throws -> RolloutEvent {
    var started = WaveRecord(wave)
    started.startSeconds = elapsed
    started.probes = escapesBefore.filter { $0.phase == .weakened || wave.workloads.contains($0.workload) }
    started.waysOutBefore = escapesBefore.waysOut(of: wave.workloads)
    record = started
    await parts.observer.observe(.waveStarted(started, of: parts.plan.waves.count))
    gate = CanaryGate(
      workloads: wave.workloads, limits: parts.limits, before: try await parts.traffic.snapshot())
    try await ledger.stepsBegin(wave)
    try await parts.target.shift(wave, to: parts.limits.shares[0])
    try await clock.sleep(for: parts.limits.confirmation)
    return .canaryPlaced
  }

  private func judge(_ wave: Wave, _ percent: Int) async throws -> RolloutEvent {
    try await parts.target.shift(wave, to: percent)
    return .shareJudged(try await watchGate(wave, percent))
  }

  private func promote(_ wave: Wave) async throws -> RolloutEvent {
    try await parts.target.shift(wave, to: 100)
    try await clock.sleep(for: parts.limits.confirmation)
    await parts.observer.observe(.promoted)
    return .promoted
  }

  /// Looks at the counts at a steady pace until the gate has a verdict, or the plan's deadline decides.
  private func watchGate(_ wave: Wave, _ percent: Int) async throws -> GateVerdict {
    guard var gate else { throw BulkheadError(.unexpected, "no canary is being judged") }
    let start = clock.now
    func seconds() -> Double { (clock.now - start) / .seconds(1) }
    gate.begin(share: percent, counts: try await parts.traffic.snapshot())
    var course: DeadlineKeeper.Course?
    var said: String?
    while true {
      if case .end(let verdict, let reason) = course {
        var share = ShareRecord(
          percent: percent, seconds: seconds(), verdict: verdict.word, reason: reason, workloads: gate.evidence)
        if gate.disturbance.seconds > 0 { share.disturbedSeconds = gate.disturbance.seconds }
        self.gate = gate
        record?.canary.append(share)
        await parts.observer.observe(.shareDone(share))
        return verdict
      }
      if case .wait(let deadline) = course { gate.wait(until: deadline, from: seconds()) }
      try await clock.sleep(for: parts.limits.pace)
      let verdict = gate.look(try await parts.traffic.snapshot(), seconds: seconds())
      await parts.observer.observe(.share(percent: percent, gate.evidence))
      course = nil
      if let verdict { course = try await self.course(of: verdict, wave, percent, seconds) }
      // One that is held for want of data is looked at again and again; once is enough to say so.
      if case .wait = course, let reason = verdict?.reason, reason != said {
        said = reason
        await parts.observer.observe(.held(reason))
      }
    }
  }

  /// What becomes of a share whose gate has spoken.
  private func course(
    of verdict: GateVerdict, _ wave: Wave, _ percent: Int, _ seconds: () -> Double
  ) async throws -> DeadlineKeeper.Course {
    let keeper = DeadlineKeeper(deadline: parts.limits.deadline)
    var course = keeper.course(verdict, seconds: seconds())
    if case .ask = course {
      let question = GateQuestion(wave: wave.name, percent: percent, reason: verdict.reason)
      let answer = try await parts.arbiter.decide(question)
      course = keeper.course(after: answer, reason: verdict.reason, seconds: seconds())
    }
    return course
  }

  private func runTrial(_ trial: Trial, _ wave: Wave) async throws -> RolloutEvent {
    try await parts.target.mayGoOn(wave)
    await parts.observer.observe(.trialStarted(trial))
    let runner = TrialRunner(
      traffic: parts.traffic, faults: parts.faults, range: parts.range, clock: clock, controls: parts.controls)
    var current = postures
    for id in wave.workloads { current[id] = wave.posture(of: id) ?? current[id] }
    let intents = current.keys.sorted().compactMap { id in current[id].flatMap { parts.intent(id, $0) } }
    // The wave's own workloads are tried first; earlier ones stand in where the wave has none that a control fits.
    let ordered = intents.filter { wave.workloads.contains($0.workload) }
    let outcome = try await runner.run(trial, targets: ordered.isEmpty ? intents : ordered)
    record?.trials.append(outcome)
    await parts.observer.observe(.trialDone(outcome))
    switch outcome.result {
    case .pass: return .trialFinished(.pass)
    case .fail: return .trialFinished(.fail(outcome.reason))
    case .inconclusive: return .trialFinished(.inconclusive(outcome.reason))
    }
  }

  private func probe(_ wave: Wave) async throws -> RolloutEvent {
    try await parts.target.mayGoOn(wave)
    let after = try await parts.escapes.probe(vectors, from: wave.workloads, phase: .after)
    record?.probes += after
    record?.waysOutAfter = after.waysOut(of: wave.workloads)
    await parts.observer.observe(.probesDone(after))
    let verdict = EscapeGate.verdict(
      before: escapesBefore, after: after, wave: wave, vectors: vectors)
    return .probed(verdict)
  }

  private func commit(_ wave: Wave) async throws -> RolloutEvent {
    try await parts.target.commit(wave)
    for id in wave.workloads { postures[id] = wave.posture(of: id) ?? postures[id] }
    escapesBefore =
      escapesBefore.filter { $0.phase == .weakened || !wave.workloads.contains($0.workload) }
      + (record?.probes ?? []).filter { $0.phase == .after }.map { $0.asBefore }
    return .committed
  }

  private func undo(_ wave: Wave, _ cause: UndoCause) async throws -> RolloutEvent {
    await parts.observer.observe(.undoing(cause.text))
    let left = await parts.target.undo(wave)
    record?.notPutBack = left.isEmpty ? nil : left
    try await ledger.stepsUndone(wave, left: left)
    return .undone(complete: left.isEmpty)
  }
}
