import Diagnostics
import GRDB
import Rollout

/// Reads records and walks their chain. Values are taken as they lie in the file: a damaged one is reported by its
/// place in the chain and never repaired in passing.
enum JournalReader {
  static func last(_ db: Database, path: String) throws -> JournalRecord? {
    try Row.fetchOne(db, sql: selection + " ORDER BY seq DESC LIMIT 1").map { try decode($0, place: nil, path: path) }
  }

  /// Every record, each checked against the one before it.
  static func chain(_ db: Database, path: String) throws -> [JournalRecord] {
    var records: [JournalRecord] = []
    var chain = JournalChain()
    let rows = try Row.fetchCursor(db, sql: selection + " ORDER BY seq")
    while let row = try rows.next() {
      let record = try decode(row, place: records.count + 1, path: path)
      if let problem = chain.problem(with: record) { throw JournalFailure.damaged(path, problem) }
      records.append(record)
    }
    return records
  }

  /// SQLite's own check of the pages; finds what the chain cannot see, such as a lost index of pages.
  static func checkPages(_ db: Database, path: String) throws {
    let findings = try DatabaseValue.fetchAll(db, sql: "PRAGMA integrity_check(1)")
    guard findings == ["ok".databaseValue] else {
      throw JournalFailure.damaged(path, "SQLite's integrity check found \(findings.map(\.description).joined())")
    }
  }

  private static let selection = """
    SELECT seq, time, CAST(kind AS BLOB), CAST(body AS BLOB), CAST(previous_hash AS BLOB), CAST(hash AS BLOB) \
    FROM record
    """

  private static func decode(_ row: Row, place: Int?, path: String) throws -> JournalRecord {
    func broken() -> BulkheadError {
      JournalFailure.damaged(path, "\(place.map { "record \($0)" } ?? "the last record") cannot be read")
    }
    func number(_ index: Int) throws -> Int64 {
      guard case .int64(let number) = (row[index] as DatabaseValue).storage else { throw broken() }
      return number
    }
    func text(_ index: Int) throws -> String {
      guard case .blob(let data) = (row[index] as DatabaseValue).storage,
        let text = String(validating: data, as: UTF8.self)
      else { throw broken() }
      return text
    }
    return JournalRecord(
      seq: Int(try number(0)), time: try number(1), kind: try text(2), body: try text(3),
      previousHash: try text(4), hash: try text(5))
  }
}
