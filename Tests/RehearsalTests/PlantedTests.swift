import Foundation
import Rollout
import Testing

extension RehearsalTests {
  /// A rehearsal is worth something only when it catches what is wrong.
  @Suite("with a deliberate wrong", .serialized)
  struct Planted {
    struct Wrong: CustomTestStringConvertible {
      var text: String
      /// Names one of which the reason must give.
      var culprits: [String]
      /// How many waves are promoted before it can show.
      var promoted: Int
      var testDescription: String { text }
    }

    static let wrongs = [
      // It enters in the second wave.
      Wrong(text: "sidecarErrors: {workload: small/catalogue, percent: 3}", culprits: ["catalogue"], promoted: 1),
      // A wave of its own comes before all others: its callers have no identity yet.
      Wrong(text: "strictTooEarly: {workload: small/store}", culprits: ["store"], promoted: 0),
      // The target is locked in the third wave. The two ends of a call fail alike.
      Wrong(
        text: "cutCall: {caller: small/gateway, target: small/catalogue}", culprits: ["catalogue", "gateway"],
        promoted: 2),
    ]

    @Test("are rolled back and say why", arguments: wrongs)
    func rolledBack(wrong: Wrong) async throws {
      try await Folder.withFleet { folder in
        try folder.write("plant.yaml", "apiVersion: bulkhead.dev/v1alpha1\nkind: Plant\nwrongs:\n- \(wrong.text)\n")
        let ending = try await Program.rehearse(RehearsalTests.start + ["--plant", "plant.yaml"], in: folder)
        #expect(ending.code == 80, "\(ending.messages)")
        #expect(ending.left == [])
        let document = try RunContract(folder, "out")
        #expect(document.result == "rolledBack")
        #expect(document.waves.map(\.result) == Array(repeating: "promoted", count: wrong.promoted) + ["rolledBack"])
        #expect(document.planted?.count == 1)
        let planted = try #require(document.planted?.first)
        #expect(wrong.culprits.contains { planted.contains("small/\($0)") }, "\(planted)")
        let reason = try #require(document.waves.last?.reason)
        #expect(wrong.culprits.contains { reason.contains($0) }, "\(reason)")
        #expect(ending.messages.contains(reason), "the terminal says why, too")
        try await undone(folder, document)
        let page = try folder.text("out/report.html")
        #expect(page.contains("Planted on purpose") && page.contains("rolled back"))
      }
    }

    struct Rare: CustomTestStringConvertible {
      var text: String
      var options: [String]
      /// In which the canary must be stopped: seconds of judging, all shares together (docs/judge.md).
      var seconds: Double
      /// What the reason speaks of.
      var word: String
      var testDescription: String { text }
    }

    static let rareWrongs = [
      Rare(
        text: "sidecarDelay: {workload: small/catalogue, percent: 5, milliseconds: 150}", options: [], seconds: 60,
        word: "budget"),
      // A rate below the default tolerance: whoever cares states a lower one.
      Rare(
        text: "sidecarErrors: {workload: small/catalogue, percent: 0.5}",
        options: ["--rate", "200", "--tolerance", "0.002"], seconds: 90, word: "failed"),
    ]

    @Test("are caught in time though they are rare", arguments: rareWrongs)
    func caughtInTime(wrong: Rare) async throws {
      try await Folder.withFleet { folder in
        try folder.write("plant.yaml", "kind: Plant\nwrongs:\n- \(wrong.text)\n")
        var start = RehearsalTests.start
        if wrong.options.contains("--rate") { start.removeLast(2) }
        let ending = try await Program.rehearse(start + wrong.options + ["--plant", "plant.yaml"], in: folder)
        #expect(ending.code == 80, "\(ending.messages)")
        #expect(ending.left == [])
        let wave = try #require(try RunContract(folder, "out").waves.last)
        let reason = try #require(wave.reason)
        #expect(wave.result == "rolledBack" && reason.contains("catalogue"), "\(reason)")
        #expect(reason.contains(wrong.word), "\(reason)")
        #expect(wave.canary.allSatisfy { $0.percent < 100 }, "before all users meet it")
        let seconds = wave.canary.map { $0.seconds - ($0.disturbedSeconds ?? 0) }.reduce(0, +)
        #expect(seconds <= wrong.seconds, "\(wave.canary.map { "\($0.percent) %: \($0.seconds) s" })")
      }
    }

    /// Every step of the wave was undone, in reverse, and none of them counts as done.
    private func undone(_ folder: Folder, _ document: RunContract) async throws {
      let records = try await folder.journal("out")
      let history = try RunHistory(records)
      let steps = try #require(document.waves.last).steps
      let keys = records.filter { $0.kind == "stepUndone" }.map(\.body)
      #expect(keys.count == steps.count)
      for (step, body) in zip(steps.reversed(), keys) { #expect(body.contains("\"key\":\"\(step)\"")) }
      #expect(Set(history.effects.keys).isDisjoint(with: steps))
      #expect(history.result == .rolledBack)
    }

    @Test("are refused when the file names nobody")
    func unknownWorkload() async throws {
      try await Folder.withFleet { folder in
        try folder.write("plant.yaml", "kind: Plant\nwrongs:\n- strictTooEarly: {workload: small/nobody}\n")
        let ending = try await Program.run(RehearsalTests.start + ["--plant", "plant.yaml"], in: folder)
        #expect(ending.code == 65)
        #expect(ending.messages.contains("plant.yaml:3") && ending.messages.contains("small/nobody"))
        #expect(!folder.holds("out"))
        #expect(ending.left == [])
      }
    }
  }
}
