import Diagnostics
import FleetModel
import Foundation
import IntentModel
import Planning

/// The difference of two plans, for people and for programs (`bulkhead.plan.diff/1`).
struct PlanDifferenceText {
  private let difference: PlanDifference

  init(_ difference: PlanDifference) { self.difference = difference }

  func table(colored: Bool) -> String {
    guard !difference.isEmpty else { return "the plans are the same\n" }
    var text = ""
    if !difference.changes.isEmpty {
      let rows = difference.changes.map { change in
        [TextTable.Cell(change.what), .init(Self.short(change.before), .red), .init(Self.short(change.after), .green)]
      }
      text += TextTable(columns: ["WHAT", "BEFORE", "AFTER"], rows: rows, colored: colored).rendered()
    }
    if !difference.moves.isEmpty {
      if !text.isEmpty { text += "\n" }
      let rows = difference.moves.map { move -> [TextTable.Cell] in
        [
          .init(move.workload.description), .init(move.action.rawValue), .init(Self.wave(move.before), .red),
          .init(Self.wave(move.after), .green),
        ]
      }
      text += TextTable(columns: ["WORKLOAD", "STEP", "BEFORE", "AFTER"], rows: rows, colored: colored).rendered()
    }
    return text
  }

  private static func wave(_ wave: Int?) -> String { wave.map { "wave \($0)" } ?? "never" }

  private static func short(_ text: String) -> String { text.count > 60 ? text.prefix(57) + "…" : text }

  private struct Document: Encodable {
    struct Move: Encodable {
      var workload: String
      var action: String
      var before: Int?
      var after: Int?
    }
    struct Change: Encodable {
      var what: String
      var before: String
      var after: String
    }
    var changes: [Change]
    var moves: [Move]
  }

  func json() throws -> String {
    let document = Document(
      changes: difference.changes.map { Document.Change(what: $0.what, before: $0.before, after: $0.after) },
      moves: difference.moves.map {
        Document.Move(
          workload: $0.workload.description, action: $0.action.rawValue, before: $0.before, after: $0.after)
      })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let body = String(decoding: try encoder.encode(document), as: UTF8.self)
    return "{\n  \"schema\" : \"bulkhead.plan.diff/1\",\n" + body.dropFirst(2) + "\n"
  }
}
