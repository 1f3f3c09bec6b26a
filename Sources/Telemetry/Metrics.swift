import Synchronization

/// Counters and gauges of this program, in the text format that Prometheus reads (exposition format 0.0.4).
///
/// Names and labels come from this program alone, so that their number is bounded.
package final class Metrics: Sendable {
  package enum Kind: String, Sendable { case counter, gauge }

  package struct Family: Sendable {
    package var name: String
    package var kind: Kind
    package var help: String

    package init(_ kind: Kind, _ name: String, _ help: String) {
      (self.kind, self.name, self.help) = (kind, name, help)
    }
  }

  private struct Key: Hashable, Comparable {
    var name: String
    /// As they are written: `{phase="Running"}`, or nothing.
    var labels: String

    static func < (left: Key, right: Key) -> Bool { (left.name, left.labels) < (right.name, right.labels) }
  }

  private let families: [Family]
  private let values: Mutex<[Key: Double]>

  /// A counter or gauge that has no labels shows from the beginning.
  package init(_ families: [Family], unlabelled: Set<String> = []) {
    self.families = families.sorted { $0.name < $1.name }
    values = Mutex(Dictionary(uniqueKeysWithValues: unlabelled.map { (Key(name: $0, labels: ""), 0) }))
  }

  package func add(_ amount: Double = 1, to name: String, _ labels: KeyValuePairs<String, String> = [:]) {
    let key = Key(name: name, labels: Self.text(labels))
    values.withLock { $0[key, default: 0] += amount }
  }

  package func set(_ name: String, _ labels: KeyValuePairs<String, String> = [:], to value: Double) {
    let key = Key(name: name, labels: Self.text(labels))
    values.withLock { $0[key] = value }
  }

  package var text: String {
    let values = values.withLock { $0 }
    return families.map { family in
      let own = values.filter { $0.key.name == family.name }.sorted { $0.key < $1.key }
      let lines = own.map { "\($0.key.name)\($0.key.labels) \(Self.text($0.value))\n" }
      return "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.rawValue)\n" + lines.joined()
    }.joined()
  }

  private static func text(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }

  private static func text(_ labels: KeyValuePairs<String, String>) -> String {
    guard !labels.isEmpty else { return "" }
    return "{" + labels.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
  }

  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
