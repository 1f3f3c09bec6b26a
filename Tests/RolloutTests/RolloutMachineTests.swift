import Rollout
import Testing

@Suite struct RolloutMachineTests {
  static let shape = RolloutShape(shares: [5, 50], trialsPerWave: [2, 0, 1])

  /// The event that a command leads to when all goes well.
  static func success(of command: RolloutCommand) -> RolloutEvent? {
    switch command {
    case .prepare: .prepared
    case .placeCanary: .canaryPlaced
    case .judgeShare: .shareJudged(.pass)
    case .promote: .promoted
    case .watch: .watched(.pass)
    case .runTrial: .trialFinished(.pass)
    case .probe: .probed(.pass)
    case .commit: .committed
    case .undo: .undone(complete: true)
    case .finish: nil
    }
  }

  /// Runs to the end; at command number `failing` the event is replaced.
  func run(failing: Int? = nil, by replace: (RolloutCommand) -> RolloutEvent? = { _ in nil }) throws
    -> (commands: [RolloutCommand], machine: RolloutMachine)
  {
    var machine = RolloutMachine(shape: Self.shape)
    var commands: [RolloutCommand] = []
    var pending = try machine.apply(.started)
    while let command = pending.first, commands.count < 100 {
      commands.append(command)
      guard var event = Self.success(of: command) else { break }
      if commands.count - 1 == failing, let other = replace(command) { event = other }
      pending = try machine.apply(event)
    }
    return (commands, machine)
  }

  @Test func aCleanRunPromotesEveryWaveInOrder() throws {
    let (commands, machine) = try run()
    #expect(machine.phase == .finished(.promoted))
    #expect(commands.last == .finish(.promoted))
    #expect(
      commands.filter { if case .commit = $0 { true } else { false } } == [
        .commit(wave: 0), .commit(wave: 1), .commit(wave: 2),
      ])
    #expect(
      commands.prefix(10).map { "\($0)" } == [
        "prepare(wave: 0)", "placeCanary(wave: 0)", "judgeShare(wave: 0, percent: 5)",
        "judgeShare(wave: 0, percent: 50)",
        "promote(wave: 0)", "watch(wave: 0)", "runTrial(wave: 0, trial: 0)", "runTrial(wave: 0, trial: 1)",
        "probe(wave: 0)", "commit(wave: 0)",
      ])
  }

  /// Whatever fails, wherever: the wave under way is undone once, nothing after it starts, and the run ends.
  @Test func everyFailureAtEveryCommandUndoesExactlyThatWave() throws {
    let all = try run().commands
    for (index, command) in all.enumerated() {
      for failure in failures(of: command) {
        let (commands, machine) = try run(failing: index) { _ in failure }
        guard case .finished(let result) = machine.phase else {
          Issue.record("no end after \(failure) at \(command)")
          continue
        }
        let undos = commands.compactMap { if case .undo(let wave, _) = $0 { wave } else { nil } }
        if case .prepare = command {
          #expect(result == .failed && undos.isEmpty)
        } else {
          #expect(result == .rolledBack, "after \(failure) at \(command)")
          #expect(undos == [wave(of: command)])
          #expect(commands.last == .finish(.rolledBack))
        }
      }
    }
  }

  func failures(of command: RolloutCommand) -> [RolloutEvent] {
    let broken = RolloutEvent.commandFailed("broken")
    return switch command {
    case .judgeShare: [broken, .shareJudged(.fail("worse")), .shareJudged(.inconclusive("no data"))]
    case .watch: [broken, .watched(.fail("worse")), .watched(.inconclusive("no data"))]
    case .runTrial: [broken, .trialFinished(.fail("noticed")), .trialFinished(.inconclusive("unseen"))]
    case .probe: [broken, .probed(.fail("out")), .probed(.inconclusive("unclear"))]
    case .finish: []
    default: [broken]
    }
  }

  func wave(of command: RolloutCommand) -> Int? {
    switch command {
    case .prepare(let wave), .placeCanary(let wave), .judgeShare(let wave, _), .promote(let wave), .watch(let wave),
      .runTrial(let wave, _), .probe(let wave), .commit(let wave), .undo(let wave, _):
      wave
    case .finish: nil
    }
  }

  @Test func anIncompleteUndoEndsAsFailed() throws {
    var machine = RolloutMachine(shape: Self.shape)
    for event: RolloutEvent in [.started, .prepared, .canaryPlaced, .shareJudged(.fail("worse"))] {
      _ = try machine.apply(event)
    }
    #expect(try machine.apply(.undone(complete: false)) == [.finish(.failed)])
  }

  @Test func eventsOutOfTurnAreRefusedAndChangeNothing() throws {
    var machine = RolloutMachine(shape: Self.shape)
    for event: RolloutEvent in [.prepared, .committed, .probed(.pass), .undone(complete: true)] {
      #expect(throws: RolloutViolation.self) { _ = try machine.apply(event) }
      #expect(machine.phase == .idle)
    }
  }

  @Test func aResumedRunStartsAtTheFirstWaveThatIsNotPromoted() throws {
    var machine = RolloutMachine(shape: Self.shape, startingAt: 2)
    #expect(try machine.apply(.started) == [.prepare(wave: 2)])
    #expect(try machine.apply(.prepared) == [.placeCanary(wave: 2)])
  }
}
