import Diagnostics
import Dispatch
import GRDB
import Glibc
package import Rollout
import Synchronization

/// A run's journal in one SQLite file: append-only, hash-chained, one writer, every record synced to disk before
/// `append` returns.
///
/// While it is open there is a `-wal` and a `-shm` file beside it; `close` folds them in. After a kill they stay, and
/// belong to the journal until the next `open`. The chain shows any record that was changed, removed or moved; it
/// cannot show that the newest records were cut off as a whole, nor that someone wrote the whole journal anew.
package final class SQLiteJournal: Journal {
  package enum Opening: Sendable {
    /// A new run: refused (64) where a journal already is.
    case create
    /// Go on with a run: the journal must be there and verify.
    case resume
  }

  private enum State {
    case open, unknown, closed
  }

  package let path: String
  private let queue: DatabaseQueue
  // Declared after the queue, so that it goes after it: closing any descriptor of a file drops SQLite's own locks.
  private let file: Mutex<JournalFile?>
  private let state = Mutex(State.open)
  private let now: @Sendable () -> Int64

  /// Opens the journal at `path`, mode 0600, and holds it against other writers until `close`.
  ///
  /// - Parameter now: milliseconds since 1970-01-01 UTC, stamped on each record.
  /// - Throws: `BulkheadError` with 75 when another process holds it, 83 when it is damaged, 65 when there is none to
  ///   resume, 64 when there is one already, 77 or 78 when the place is not safe to write to.
  package static func open(
    at path: String, _ opening: Opening, now: @escaping @Sendable () -> Int64 = SQLiteJournal.wallClock
  ) async throws -> SQLiteJournal {
    try await onThread { try SQLiteJournal(path: path, opening, now: now) }
  }

  private init(path: String, _ opening: Opening, now: @escaping @Sendable () -> Int64) throws {
    let file = try JournalFile(path: path, create: opening == .create)
    let wasEmpty = file.size == 0
    var configuration = Configuration()
    configuration.label = "bulkhead.journal"
    configuration.busyMode = .immediateError
    var opened: DatabaseQueue?
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      opened = queue
      try file.checkSameFile()
      try queue.writeWithoutTransaction { db in
        switch opening {
        case .create:
          guard wasEmpty || (try? JournalSchema.isUnborn(db)) == true else { throw JournalFailure.alreadyThere(path) }
          try JournalSchema.configure(db, path: path)
          try JournalSchema.create(db)
        case .resume:
          try JournalSchema.check(db, path: path)
          try JournalSchema.configure(db, path: path)
        }
        try JournalReader.checkPages(db, path: path)
        _ = try JournalReader.chain(db, path: path)
      }
      self.queue = queue
    } catch {
      try? opened?.close()
      // Someone else's file that is no database at all is theirs, not a damaged journal of ours.
      if opening == .create, !wasEmpty, JournalFailure.isDamage(error) { throw JournalFailure.alreadyThere(path) }
      throw JournalFailure.translate(error, path: path)
    }
    self.path = path
    self.now = now
    self.file = Mutex(file)
  }

  package func append(kind: String, body: String) async throws -> JournalRecord {
    guard !kind.utf8.contains(0), !body.utf8.contains(0) else {
      throw BulkheadError(.unexpected, "a journal record of kind \(kind.debugDescription) holds a NUL byte")
    }
    return try await perform { [path, now] db in
      var appended: JournalRecord?
      try db.inTransaction(.immediate) {
        let last = try JournalReader.last(db, path: path).map { (seq: $0.seq, hash: $0.hash) }
        let record = JournalRecord(after: last, time: now(), kind: kind, body: body)
        try db.execute(
          sql: "INSERT INTO record (seq, time, kind, body, previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?)",
          arguments: [record.seq, record.time, record.kind, record.body, record.previousHash, record.hash])
        appended = record
        return .commit
      }
      guard let appended else { throw BulkheadError(.unexpected, "the journal \(path) kept no record") }
      return appended
    }
  }

  package func records() async throws -> [JournalRecord] {
    try await perform { [path] db in try JournalReader.chain(db, path: path) }
  }

  /// Checks the pages and walks the chain; returns how many records hold.
  /// - Throws: 83, naming the first bad record.
  @discardableResult
  package func verify() async throws -> Int {
    try await perform { [path] db in
      try JournalReader.checkPages(db, path: path)
      return try JournalReader.chain(db, path: path).count
    }
  }

  /// Folds the write-ahead log into the one file and lets go of it. Closing twice is harmless. Where the fold fails (a
  /// full disk), every record is still safe in the `-wal` file and the next `open` takes it up.
  package func close() async throws {
    let wasOpen = state.withLock { state in
      defer { state = .closed }
      return state != .closed
    }
    guard wasOpen else { return }
    let fold = await folding()
    try await Self.onThread { [queue] in try queue.close() }
    file.withLock { $0 = nil }
    try fold.get()
  }

  private func folding() async -> Result<Void, any Error> {
    do {
      try await onQueue { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
      return .success(())
    } catch {
      return .failure(JournalFailure.translate(error, path: path))
    }
  }

  /// Milliseconds since 1970-01-01 UTC by the system's clock.
  package static let wallClock: @Sendable () -> Int64 = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Runs `work` in its turn, unless the journal is closed or in doubt.
  private func perform<T: Sendable>(_ work: @escaping @Sendable (Database) throws -> T) async throws -> T {
    try await onQueue { [self] db in
      switch state.withLock({ $0 }) {
      case .open: break
      case .closed: throw BulkheadError(.unexpected, "the journal \(path) is already closed")
      case .unknown:
        throw BulkheadError(
          .unexpected, "an earlier write to the journal \(path) failed with an unknown outcome",
          cure: "check the disk (dmesg), then go on with --resume: what was recorded is read again")
      }
      do {
        return try work(db)
      } catch {
        if JournalFailure.leavesOutcomeUnknown(error) { state.withLock { if $0 == .open { $0 = .unknown } } }
        throw JournalFailure.translate(error, path: path)
      }
    }
  }

  /// GRDB's own `async` methods give up when their task is cancelled, which would leave a record in doubt.
  private func onQueue<T: Sendable>(_ work: @escaping @Sendable (Database) throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      queue.asyncWriteWithoutTransaction { db in continuation.resume(with: Result { try work(db) }) }
    }
  }

  /// Opening and closing touch the whole file: that is no work for the cooperative threads.
  private static func onThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "bulkhead.journal.file").async { continuation.resume(with: Result { try work() }) }
    }
  }
}
