import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

extension RehearsalTests {
  @Suite("that are interrupted", .serialized)
  struct Interrupted {
    @Test("clean up, say so, and can go on; a second run in the folder waits its turn")
    func interrupted() async throws {
      var random = SplitMix64(4_711)
      // From the twin's first pods to the middle of the first wave.
      let moments = [Int.random(in: 4...12, using: &random), Int.random(in: 14...22, using: &random)]
      let delays = moments.map { _ in Duration.milliseconds(Int.random(in: 0..<900, using: &random)) }
      try await Folder.withFleet { folder in
        let progress = JournalProgress(folder: folder, out: "out")
        let first = try await Program.run(RehearsalTests.start, in: folder) { running in
          try await running.reaches { try await progress.records() >= moments[0] }
          try await occupied(folder)
          // A moment within a step, and not only between two.
          try await Task.sleep(for: delays[0])
          running.look()
          // A terminal interrupts the program's helpers at the same moment.
          running.signalGroup(SIGINT)
        }
        try await stopped(first, 130, folder, epochs: 1)
        let already = try await progress.records()
        let second = try await Program.run(RehearsalTests.resume, in: folder) { running in
          try await running.reaches { try await progress.records() >= already + moments[1] }
          // A moment within a step, and not only between two.
          try await Task.sleep(for: delays[1])
          running.look()
          running.signal(SIGTERM)
        }
        try await stopped(second, 143, folder, epochs: 2)
      }
    }

    private func stopped(_ ending: Program.Ending, _ code: Int32, _ folder: Folder, epochs: Int) async throws {
      #expect(ending.code == code, "\(ending.messages)")
      #expect(ending.messages.contains("--resume"), "\(ending.messages)")
      #expect(ending.left == [])
      let history = try RunHistory(try await folder.journal("out"))
      #expect(history.result == nil, "an interruption is no verdict")
      #expect(history.undoCause == nil)
      #expect(history.epochs == epochs)
      #expect(history.waves.isEmpty)
    }

    private func occupied(_ folder: Folder) async throws {
      let resumed = try await Program.run(RehearsalTests.resume, in: folder)
      #expect(resumed.code == 75 && resumed.messages.contains("another bulkhead process"), "\(resumed.messages)")
      let started = try await Program.run(RehearsalTests.start, in: folder)
      #expect(started.code == 78 && started.messages.contains("already holds a run"), "\(started.messages)")
      #expect(resumed.left + started.left == [])
    }
  }
}
