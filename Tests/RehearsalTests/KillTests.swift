import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

extension RehearsalTests {
  /// Whoever kills a run, and whenever: nothing is left, and the run goes on to the end it would have had.
  @Suite("that are killed", .serialized)
  struct Killed {
    @Test("three times end like one that was not")
    func threeTimes() async throws { try await endLikeAnUndisturbedRun(kills: 3, seed: 20_417) }

    @Test(
      "twenty times end like one that was not", .timeLimit(.minutes(40)),
      .enabled(if: ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == "1", "make soak"))
    func twentyTimesSoak() async throws { try await endLikeAnUndisturbedRun(kills: 20, seed: 7_193) }

    /// Begins again, twice at most, where the program itself says that the machine's host took its processors.
    private func endLikeAnUndisturbedRun(kills: Int, seed: UInt64) async throws {
      for attempt in 1... where try await endsLikeAnUndisturbedRun(kills, seed, isLast: attempt == 3) { return }
    }

    /// - Returns: false where there was no verdict for the host's sake.
    private func endsLikeAnUndisturbedRun(_ kills: Int, _ seed: UInt64, isLast: Bool) async throws -> Bool {
      let wanted = try await UndisturbedRun.shared
      try #require(wanted.history.result == .promoted)
      var schedule = KillSchedule(kills: kills, seed: seed, records: wanted.records.count)
      return try await Folder.withFleet { folder in
        func isWorthless() -> Bool {
          guard !isLast, let reason = Program.disturbance(in: folder) else { return false }
          print("killed again, because \(reason)")
          return true
        }
        let progress = JournalProgress(folder: folder, out: "out")
        var dead: Footprint?
        for number in 0..<kills {
          let moment = schedule.moments[number]
          let already = try await progress.records()
          let promoted = already == 0 ? 0 : try await history(folder).waves.count
          let goal = already + schedule.records(until: moment, promoted: promoted, wanted.recordsAtWaveEnds)
          let delay = schedule.delay()
          print("kill \(number + 1) of \(kills), seed \(seed): at record \(goal), \(delay) later")
          let before = dead
          let ending = try await Program.run(
            folder.holds("out/input/start.json") ? RehearsalTests.resume : RehearsalTests.start, in: folder
          ) { running in
            try await running.reaches { try await progress.records() >= goal }
            // A moment within a step, and not only between two.
            try await Task.sleep(for: delay)
            running.look()
            if running.footprint.hasWorld { #expect(before?.cgroups ?? [] == [], "a start sweeps what was left") }
            // Now and then nobody is left who could clean up.
            running.destroy(withWatcher: number % 3 == 1)
          }
          if ending.code == 80, isWorthless() { return false }
          let hasEnded = number == kills - 1 && ending.code == 0
          try #require(ending.code == 137 || hasEnded, "\(ending.messages)")
          #expect(ending.left == [], "after kill \(number + 1)")
          dead = ending.footprint
        }
        let ending = try await Program.run(RehearsalTests.resume, in: folder)
        if ending.code == 80, isWorthless() { return false }
        #expect(ending.code == 0, "\(ending.messages)")
        #expect(ending.left == [])
        #expect(dead?.cgroups ?? [] == [], "a start sweeps what was left")
        try await compare(folder, wanted)
        return true
      }
    }

    private func history(_ folder: Folder) async throws -> RunHistory {
      try RunHistory(try await folder.journal("out"))
    }

    private func compare(_ folder: Folder, _ wanted: UndisturbedRun) async throws {
      let history = try await history(folder)
      #expect(history.result == .promoted)
      #expect(history.waves.map(\.name) == wanted.history.waves.map(\.name))
      #expect(history.waves.allSatisfy { $0.result == .promoted })
      #expect(history.effects == wanted.history.effects, "each step took effect once")
      #expect(history.effects.values.allSatisfy { $0 == 1 })
      let document = try RunContract(folder, "out")
      let other = try JSONDecoder().decode(RunContract.self, from: Data(wanted.json.utf8))
      #expect(document.result == "promoted")
      #expect(document.waves.map(\.steps) == other.waves.map(\.steps))
      #expect(document.waves.map(\.waysOutBefore) == other.waves.map(\.waysOutBefore))
      #expect(document.waves.map(\.waysOutAfter) == other.waves.map(\.waysOutAfter))
      let weaknesses = { (run: RunContract) in Set(run.weaknesses.map { "\($0.code) \($0.workload)" }) }
      #expect(weaknesses(document) == weaknesses(other))
      #expect(folder.holds("out/report.html"))
    }

    @Test("before anything was recorded can go on all the same")
    func atTheStart() async throws {
      try await Folder.withFleet { folder in
        let first = try await Program.run(RehearsalTests.start, in: folder) { running in
          try await running.reaches { folder.holds("out/input/start.json") }
          running.destroy(withWatcher: false)
        }
        #expect(first.code == 137 && first.left == [])
        let progress = JournalProgress(folder: folder, out: "out")
        let second = try await Program.run(RehearsalTests.resume, in: folder) { running in
          try await running.reaches { try await progress.records() >= 6 }
          running.signal(SIGTERM)
        }
        #expect(second.code == 143, "\(second.messages)")
        #expect(second.left == [])
        let history = try await history(folder)
        #expect(history.header?.options["requestsPerSecond"] == "120.0", "the options of the start still count")
      }
    }
  }
}

/// Moments spread over a whole run, one at random in each of as many equal parts as there are kills, counted in
/// records of a run that nobody disturbs. Later ones lie later: a resumed run starts its interrupted wave again.
struct KillSchedule {
  let moments: [Int]
  private var random: SplitMix64

  init(kills: Int, seed: UInt64, records: Int) {
    var random = SplitMix64(seed)
    // The last records follow each other within milliseconds.
    let last = records - 4
    moments = (0..<kills).map { index in
      Int.random(in: (last * index / kills)..<max(last * (index + 1) / kills, last * index / kills + 1), using: &random)
    }
    self.random = random
  }

  /// How many records a run must write from its start or resume until it is as far as `moment`.
  func records(until moment: Int, promoted: Int, _ waveEnds: [Int]) -> Int {
    guard promoted > 0 else { return max(moment, 1) }
    // A resume writes four records before it places its first canary.
    return 4 + max(moment - waveEnds[promoted - 1], 1)
  }

  /// Up to the length of a usual step.
  mutating func delay() -> Duration { .milliseconds(Int.random(in: 0..<1500, using: &random)) }
}
