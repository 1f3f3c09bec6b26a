import Diagnostics
import FleetModel
import Foundation
import Intake
package import KubernetesAPI
package import Rollout

/// A run's journal in ConfigMaps: append-only, hash-chained, one record a key.
///
/// Every record is one write that holds only where the map is as this writer left it, so that of two writers one fails;
/// and the client refuses it without the lease. The maps belong to their `Rollout` and go with it.
package actor ClusterJournal: Journal {
  /// A map is full at this size; an API server takes a megabyte and a half.
  private static let fullBytes = 256 << 10
  private static let recordBytes = 900_000
  private static let mapLimit = 10_000

  private struct Map {
    var index: Int
    var live: DocumentValue
    var bytes: Int
  }

  private let client: KubernetesClient
  private let owner: RolloutOwner
  private var stored: [JournalRecord] = []
  private var map: Map?
  private var isInDoubt = false
  private let now: @Sendable () -> Int64

  /// Reads what is there.
  /// - Parameter least: how many records there must be; a chain that was cut off at its end shows it by nothing else.
  /// - Throws: `BulkheadError` 83 where the chain is broken or too short.
  package static func open(
    _ client: KubernetesClient, _ owner: RolloutOwner, least: Int,
    now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) }
  ) async throws -> ClusterJournal {
    let journal = ClusterJournal(client, owner, now: now)
    try await journal.load()
    let count = await journal.stored.count
    guard count >= least else { throw await journal.damaged("it has \(count) records, and had \(least)") }
    return journal
  }

  private init(_ client: KubernetesClient, _ owner: RolloutOwner, now: @escaping @Sendable () -> Int64) {
    (self.client, self.owner, self.now) = (client, owner, now)
  }

  private func name(_ index: Int) -> ObjectName { owner.configMap("journal-\(index)") }

  private func load() async throws {
    var chain = JournalChain()
    for index in 0..<Self.mapLimit {
      let live: DocumentValue
      do {
        live = try await client.get(name(index))
      } catch let failure as APIFailure where failure.kind == .notFound {
        return
      }
      guard owner.owns(live) else { throw owner.foreign(name(index)) }
      var bytes = 0
      for entry in (live["data"]?.entries ?? []).sorted(by: { $0.key < $1.key }) {
        let text = entry.value.string ?? ""
        bytes += text.utf8.count
        guard let record = try? JSONDecoder().decode(JournalRecord.self, from: Data(text.utf8)) else {
          throw damaged("record \(entry.key.safeForTerminal) cannot be read")
        }
        if let problem = chain.problem(with: record) { throw damaged(problem) }
        stored.append(record)
      }
      map = Map(index: index, live: live, bytes: bytes)
    }
    throw damaged("it has more than \(Self.mapLimit) maps")
  }

  private func damaged(_ what: String) -> BulkheadError {
    BulkheadError(
      .journalDamaged, "the journal of the rollout \(owner.name) is damaged: \(what)",
      cure:
        "look who wrote to the ConfigMaps rollout-\(owner.name)-journal-*, and put the workloads back by hand; with "
        + "onDeletion Keep the object can then be deleted")
  }

  package func append(kind: String, body: String) async throws -> JournalRecord {
    guard !isInDoubt else {
      throw BulkheadError(
        .tryAgain, "an earlier write to the journal had an unknown outcome", cure: "it is read again by the next leader"
      )
    }
    let last = stored.last.map { (seq: $0.seq, hash: $0.hash) }
    let record = JournalRecord(after: last, time: now(), kind: kind, body: body)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(record), as: UTF8.self)
    guard text.utf8.count <= Self.recordBytes else {
      throw BulkheadError(
        .unexpected, "a record of \(text.utf8.count) bytes is too long for the cluster",
        cure: "carry this plan out from the command line: bulkhead rollout start")
    }
    // Until the answer is here nobody knows.
    isInDoubt = true
    try await write(text, as: key(record.seq), nonce: record.hash)
    isInDoubt = false
    stored.append(record)
    return record
  }

  private func write(_ text: String, as key: String, nonce: String) async throws {
    let bytes = text.utf8.count
    if let map, map.bytes + bytes <= Self.fullBytes {
      let live = try await client.patch(
        name(map.index), with: .map(["data": .labels([key: text])]), precondition: Precondition(of: map.live))
      self.map = Map(index: map.index, live: live, bytes: map.bytes + bytes)
    } else {
      let index = (map?.index ?? -1) + 1
      let object = owner.object(name(index), data: [key: text])
      let live = try await client.create(object, as: name(index), request: nonce)
      map = Map(index: index, live: live, bytes: bytes)
    }
  }

  /// So that the order of keys is the order of records.
  private func key(_ seq: Int) -> String {
    let text = String(seq)
    return String(repeating: "0", count: max(0, 8 - text.count)) + text
  }

  package func records() -> [JournalRecord] { stored }
}
