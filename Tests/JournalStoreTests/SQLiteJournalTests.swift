import Diagnostics
import Foundation
import GRDB
import Rollout
import Testing

@testable import JournalStore

@Suite struct SQLiteJournalTests {
  @Test func recordsAreNumberedChainedAndThereAfterReopening() async throws {
    try await withFolder { folder in
      let path = folder + "/journal.sqlite"
      let journal = try await SQLiteJournal.open(at: path, .create, now: { 42 })
      let first = try await journal.append(kind: "runStarted", body: #"{"plan":"é"}"#)
      let second = try await journal.append(kind: "waveStarted", body: "{}")
      #expect(first.seq == 1 && first.previousHash == JournalRecord.genesis && first.time == 42)
      #expect(second.seq == 2 && second.previousHash == first.hash)
      #expect(try mode(path) == 0o600)
      #expect(try mode(path + "-wal") == 0o600)
      try await journal.close()
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["journal.sqlite"])

      let again = try await SQLiteJournal.open(at: path, .resume)
      #expect(try await again.records() == [first, second])
      let third = try await again.append(kind: "waveEnded", body: "{}")
      #expect(third.seq == 3 && third.previousHash == second.hash)
      #expect(try await again.verify() == 3)
      try await again.close()
    }
  }

  @Test func itWritesTheSameChainAsTheOneInMemory() async throws {
    try await withFolder { folder in
      let stored = try await SQLiteJournal.open(at: folder + "/j", .create, now: { 7 })
      let inMemory = InMemoryJournal(now: { 7 })
      for number in 1...3 {
        _ = try await stored.append(kind: "k", body: "\(number)")
        _ = await inMemory.append(kind: "k", body: "\(number)")
      }
      #expect(try await stored.records() == (await inMemory.records()))
      try await stored.close()
    }
  }

  /// The format, computed by another SHA-256: Python's hashlib over the fields as documented.
  @Test func theHashIsTheDocumentedOne() {
    #expect(
      JournalRecord.hash(previousHash: JournalRecord.genesis, seq: 1, time: 42, kind: "a", body: "{}")
        == "ff993a454e971ea4005d70dcc56596f34f260c8a7c6c2e1eeb8d02fcf5207cf8")
  }

  @Test func lengthsKeepShiftedFieldsApart() {
    let left = JournalRecord.hash(previousHash: "", seq: 1, time: 1, kind: "ab", body: "c")
    let right = JournalRecord.hash(previousHash: "", seq: 1, time: 1, kind: "a", body: "bc")
    #expect(left != right)
  }

  @Test func manyWritersAtOnceLeaveNoGap() async throws {
    try await withFolder { folder in
      let journal = try await SQLiteJournal.open(at: folder + "/j", .create)
      let seqs = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 1...40 { group.addTask { try await journal.append(kind: "k", body: "\(number)").seq } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(seqs.sorted() == Array(1...40))
      #expect(try await journal.verify() == 40)
      try await journal.close()
    }
  }

  @Test func aCancelledTaskStillRecords() async throws {
    try await withFolder { folder in
      let journal = try await SQLiteJournal.open(at: folder + "/j", .create)
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await journal.append(kind: "undo", body: "{}").seq
      }
      #expect(try await task.value == 1)
      try await journal.close()
    }
  }

  @Test func aClosedJournalRefuses() async throws {
    try await withFolder { folder in
      let journal = try await SQLiteJournal.open(at: folder + "/j", .create)
      try await journal.close()
      try await journal.close()
      #expect(await failure { _ = try await journal.append(kind: "k", body: "") }?.exit == .unexpected)
    }
  }

  @Test func itIsAppendOnlyForEveryConnection() async throws {
    try await withFolder { folder in
      try await writeJournal(folder + "/j", count: 3)
      let raw = try rawConnection(folder + "/j", withoutTriggers: false)
      for sql in [
        "UPDATE record SET body = 'x' WHERE seq = 1", "DELETE FROM record WHERE seq = 3", "DELETE FROM record",
        "INSERT INTO record VALUES (9, 0, 'k', 'b', 'p', 'h')", "INSERT INTO record VALUES (2, 0, 'k', 'b', 'p', 'h')",
        "INSERT OR REPLACE INTO record VALUES (3, 0, 'k', 'b', 'p', 'h')",
        "INSERT INTO record VALUES (4, 0, 'k', 'b', 'not the last hash', 'h')",
        "INSERT INTO record VALUES (4, 'now', 'k', 'b', (SELECT hash FROM record WHERE seq = 3), 'h')",
      ] {
        #expect(throws: DatabaseError.self, "\(sql)") { try raw.write { try $0.execute(sql: sql) } }
      }
      try raw.close()
      let journal = try await SQLiteJournal.open(at: folder + "/j", .resume)
      #expect(try await journal.verify() == 3)
      try await journal.close()
    }
  }

  @Test func everyRecordIsSyncedByTheWriteAheadLog() async throws {
    try await withFolder { folder in
      let raw = try DatabaseQueue(path: folder + "/j")
      try raw.writeWithoutTransaction { db in
        try JournalSchema.configure(db, path: "j")
        #expect(try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2)
        #expect(try Int.fetchOne(db, sql: "PRAGMA trusted_schema") == 0)
        #expect(try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal")
      }
      try raw.close()
    }
  }
}
