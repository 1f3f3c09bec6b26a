import Foundation
import GRDB
import Rollout

/// How far a running program has come, read from a copy of its journal: opening the journal itself could get in the
/// way of the program, which takes the first failed lock for a reason to stop.
struct JournalProgress: Sendable {
  let folder: Folder
  let out: String

  /// Records so far; 0 while there is no journal.
  func records() async throws -> Int {
    let copy = "\(folder.path)/.copy-\(UUID().uuidString)"
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: copy + suffix) } }
    let journal = "\(folder.path)/\(out)/journal.sqlite"
    // A log that grew while it was copied ends in half a frame, which SQLite leaves out.
    for suffix in ["", "-wal"] { try? FileManager.default.copyItem(atPath: journal + suffix, toPath: copy + suffix) }
    guard let queue = try? DatabaseQueue(path: copy) else { return 0 }
    defer { try? queue.close() }
    return (try? await queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM record") }) ?? 0
  }
}
