import Diagnostics
import FleetModel
import Foundation
import JournalStore
import Planning
import Rollout

/// How far a rollout has come, as its journal tells it; and what people may tell it.
package struct ClusterRolloutStatus: Sendable {
  private struct Document: Encodable {
    struct Wave: Encodable {
      var name: String
      var result: String
      var reason: String?
      var notPutBack: [String]?
      var workloads: [String]
    }
    var schema = "bulkhead.rolloutStatus/1"
    var result: String
    var paused: Bool
    /// Its wave failed and waits for people.
    var frozen: Bool
    var undone: Bool
    var epochs: Int
    var waves: [Wave]
  }
  private let document: Document

  /// - Throws: `BulkheadError`: 65 where there is none, 83 for a damaged journal.
  package static func read(_ path: String) async throws -> ClusterRolloutStatus {
    let folder = try ClusterRolloutFolder.open(path)
    let plan = try PlanFile.read(Array(try folder.read(folder.plan)), name: folder.plan).plan
    guard folder.has(folder.journal) else { return ClusterRolloutStatus(folder, plan, nil) }
    return ClusterRolloutStatus(folder, plan, try await history(folder))
  }

  /// From a copy: whoever carries the run out has the journal itself, and may write while it is being copied. A copy
  /// that does not hold together is made again before the journal is said to be damaged.
  private static func history(_ folder: ClusterRolloutFolder) async throws -> RunHistory {
    var attempt = 1
    while true {
      do {
        return try await copiedHistory(folder)
      } catch let error as BulkheadError where error.exit == .journalDamaged && attempt < 5 {
        attempt += 1
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  private static func copiedHistory(_ folder: ClusterRolloutFolder) async throws -> RunHistory {
    let copy = FileManager.default.temporaryDirectory.appendingPathComponent("bulkhead-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: copy) }
    for suffix in ["", "-wal"] where folder.has(folder.journal + suffix) {
      try FileManager.default.copyItem(
        atPath: folder.journal + suffix, toPath: copy.path + "/journal.sqlite" + suffix)
    }
    let journal = try await SQLiteJournal.open(at: copy.path + "/journal.sqlite", .resume)
    do {
      let history = try RunHistory(try await journal.records())
      try await journal.close()
      return history
    } catch {
      try? await journal.close()
      throw error
    }
  }

  private init(_ folder: ClusterRolloutFolder, _ plan: Plan, _ history: RunHistory?) {
    let ended = Dictionary((history?.waves ?? []).map { ($0.index, $0) }) { _, last in last }
    let waves = plan.waves.map { wave in
      Document.Wave(
        name: wave.name, result: ended[wave.index]?.result.rawValue ?? "open", reason: ended[wave.index]?.reason,
        notPutBack: ended[wave.index]?.notPutBack, workloads: wave.workloads.map(\.description))
    }
    document = Document(
      result: history?.result?.rawValue ?? "running", paused: folder.has(folder.pause),

      frozen: history?.result == nil && folder.has(folder.frozen),
      undone: folder.has(folder.undone),
      epochs: history?.epochs ?? 0, waves: waves)
  }

  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    // `schema` is to be first, and sorts behind others.
    let text = String(decoding: try encoder.encode(document), as: UTF8.self)
    let line = "  \"schema\" : \"\(document.schema)\",\n"
    return "{\n" + line + text.dropFirst(2).replacingOccurrences(of: line, with: "") + "\n"
  }

  package var text: String {
    var lines = document.waves.flatMap { wave in
      let names = wave.workloads.joined(separator: ", ")
      return ["\(wave.name)  \(wave.result)  \(names)"] + (wave.reason.map { ["  \($0)"] } ?? [])
        + (wave.notPutBack ?? []).map { "  not put back: \($0)" }
    }
    let state =
      document.undone
      ? "undone"
      : document.result + (document.paused ? ", paused" : "")
        + (document.frozen ? ", frozen: 'bulkhead rollout abort' has its wave put back" : "")
    lines.append("the run: \(state)")
    return lines.map(\.safeForTerminal).joined(separator: "\n") + "\n"
  }

  package static func pause(_ path: String) throws {
    let folder = try ClusterRolloutFolder.open(path)
    try folder.write("", to: folder.pause)
  }

  package static func goOn(_ path: String) throws {
    let folder = try ClusterRolloutFolder.open(path)
    folder.remove(folder.pause)
  }

  package static func approve(_ path: String, wave: Int) throws {
    let folder = try ClusterRolloutFolder.open(path)
    try folder.write("", to: folder.approval(wave: wave))
  }

  package static func abort(_ path: String) throws {
    let folder = try ClusterRolloutFolder.open(path)
    try folder.write("", to: folder.abort)
  }
}
