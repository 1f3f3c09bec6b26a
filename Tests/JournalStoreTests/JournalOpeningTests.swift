import Diagnostics
import Foundation
import GRDB
import Rollout
import Testing

@testable import JournalStore

@Suite struct JournalOpeningTests {
  @Test func aSecondOpenerIsToldToTryAgain() async throws {
    try await withFolder { folder in
      let journal = try await SQLiteJournal.open(at: folder + "/j", .create)
      for opening in [SQLiteJournal.Opening.resume, .create] {
        let refusal = await failure { _ = try await SQLiteJournal.open(at: folder + "/j", opening) }
        #expect(refusal?.exit == .tryAgain)
        #expect(refusal?.message.contains("another bulkhead process") == true)
      }
      _ = try await journal.append(kind: "k", body: "still mine")
      try await journal.close()
      let next = try await SQLiteJournal.open(at: folder + "/j", .resume)
      #expect(try await next.records().count == 1)
      try await next.close()
    }
  }

  @Test func onlyWhatIsThereCanBeResumedAndOnlyWhatIsNotThereMade() async throws {
    try await withFolder { folder in
      #expect(await failure { _ = try await SQLiteJournal.open(at: folder + "/j", .resume) }?.exit == .badInput)
      #expect(await failure { _ = try await SQLiteJournal.open(at: folder + "/no/j", .create) }?.exit == .badInput)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
      try await writeJournal(folder + "/j", count: 2)
      #expect(await failure { _ = try await SQLiteJournal.open(at: folder + "/j", .create) }?.exit == .usage)
      try Data("notes of mine".utf8).write(to: URL(fileURLWithPath: folder + "/notes"))
      #expect(await failure { _ = try await SQLiteJournal.open(at: folder + "/notes", .create) }?.exit == .usage)
      #expect(try String(contentsOfFile: folder + "/notes", encoding: .utf8) == "notes of mine")
    }
  }

  @Test func aRunKilledBeforeItsFirstRecordIsStartedAnew() async throws {
    try await withFolder { folder in
      #expect(FileManager.default.createFile(atPath: folder + "/j", contents: Data()))
      #expect(await failure { _ = try await SQLiteJournal.open(at: folder + "/j", .resume) }?.exit == .journalDamaged)
      try await writeJournal(folder + "/j", count: 1)
    }
  }

  @Test func linksAndSharedFoldersAreRefused() async throws {
    try await withFolder { folder in
      try await writeJournal(folder + "/j", count: 1)
      let files = FileManager.default
      try files.createSymbolicLink(atPath: folder + "/link", withDestinationPath: folder + "/j")
      #expect(await failure { _ = try await SQLiteJournal.open(at: folder + "/link", .resume) }?.exit == .notPermitted)
      try files.createSymbolicLink(atPath: folder + "/j-wal", withDestinationPath: folder + "/elsewhere")
      #expect(await failure { _ = try await SQLiteJournal.open(at: folder + "/j", .resume) }?.exit == .notPermitted)
      try files.removeItem(atPath: folder + "/j-wal")
      #expect(!files.fileExists(atPath: folder + "/elsewhere"))
      try files.linkItem(atPath: folder + "/j", toPath: folder + "/second-name")
      #expect(await failure { _ = try await SQLiteJournal.open(at: folder + "/j", .resume) }?.exit == .notPermitted)
      try files.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
      #expect(await failure { _ = try await SQLiteJournal.open(at: folder + "/new", .create) }?.exit == .configuration)
    }
  }

  @Test func aLooserModeIsTightened() async throws {
    try await withFolder { folder in
      try await writeJournal(folder + "/j", count: 1)
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder + "/j")
      try await SQLiteJournal.open(at: folder + "/j", .resume).close()
      #expect(try mode(folder + "/j") == 0o600)
    }
  }

  @Test func aLaterFormatIsRefusedNotMisread() async throws {
    try await withFolder { folder in
      try await writeJournal(folder + "/j", count: 1)
      let raw = try rawConnection(folder + "/j", withoutTriggers: false)
      try await raw.write { try $0.execute(sql: "PRAGMA user_version = 2") }
      try raw.close()
      #expect(await failure { _ = try await SQLiteJournal.open(at: folder + "/j", .resume) }?.exit == .configuration)
    }
  }
}
