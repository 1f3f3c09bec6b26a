import Diagnostics
import FleetModel

/// Names and labels that Kubernetes would refuse. They stay as they are, so that nothing vanishes; one finding says so
/// for an object, however many of them it has.
enum NameRules {
  static func check(_ metadata: Field?, _ id: ObjectReference) {
    guard let metadata, let problem = problem(metadata, id) else { return }
    metadata.log.add(
      .badName, .medium, "\(problem); Kubernetes refuses the object", fix: "write it as Kubernetes wants it",
      at: metadata.location)
  }

  private static func problem(_ metadata: Field, _ id: ObjectReference) -> String? {
    if !isName(id.name, asPath: ObjectKinds.pathNamed.contains(id.kind)) {
      return "the name '\(shown(id.name))' is not allowed"
    }
    if !id.namespace.isEmpty && !isSubdomain(id.namespace) {
      return "the namespace '\(shown(id.namespace))' is not allowed"
    }
    guard let labels = metadata["labels"], labels.isMapping else { return nil }
    for (key, value) in labels.entries {
      if !isKey(key) { return "the label key '\(shown(key))' is not allowed" }
      if let text = value.rawText, !value.isNull, !isLabelValue(text) {
        return "the value '\(shown(text))' of the label \(key) is not allowed"
      }
    }
    return nil
  }

  /// At most a line of it, and nothing that steers a terminal.
  private static func shown(_ text: String) -> String {
    text.utf8.count <= 80 ? text.safeForTerminal : String(text.prefix(80)).safeForTerminal + "…"
  }

  /// RFC 1123 subdomain; for roles and bindings anything that can stand in a URL's path.
  static func isName(_ name: String, asPath: Bool) -> Bool {
    guard asPath else { return isSubdomain(name) }
    if name == "." || name == ".." { return false }
    return name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x2F && $0 != 0x25 && $0 != 0x3C && $0 != 0x3E }
  }

  private static func isSubdomain(_ name: String) -> Bool {
    var before: UInt8 = 0x2E
    for byte in name.utf8 {
      let isAlphanumeric = byte.isDigit || (0x61...0x7A).contains(byte)
      // A label neither begins nor ends with a hyphen.
      guard isAlphanumeric || byte == 0x2D && before != 0x2E || byte == 0x2E && before != 0x2E && before != 0x2D else {
        return false
      }
      before = byte
    }
    return before != 0x2E && before != 0x2D && name.utf8.count <= 253
  }

  /// `name` or `prefix/name`.
  private static func isKey(_ key: String) -> Bool {
    guard let slash = key.utf8.firstIndex(of: 0x2F) else { return !key.isEmpty && isLabelValue(key) }
    let name = key[key.utf8.index(after: slash)...]
    return isSubdomain(String(key[..<slash])) && !name.isEmpty && isLabelValue(String(name))
  }

  /// At most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; or empty.
  private static func isLabelValue(_ value: String) -> Bool {
    guard let first = value.utf8.first, let last = value.utf8.last else { return true }
    return value.utf8.count <= 63 && first.isAlphanumeric && last.isAlphanumeric
      && value.utf8.allSatisfy { $0.isAlphanumeric || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E }
  }
}

extension UInt8 {
  var isAlphanumeric: Bool { isDigit || (0x61...0x7A).contains(self) || (0x41...0x5A).contains(self) }
}
