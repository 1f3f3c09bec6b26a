import Diagnostics
import Foundation
import GRDB
import Rollout
import Testing

@testable import JournalStore

@Suite struct JournalDamageTests {
  /// Flips the lowest and the highest bit of each byte of each column of each record, one at a time.
  @Test func everyFlippedByteIsFound() async throws {
    try await withFolder { folder in
      try await writeJournal(folder + "/j", count: 3)
      let journal = try await SQLiteJournal.open(at: folder + "/j", .resume)
      let raw = try rawConnection(folder + "/j")
      try await raw.write { try $0.execute(sql: "CREATE TABLE saved AS SELECT * FROM record") }
      var flips = 0
      for seq in 1...3 {
        for column in ["kind", "body", "previous_hash", "hash"] {
          let cell = "SELECT CAST(\(column) AS BLOB) FROM saved WHERE seq = \(seq)"
          let bytes = try #require(try await raw.read { try Data.fetchOne($0, sql: cell) })
          for offset in bytes.indices {
            for bit: UInt8 in [0x01, 0x80] {
              var flipped = bytes
              flipped[offset] ^= bit
              let value = flipped
              try await raw.write {
                try $0.execute(
                  sql: "UPDATE record SET \(column) = CAST(? AS TEXT) WHERE seq = ?", arguments: [value, seq])
              }
              await expectDamage(journal, in: [seq, seq + 1], "\(column) \(seq) byte \(offset)")
              try await restore(raw, column, seq)
              flips += 1
            }
          }
        }
        for bit in 0..<64 {
          try await raw.write {
            try $0.execute(
              sql: "UPDATE record SET time = (time | ?1) - (time & ?1) WHERE seq = ?2",
              arguments: [Int64(bitPattern: 1 << bit), seq])
          }
          await expectDamage(journal, in: [seq], "time \(seq) bit \(bit)")
          try await restore(raw, "time", seq)
          flips += 1
        }
      }
      #expect(flips > 1000)
      #expect(try await journal.verify() == 3, "restored, the chain holds again")
      try await journal.close()
      try raw.close()
    }
  }

  @Test(arguments: [
    ("UPDATE record SET seq = 7 WHERE seq = 2", 2), ("UPDATE record SET seq = -2 WHERE seq = 2", 1),
    ("DELETE FROM record WHERE seq = 1", 1), ("DELETE FROM record WHERE seq = 2", 2),
    ("UPDATE record SET body = body || char(0) || 'hidden' WHERE seq = 3", 3),
    ("UPDATE record SET body = (SELECT body FROM record WHERE seq = 1) WHERE seq = 3", 3),
  ])
  func removedMovedOrExtendedRecordsAreFound(sql: String, place: Int) async throws {
    try await withFolder { folder in
      try await writeJournal(folder + "/j", count: 4)
      let journal = try await SQLiteJournal.open(at: folder + "/j", .resume)
      let raw = try rawConnection(folder + "/j")
      try await raw.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
        try db.execute(sql: sql)
      }
      let damage = await failure { try await journal.verify() }
      #expect(damage?.exit == .journalDamaged)
      #expect(damage?.message.contains("record \(place) ") == true || sql.contains("-2"), "\(damage?.message ?? "")")
      try await journal.close()
      try raw.close()
    }
  }

  @Test func missingTriggersAreFoundOnOpening() async throws {
    try await withFolder { folder in
      try await writeJournal(folder + "/j", count: 1)
      try rawConnection(folder + "/j").close()
      let damage = await failure { _ = try await SQLiteJournal.open(at: folder + "/j", .resume) }
      #expect(damage?.exit == .journalDamaged)
    }
  }

  /// Every offset near the ends of pages, and many between.
  @Test func aTruncatedFileIsDamagedAtEveryLength() async throws {
    try await withFolder { folder in
      try await writeJournal(folder + "/whole", count: 60, bodyBytes: 300)
      let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/whole"))
      #expect(whole.count >= 5 * 4096)
      var lengths = Set(stride(from: 0, to: whole.count, by: 397)).union(0..<130)
      for page in stride(from: 4096, through: whole.count, by: 4096) { lengths.formUnion((page - 3)...(page + 3)) }
      for length in lengths.filter({ $0 < whole.count }).sorted() {
        try whole.prefix(length).write(to: URL(fileURLWithPath: folder + "/cut"))
        let damage = await failure { _ = try await SQLiteJournal.open(at: folder + "/cut", .resume) }
        #expect(damage?.exit == .journalDamaged, "cut to \(length) of \(whole.count)")
        #expect(damage?.cure.isEmpty == false)
      }
    }
  }

  @Test func otherFilesAreNotTakenForJournals() async throws {
    try await withFolder { folder in
      var generator = SystemRandomNumberGenerator()
      let noise = Data((0..<20_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
      let magic = Data("SQLite format 3\0".utf8)
      for (name, content) in [("noise", noise), ("magic", magic + noise), ("text", Data("hello\n".utf8))] {
        try content.write(to: URL(fileURLWithPath: folder + "/" + name))
        let damage = await failure { _ = try await SQLiteJournal.open(at: folder + "/" + name, .resume) }
        #expect(damage?.exit == .journalDamaged, "\(name)")
      }
      let foreign = try DatabaseQueue(path: folder + "/foreign")
      try await foreign.write { try $0.execute(sql: "CREATE TABLE t (x)") }
      try foreign.close()
      let damage = await failure { _ = try await SQLiteJournal.open(at: folder + "/foreign", .resume) }
      #expect(damage?.exit == .journalDamaged)
    }
  }

  /// Bytes flipped anywhere in the file may be harmless (free space), but never crash and never change a record.
  @Test func flippedBytesInTheFileNeverPassAsOtherRecords() async throws {
    try await withFolder { folder in
      try await writeJournal(folder + "/whole", count: 30, bodyBytes: 200)
      let journal = try await SQLiteJournal.open(at: folder + "/whole", .resume)
      let original = try await journal.records()
      try await journal.close()
      let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/whole"))
      var found = 0
      for offset in stride(from: 0, to: whole.count, by: 61) {
        var flipped = whole
        flipped[offset] ^= 0x10
        try flipped.write(to: URL(fileURLWithPath: folder + "/flipped"))
        do {
          let journal = try await SQLiteJournal.open(at: folder + "/flipped", .resume)
          #expect(try await journal.records() == original, "byte \(offset)")
          try await journal.close()
        } catch is BulkheadError {
          found += 1
        }
      }
      #expect(found > whole.count / 61 / 2)
    }
  }

  private func expectDamage(_ journal: SQLiteJournal, in places: [Int], _ what: String) async {
    do {
      try await journal.verify()
      Issue.record("not found: \(what)")
    } catch let error as BulkheadError {
      #expect(error.exit == .journalDamaged)
      #expect(places.contains { error.message.contains("record \($0) ") }, "\(what): \(error.message)")
    } catch {
      Issue.record("\(what): \(error)")
    }
  }

  private func restore(_ raw: DatabaseQueue, _ column: String, _ seq: Int) async throws {
    try await raw.write {
      let saved = "SELECT \(column) FROM saved WHERE seq = \(seq)"
      try $0.execute(sql: "UPDATE record SET \(column) = (\(saved)) WHERE seq = \(seq)")
    }
  }
}
