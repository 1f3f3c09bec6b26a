import Diagnostics
import Yams

/// A value of a kubeconfig, with the file and line it stands on. Values themselves never appear in messages: any of
/// them may be a secret.
struct KubeconfigNode {
  let node: Yams.Node
  let file: String
  let path: String

  /// More than any kubeconfig with embedded certificates needs.
  static let fileBytes = 4_000_000

  /// - Throws: `BulkheadError(.configuration)` with file and line.
  static func parse(_ bytes: [UInt8], file: String) throws -> KubeconfigNode? {
    guard bytes.count <= fileBytes else {
      throw BulkheadError(
        .configuration, "the kubeconfig has more than \(fileBytes) bytes", cure: "name a kubeconfig",
        location: SourceLocation(file: file, line: 0))
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw BulkheadError(
        .configuration, "the kubeconfig is not UTF-8 text", cure: "name a kubeconfig",
        location: SourceLocation(file: file, line: 0))
    }
    guard aliases(bytes) <= mostAliases else {
      throw BulkheadError(
        .configuration, "the kubeconfig has more than \(mostAliases) aliases", cure: "write out what they stand for",
        location: SourceLocation(file: file, line: 0))
    }
    do {
      guard let root = try Yams.compose(yaml: text) else { return nil }
      return KubeconfigNode(node: root, file: file, path: "")
    } catch {
      throw syntax(error, file)
    }
  }

  /// Aliases of aliases multiply, and a key that is one is walked whole by the parser.
  private static let mostAliases = 16

  /// How many there are at most: what looks like one in a text counts too.
  private static func aliases(_ bytes: [UInt8]) -> Int {
    var (count, last) = (0, UInt8(ascii: "\n"))
    for byte in bytes {
      if byte == UInt8(ascii: "*"), " \t\r\n[]{},-:?\"'".utf8.contains(last) { count += 1 }
      last = byte
    }
    return count
  }

  private static func syntax(_ error: any Error, _ file: String) -> BulkheadError {
    var (line, what) = (0, "it cannot be parsed")
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      (line, what) = (mark.line, problem)
    case .duplicatedKeysInMapping(_, let context):
      (line, what) = (context.mark.line, "a key stands twice in one mapping")
    default: break
    }
    return BulkheadError(
      .configuration, "the kubeconfig is no YAML: \(what.safeForTerminal)", cure: "correct it at that line",
      location: SourceLocation(file: file, line: line))
  }

  var location: SourceLocation { SourceLocation(file: file, line: node.mark?.line ?? 0) }

  func problem(_ message: String, cure: String) -> BulkheadError {
    BulkheadError(.configuration, "\(path.isEmpty ? "" : path + ": ")\(message)", cure: cure, location: location)
  }

  /// The value of a key; nil where it is absent or null.
  /// - Throws: for what is no mapping.
  subscript(key: String) -> KubeconfigNode? {
    get throws {
      guard case .mapping(let mapping) = node else {
        throw problem("a mapping is wanted here", cure: "compare it with 'kubectl config view'")
      }
      guard let value = mapping.first(where: { $0.key.scalar?.string == key })?.value else { return nil }
      let child = KubeconfigNode(node: value, file: file, path: path.isEmpty ? key : "\(path).\(key)")
      return child.isNull ? nil : child
    }
  }

  var isNull: Bool {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  /// - Throws: for what is no text.
  func string() throws -> String {
    guard let scalar = node.scalar else { throw problem("a text is wanted here", cure: "correct the type") }
    return scalar.string
  }

  /// The text of a key; nil where it is absent, null or empty, as client-go has it.
  func string(_ key: String) throws -> String? {
    guard let text = try self[key]?.string(), !text.isEmpty else { return nil }
    return text
  }

  func bool(_ key: String) throws -> Bool {
    guard let value = try self[key] else { return false }
    switch value.node.scalar?.string {
    case "true", "True", "TRUE": return true
    case "false", "False", "FALSE": return false
    default: throw value.problem("true or false is wanted here", cure: "correct the value")
    }
  }

  func elements() throws -> [KubeconfigNode] {
    guard case .sequence(let sequence) = node else {
      throw problem("a list is wanted here", cure: "compare it with 'kubectl config view'")
    }
    return sequence.enumerated().map { KubeconfigNode(node: $1, file: file, path: "\(path)[\($0)]") }
  }

  func elements(_ key: String) throws -> [KubeconfigNode] { try self[key]?.elements() ?? [] }
}
