/// The name of a container image, in the form in which two names of one image are equal:
/// `registry/repository[:tag][@digest]`, with `docker.io`, `library/` and `latest` written out.
package struct ImageReference: Hashable, Sendable, CustomStringConvertible {
  package var registry: String
  package var repository: String
  /// Nil where only a digest is given.
  package var tag: String?
  /// `sha256:…`, lower case.
  package var digest: String?

  /// Nil for what names no image.
  package init?(_ text: String) {
    guard !text.isEmpty, text.utf8.count <= 1_024, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
      !text.contains("://")
    else { return nil }
    var rest = text[...]
    if let at = rest.lastIndex(of: "@") {
      let written = String(rest[rest.index(after: at)...])
      guard let digest = Self.digest(written) else { return nil }
      self.digest = digest
      rest = rest[..<at]
    }
    // A colon before the last slash belongs to the registry's port.
    let name = rest.lastIndex(of: "/").map { rest.index(after: $0) } ?? rest.startIndex
    if let colon = rest[name...].firstIndex(of: ":") {
      let tag = rest[rest.index(after: colon)...]
      guard !tag.isEmpty else { return nil }
      self.tag = String(tag)
      rest = rest[..<colon]
    }
    if tag == nil && digest == nil { tag = "latest" }
    (registry, repository) = Self.place(rest)
    guard !repository.isEmpty, !repository.hasSuffix("/"), !repository.hasPrefix("/") else { return nil }
  }

  private static func place(_ name: Substring) -> (registry: String, repository: String) {
    var registry = "docker.io"
    var repository = name
    if let slash = name.firstIndex(of: "/") {
      let first = name[..<slash]
      if first.contains(".") || first.contains(":") || first == "localhost" {
        registry = first.lowercased()
        repository = name[name.index(after: slash)...]
      }
    }
    if registry == "index.docker.io" || registry == "registry-1.docker.io" { registry = "docker.io" }
    let isOfficial = registry == "docker.io" && !repository.contains("/") && !repository.isEmpty
    return (registry, isOfficial ? "library/\(repository)" : String(repository))
  }

  /// A digest in lower case; nil for what is none.
  package static func digest(_ text: String) -> String? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, parts[1].utf8.count >= 32, parts[1].utf8.count <= 128,
      parts[0].utf8.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "+") }),
      parts[1].utf8.allSatisfy(\.isHexadecimal)
    else { return nil }
    return text.lowercased()
  }

  /// The name without digest, by which images are found whose report names no digest.
  package var name: String { tag.map { "\(registry)/\(repository):\($0)" } ?? "\(registry)/\(repository)" }

  package var description: String { digest.map { "\(name)@\($0)" } ?? name }
}

extension UInt8 {
  var isLetterOrDigit: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }
  var isHexadecimal: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
    default: false
    }
  }
}
