import Composition
import Diagnostics
import Foundation

/// The checks of a preflight, for people and for programs.
struct PreflightDocument {
  private let checks: [ClusterCheck]

  init(_ checks: [ClusterCheck]) { self.checks = checks }

  var isReady: Bool { !checks.contains { $0.result == .fail } }

  /// Categories in the order of their first check.
  private var categories: [(name: String, checks: [ClusterCheck])] {
    var names: [String] = []
    for check in checks where !names.contains(check.category) { names.append(check.category) }
    return names.map { name in (name, checks.filter { $0.category == name }) }
  }

  // MARK: - For people

  func text(colored: Bool, isUnicode: Bool) -> String {
    let paint = Paint(colored)
    return categories.map { category in
      let lines = category.checks.map { line($0, paint, isUnicode) }
      return paint.bold(category.name) + "\n" + lines.joined()
    }.joined(separator: "\n")
  }

  private func line(_ check: ClusterCheck, _ paint: Paint, _ isUnicode: Bool) -> String {
    let mark: String
    switch check.result {
    case .pass: mark = paint.green(isUnicode ? "√ ok     " : "ok     ")
    case .warning: mark = paint.yellow(isUnicode ? "‼ warning" : "warning")
    case .fail: mark = paint.red(isUnicode ? "× FAILED " : "FAILED ")
    case .unknown: mark = paint.dim(isUnicode ? "? unknown" : "unknown")
    }
    var text = "  \(mark)  \(check.code)  \(check.title): \(check.detail.safeForTerminal)\n"
    if !check.cure.isEmpty { text += "             \(paint.dim("cure: \(check.cure.safeForTerminal)"))\n" }
    return text
  }

  var summary: String {
    let counts: [(ClusterCheck.Result, String)] = [
      (.fail, "failed"), (.warning, "with a warning"), (.unknown, "unknown"), (.pass, "passed"),
    ]
    let parts = counts.compactMap { result, word -> String? in
      let count = checks.count { $0.result == result }
      return count == 0 ? nil : "\(count) \(word)"
    }
    let verdict = isReady ? "Nothing keeps a rollout from starting" : "This cluster is not ready"
    return "\(verdict): of \(checks.count) checks, \(parts.joined(separator: ", "))."
  }

  // MARK: - For programs

  private struct Document: Encodable {
    struct Category: Encodable {
      var name: String
      var checks: [Check]
    }
    struct Check: Encodable {
      var code: String
      var title: String
      var result: String
      var detail: String
      var cure: String?
    }
    var success: Bool
    var categories: [Category]
  }

  /// `bulkhead.preflight/1`.
  func json() throws -> String {
    let document = Document(
      success: isReady,
      categories: categories.map { category in
        Document.Category(
          name: category.name,
          checks: category.checks.map {
            Document.Check(
              code: $0.code, title: $0.title, result: $0.result.rawValue, detail: $0.detail,
              cure: $0.cure.isEmpty ? nil : $0.cure)
          })
      })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let body = String(decoding: try encoder.encode(document), as: UTF8.self)
    // The schema goes first, which sorted keys alone would not do.
    return "{\n  \"schema\" : \"bulkhead.preflight/1\",\n" + body.dropFirst(2) + "\n"
  }
}
