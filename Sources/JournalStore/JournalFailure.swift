import Diagnostics
import GRDB

/// Turns what SQLite reports into errors with a cure.
enum JournalFailure {
  static func damaged(_ path: String, _ why: String, cause: (any Error)? = nil) -> BulkheadError {
    BulkheadError(
      .journalDamaged, "the journal \(path) is damaged: \(why)",
      cure: "keep a copy for inspection, restore the folder from a backup if there is one, "
        + "and otherwise start the run anew in another output folder",
      cause: cause)
  }

  static func alreadyThere(_ path: String) -> BulkheadError {
    BulkheadError(
      .usage, "\(path) is there already",
      cure: "go on with that run by --resume, or choose another folder for --out")
  }

  static func isDamage(_ error: any Error) -> Bool {
    (translate(error, path: "") as? BulkheadError)?.exit == .journalDamaged
  }

  static func translate(_ error: any Error, path: String) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    switch error.resultCode {
    case .SQLITE_NOTADB:
      return damaged(path, "it is not a SQLite database", cause: error)
    case .SQLITE_CORRUPT, .SQLITE_FORMAT, .SQLITE_SCHEMA:
      return damaged(path, "its pages do not fit together", cause: error)
    case .SQLITE_FULL:
      return BulkheadError(
        .tryAgain, "no space left for the journal \(path); the record was not written, all earlier ones are safe",
        cure: "free some space, then go on with --resume", cause: error)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return BulkheadError(
        .tryAgain, "another program holds the journal \(path) open for writing",
        cure: "close that program, then go on with --resume", cause: error)
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_CANTOPEN:
      return BulkheadError(
        .notPermitted, "cannot write the journal \(path)", cure: "use an output folder that you may write to",
        cause: error)
    default:
      return BulkheadError(
        .unexpected, "the journal \(path) cannot be written or read",
        cure: "check the disk (dmesg), then go on with --resume: what was recorded is read again", cause: error)
    }
  }

  /// Whether a failed write may nevertheless have reached the disk. A full disk is certain: SQLite rolled back.
  static func leavesOutcomeUnknown(_ error: any Error) -> Bool {
    guard let error = error as? DatabaseError else { return false }
    return ![.SQLITE_FULL, .SQLITE_BUSY, .SQLITE_CONSTRAINT].contains(error.resultCode)
  }
}
