import Diagnostics
import Foundation
import GRDB
import Rollout
import Testing

@testable import JournalStore

/// A fresh folder, removed with everything in it after `body`.
func withFolder<T>(_ body: (String) async throws -> T) async throws -> T {
  let folder = NSTemporaryDirectory() + "/bulkhead-journal-" + UUID().uuidString
  try FileManager.default.createDirectory(
    atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try await body(folder)
}

/// The exit code with which `body` fails; records an issue when it does not fail with a `BulkheadError`.
func failure(_ body: () async throws -> Void, _ location: Testing.SourceLocation = #_sourceLocation) async
  -> BulkheadError?
{
  do {
    try await body()
  } catch let error as BulkheadError {
    return error
  } catch {
    Issue.record("not a BulkheadError: \(error)", sourceLocation: location)
    return nil
  }
  Issue.record("nothing was thrown", sourceLocation: location)
  return nil
}

/// Writes a closed journal of `count` records to `path`.
func writeJournal(_ path: String, count: Int, bodyBytes: Int = 20) async throws {
  let journal = try await SQLiteJournal.open(at: path, .create, now: { 1_700_000_000_000 })
  for number in 1...count {
    _ = try await journal.append(kind: "note", body: body(number, bytes: bodyBytes))
  }
  try await journal.close()
}

/// A body that can be told from every other record's.
func body(_ number: Int, bytes: Int) -> String {
  #"{"n":\#(number),"fill":""# + String(repeating: "é\(number % 10)", count: bytes / 3) + #""}"#
}

/// A second connection that knows nothing of Bulkhead, with the triggers out of the way.
func rawConnection(_ path: String, withoutTriggers: Bool = true) throws -> DatabaseQueue {
  let raw = try DatabaseQueue(path: path)
  if withoutTriggers {
    try raw.write { db in
      for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'trigger'") {
        try db.execute(sql: "DROP TRIGGER \(name)")
      }
    }
  }
  return raw
}

func mode(_ path: String) throws -> Int {
  try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
}
