import Crypto

/// One line of a run's journal. Each record carries the hash of the one before it, so that a record changed, removed or
/// moved afterwards breaks the chain at that place.
package struct JournalRecord: Sendable, Equatable, Codable {
  /// Place in the journal, from 1, without gaps.
  package var seq: Int
  /// Milliseconds since 1970-01-01 UTC, for people. The order is `seq`: a wall clock may step back.
  package var time: Int64
  package var kind: String
  /// Canonical JSON.
  package var body: String
  /// `hash` of the record before; `genesis` for the first.
  package var previousHash: String
  /// SHA-256 in lower-case hex, see `hash(previousHash:seq:time:kind:body:)`.
  package var hash: String

  /// What stands in for the previous hash of the first record.
  package static let genesis = String(repeating: "0", count: 64)

  package init(seq: Int, time: Int64, kind: String, body: String, previousHash: String, hash: String) {
    self.seq = seq
    self.time = time
    self.kind = kind
    self.body = body
    self.previousHash = previousHash
    self.hash = hash
  }

  /// The record that follows `last` (`nil`: the first one), with its hash.
  package init(after last: (seq: Int, hash: String)?, time: Int64, kind: String, body: String) {
    let seq = (last?.seq ?? 0) + 1
    let previous = last?.hash ?? Self.genesis
    self.init(
      seq: seq, time: time, kind: kind, body: body, previousHash: previous,
      hash: Self.hash(previousHash: previous, seq: seq, time: time, kind: kind, body: body))
  }

  /// SHA-256 over the previous hash, seq and time in decimal, kind and body, in this order, each as UTF-8 after its
  /// length in bytes (8 bytes, big-endian). The lengths keep two different records from giving the same bytes.
  package static func hash(previousHash: String, seq: Int, time: Int64, kind: String, body: String) -> String {
    var digest = SHA256()
    for field in [previousHash, String(seq), String(time), kind, body] {
      let bytes = Array(field.utf8)
      withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { digest.update(bufferPointer: $0) }
      digest.update(data: bytes)
    }
    return digest.finalize().map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
  }
}

/// The durable, append-only record of a run: the truth from which a killed run goes on. One writer at a time.
package protocol Journal: Sendable {
  /// Writes the record that follows the last one and returns after it has reached the disk (fsync).
  ///
  /// Not idempotent: every call that returns has added one record. A call that throws has added none, except where the
  /// error says that the outcome is unknown; then the journal refuses further appends and must be opened anew to see.
  /// Cancellation is not observed: a cancelled run still has its undo to record.
  func append(kind: String, body: String) async throws -> JournalRecord

  /// Every record in the order of `seq`; a pure read.
  func records() async throws -> [JournalRecord]
}

/// A journal that forgets everything with its process, for tests of the engine and for dry runs.
package actor InMemoryJournal: Journal {
  private var stored: [JournalRecord]
  private let now: @Sendable () -> Int64

  /// - Parameter now: milliseconds since 1970; by default always 0, so that two equal runs give equal journals.
  package init(records: [JournalRecord] = [], now: @escaping @Sendable () -> Int64 = { 0 }) {
    self.stored = records
    self.now = now
  }

  package func append(kind: String, body: String) -> JournalRecord {
    let last = stored.last.map { (seq: $0.seq, hash: $0.hash) }
    let record = JournalRecord(after: last, time: now(), kind: kind, body: body)
    stored.append(record)
    return record
  }

  package func records() -> [JournalRecord] { stored }
}
