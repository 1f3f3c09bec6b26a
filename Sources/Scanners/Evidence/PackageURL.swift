/// A package URL, `pkg:type/namespace/name@version?qualifiers#subpath`.
package struct PackageURL: Sendable, Equatable {
  package var type: String
  package var namespace: String
  package var name: String
  package var version: String?
  package var qualifiers: [String: String] = [:]

  /// Nil for what is no package URL.
  package init?(_ text: String) {
    guard text.utf8.count <= 4_096, text.prefix(4).lowercased() == "pkg:" else { return nil }
    var rest = text.dropFirst(4)
    while rest.first == "/" { rest.removeFirst() }
    if let hash = rest.lastIndex(of: "#") { rest = rest[..<hash] }
    if let question = rest.lastIndex(of: "?") {
      for pair in rest[rest.index(after: question)...].split(separator: "&") {
        let parts = pair.split(separator: "=", maxSplits: 1)
        if parts.count == 2 { qualifiers[parts[0].lowercased()] = Self.decoded(parts[1]) }
      }
      rest = rest[..<question]
    }
    // An '@' before the last slash is part of a scope such as '@angular'.
    if let at = rest.lastIndex(of: "@"), !rest[at...].contains("/"), at != rest.startIndex {
      version = Self.decoded(rest[rest.index(after: at)...])
      rest = rest[..<at]
    }
    let parts = rest.split(separator: "/").map(Self.decoded)
    guard parts.count >= 2, let first = parts.first, let last = parts.last else { return nil }
    type = first.lowercased()
    namespace = parts.dropFirst().dropLast().joined(separator: "/")
    name = last
  }

  /// Whether a statement about this URL holds for a package: what it does not say is left open.
  package func covers(_ other: PackageURL) -> Bool {
    guard type == other.type, namespace == other.namespace, name == other.name else { return false }
    guard version == nil || version == other.version else { return false }
    return qualifiers.allSatisfy { other.qualifiers[$0.key] == $0.value }
  }

  private static func decoded(_ text: Substring) -> String {
    guard text.contains("%") else { return String(text) }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let value = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
      {
        result.append(value)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
