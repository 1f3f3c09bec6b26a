import Diagnostics

/// A condition on a label. There is no free regular expression, so that the same condition can be put into a query and
/// be checked here, and nothing that a name holds can change the query.
package struct LabelMatcher: Sendable, Equatable {
  enum Condition: Sendable, Equatable {
    case equals(String)
    case differs(String)
    /// Pods of a Deployment of this name.
    case podOfDeployment(String)
  }

  let label: String
  let condition: Condition

  init(_ label: String, _ condition: Condition) {
    self.label = label
    self.condition = condition
  }

  init(_ label: String, _ value: String) { self.init(label, .equals(value)) }

  /// Reads `LABEL=VALUE` or `LABEL!=VALUE`, as a user writes it; the value may be in double quotes.
  ///
  /// - Throws: `BulkheadError(.usage)` for anything else.
  package init(parsing text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.count <= 1_024 else { throw Self.bad(text) }
    let isNegated = parts[0].hasSuffix("!")
    let label = String(isNegated ? parts[0].dropLast() : parts[0])
    var value = String(parts[1])
    if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") { value = String(value.dropFirst().dropLast()) }
    guard Self.isLabelName(label), !value.hasPrefix("~") else { throw Self.bad(text) }
    self.init(label, isNegated ? .differs(value) : .equals(value))
  }

  private static func bad(_ text: String) -> BulkheadError {
    BulkheadError(
      .usage, "'\(String(text.prefix(200)).safeForTerminal)' is no condition on a label",
      cure: "write LABEL=VALUE or LABEL!=VALUE, such as destination_version=v2")
  }

  static func isLabelName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first), text.utf8.count <= 256 else { return false }
    return text.utf8.allSatisfy {
      switch $0 {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
      default: false
      }
    }
  }

  func matches(_ series: MetricSeries) -> Bool {
    // As in PromQL, a label that is absent is empty.
    let value = series[label] ?? ""
    switch condition {
    case .equals(let wanted): return value == wanted
    case .differs(let unwanted): return value != unwanted
    case .podOfDeployment(let name): return Self.isPod(value, of: name)
    }
  }

  var promQL: String {
    switch condition {
    case .equals(let value): "\(label)=\(PromQL.quoted(value))"
    case .differs(let value): "\(label)!=\(PromQL.quoted(value))"
    case .podOfDeployment(let name):
      "\(label)=~\(PromQL.quoted("\(PromQL.regexQuoted(name))-[\(Self.hashClass)]+-[\(Self.hashClass)]{5}"))"
    }
  }

  /// What Kubernetes makes the ends of generated names from: no vowels, so that the pods of `cart` are told from those
  /// of `cart-canary`.
  private static let hashLetters = Set("bcdfghjklmnpqrstvwxz2456789".utf8)
  private static let hashClass = "b-df-hj-np-tv-xz2-9"

  private static func isPod(_ pod: String, of name: String) -> Bool {
    guard pod.hasPrefix(name + "-") else { return false }
    let parts = pod.dropFirst(name.count + 1).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, parts[1].utf8.count == 5 else { return false }
    return parts.allSatisfy { $0.utf8.allSatisfy { hashLetters.contains($0) || $0 == 0x33 } }
  }
}

/// Text that goes into a query.
enum PromQL {
  /// A string literal: whatever is in the value stays in it.
  static func quoted(_ value: String) -> String {
    var result = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\x" + (digits.count == 1 ? "0" : "") + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A literal inside a regular expression.
  static func regexQuoted(_ value: String) -> String {
    var result = ""
    for character in value {
      if ".+*?()|[]{}^$\\".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result
  }

  /// A duration; Prometheus knows whole milliseconds.
  static func duration(_ seconds: Double) -> String { "\(Int((seconds * 1_000).rounded(.up)))ms" }
}
