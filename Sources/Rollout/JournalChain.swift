/// Walks a journal from its first record, and tells where the chain breaks.
package struct JournalChain: Sendable {
  private var count = 0
  private var hash = JournalRecord.genesis

  package init() {}

  /// What is wrong with the next record, in words; nil where it follows the one before it.
  package mutating func problem(with record: JournalRecord) -> String? {
    let place = count + 1
    guard record.seq == place else {
      return "record \(place) is missing (found number \(record.seq) in its place)"
    }
    // Texts that look alike are not the same bytes.
    guard record.previousHash.utf8.elementsEqual(hash.utf8) else {
      return "record \(place) does not follow record \(place - 1)"
    }
    let expected = JournalRecord.hash(
      previousHash: hash, seq: record.seq, time: record.time, kind: record.kind, body: record.body)
    guard record.hash.utf8.elementsEqual(expected.utf8) else {
      return "record \(place) does not have the hash of its content"
    }
    (count, hash) = (place, expected)
    return nil
  }
}
