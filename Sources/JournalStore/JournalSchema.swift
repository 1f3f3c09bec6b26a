import Diagnostics
import GRDB

/// The journal's database format: one strict table and the triggers that let it only grow.
enum JournalSchema {
  /// "BKHD": tells `file` and other tools whose database this is.
  static let applicationID: Int64 = 0x424B_4844
  static let version: Int64 = 1

  /// What the schema consists of, in the order in which it is made. A changed statement needs a new `version`.
  static let statements = [
    """
    CREATE TABLE record (\
    seq INTEGER PRIMARY KEY CHECK (seq >= 1), time INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, \
    previous_hash TEXT NOT NULL, hash TEXT NOT NULL) STRICT
    """,
    """
    CREATE TRIGGER record_only_grows BEFORE INSERT ON record WHEN \
    NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM record) OR \
    (NEW.seq > 1 AND NEW.previous_hash <> (SELECT hash FROM record WHERE seq = NEW.seq - 1)) \
    BEGIN SELECT RAISE(ABORT, 'a record can only follow the last one'); END
    """,
    """
    CREATE TRIGGER record_never_changes BEFORE UPDATE ON record \
    BEGIN SELECT RAISE(ABORT, 'records never change'); END
    """,
    """
    CREATE TRIGGER record_never_vanishes BEFORE DELETE ON record \
    BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END
    """,
  ]

  /// Whether nothing was ever written, as after a kill in the middle of the first start.
  static func isUnborn(_ db: Database) throws -> Bool {
    try number(db, "PRAGMA application_id") == 0 && number(db, "SELECT count(*) FROM sqlite_master") == 0
  }

  /// Write-ahead log with a sync at every commit: one fsync for each record, and after a power cut every acknowledged
  /// record is there. (A rollback journal would need the EXTRA level, and several syncs, for the same promise.)
  static func configure(_ db: Database, path: String) throws {
    try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON")
    let mode = try Row.fetchOne(db, sql: "PRAGMA journal_mode = WAL").map { $0[0] as DatabaseValue }
    guard mode == "wal".databaseValue else {
      throw BulkheadError(
        .configuration, "the file system of \(path) cannot share memory, which the journal needs",
        cure: "choose an output folder on a local disk")
    }
    try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA checkpoint_fullfsync = ON; PRAGMA recursive_triggers = ON")
    guard try number(db, "PRAGMA synchronous") == 2 else {
      throw BulkheadError(.unexpected, "SQLite does not accept synchronous writing for \(path)")
    }
  }

  static func create(_ db: Database) throws {
    try db.inTransaction(.immediate) {
      for statement in statements { try db.execute(sql: statement) }
      try db.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
      return .commit
    }
  }

  /// - Throws: 83 when this is not an intact journal, 78 when a later Bulkhead wrote it.
  static func check(_ db: Database, path: String) throws {
    if try isUnborn(db) { throw JournalFailure.damaged(path, "it is empty: the run ended before its first record") }
    guard try number(db, "PRAGMA application_id") == applicationID else {
      throw JournalFailure.damaged(path, "this database is not a Bulkhead journal")
    }
    let found = try number(db, "PRAGMA user_version") ?? 0
    guard found <= version else {
      throw BulkheadError(
        .configuration, "\(path) has format \(found); this Bulkhead knows formats up to \(version)",
        cure: "resume with the Bulkhead that started the run, or a later one")
    }
    let present = try DatabaseValue.fetchAll(db, sql: "SELECT sql FROM sqlite_master ORDER BY rowid")
    guard found == version, present == statements.map(\.databaseValue) else {
      throw JournalFailure.damaged(path, "its table or its append-only triggers were changed")
    }
  }

  private static func number(_ db: Database, _ sql: String) throws -> Int64? {
    guard let value = try Row.fetchOne(db, sql: sql).map({ $0[0] as DatabaseValue }) else { return nil }
    if case .int64(let number) = value.storage { return number }
    return nil
  }
}
