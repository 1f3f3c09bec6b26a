import Foundation
import Glibc
import TestSupport
import Testing

extension RehearsalTests {
  @Suite("whose folder is unfit", .serialized)
  struct UnfitFolder {
    @Test("cannot go on where nothing was begun")
    func nothingThere() async throws {
      try await Folder.with { folder in
        for name in ["nowhere", "."] {
          let ending = try await Program.run(["rehearse", "--resume", name], in: folder)
          #expect(ending.code == 65 && ending.messages.contains("no run to go on with"), "\(ending.messages)")
          #expect(ending.messages.contains("cure: ") && ending.left == [])
        }
        #expect(!folder.holds("nowhere"))
      }
    }

    @Test("do not go on over a damaged journal", arguments: ["noise", "a changed byte"])
    func damagedJournal(how: String) async throws {
      try await Folder.withFleet { folder in
        if how == "noise" {
          var random = SplitMix64(99)
          try folder.write(
            "out/journal.sqlite", Data((0..<8192).map { _ in UInt8.random(in: 0...255, using: &random) }))
        } else {
          try await interruptedRun(folder)
          var journal = try folder.data("out/journal.sqlite")
          let place = try #require(journal.range(of: Data("fleetDigest".utf8)))
          journal[place.lowerBound] ^= 0x20
          try folder.write("out/journal.sqlite", journal)
        }
        let before = try folder.data("out/journal.sqlite")
        let ending = try await Program.run(RehearsalTests.resume, in: folder)
        #expect(ending.code == 83, "\(ending.messages)")
        #expect(ending.messages.contains("damaged") && ending.messages.contains("cure: "), "\(ending.messages)")
        #expect(ending.left == [])
        #expect(try folder.data("out/journal.sqlite") == before, "what is damaged is evidence and stays as it is")
      }
    }

    private func interruptedRun(_ folder: Folder) async throws {
      let progress = JournalProgress(folder: folder, out: "out")
      let ending = try await Program.run(RehearsalTests.start, in: folder) { running in
        try await running.reaches { try await progress.records() >= 4 }
        running.signal(SIGINT)
      }
      try #require(ending.code == 130 && ending.left == [], "\(ending.messages) \(ending.left)")
    }

    /// A small file system that only this one run sees.
    @Test("stop cleanly when the disk is full")
    func fullDisk() async throws {
      try await Folder.withFleet { folder in
        try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: false)
        let small = "mount -t tmpfs -o size=160k,mode=0700 small \"$1\" && shift && exec \"$@\""
        let ending = try await Program.run(
          RehearsalTests.start, in: folder,
          through: ["unshare", "--mount", "sh", "-c", small, "sh", folder.path + "/out"])
        #expect(ending.code == 75, "\(ending.messages)")
        #expect(ending.messages.contains("space") && ending.messages.contains("--resume"), "\(ending.messages)")
        #expect(ending.left == [])
        #expect(Footprint.list(folder.path + "/out") == [])
      }
    }
  }
}
