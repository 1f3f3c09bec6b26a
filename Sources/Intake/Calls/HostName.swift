enum HostName {
  /// True for DNS names in any case and IPv4 addresses; the labels are checked, not whether the name exists.
  static func isValid(_ host: some Collection<UInt8>) -> Bool {
    var length = 0
    var last = UInt8(ascii: "-")
    var total = 0
    for byte in host {
      total += 1
      if byte == UInt8(ascii: ".") {
        guard (1...63).contains(length), last != UInt8(ascii: "-") else { return false }
        length = 0
      } else {
        guard byte.isASCIIAlphanumeric || (byte == UInt8(ascii: "-") && length > 0) else { return false }
        length += 1
      }
      last = byte
    }
    return (1...63).contains(length) && last != UInt8(ascii: "-") && total <= 253
  }

  static func hasLetter(_ host: String) -> Bool { host.utf8.contains { $0.isASCIILower || $0.isASCIIUpper } }

  static func isIPv4(_ host: String) -> Bool {
    guard let first = host.utf8.first, first.isASCIIDigit else { return false }
    let parts = host.split(separator: ".")
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  /// The labels before `.svc` when the name is of the cluster's own form `….svc` or `….svc.DOMAIN`.
  static func clusterLabels(_ host: String) -> [String]? {
    guard holdsServiceMark(host) else { return nil }
    let labels = host.split(separator: ".").map(String.init)
    guard let mark = labels.lastIndex(of: "svc"), mark >= 1, mark == labels.count - 1 || labels.count - mark >= 3 else {
      return nil
    }
    return Array(labels[..<mark])
  }

  /// True where `.svc` stands in a text, in any case.
  static func holdsServiceMark(_ text: String) -> Bool {
    var matched = 0
    for byte in text.utf8 {
      switch (matched, byte | 0x20) {
      case (_, 0x2E): matched = 1
      case (1, UInt8(ascii: "s")), (2, UInt8(ascii: "v")): matched += 1
      case (3, UInt8(ascii: "c")): return true
      default: matched = 0
      }
    }
    return false
  }

  /// This very machine, or every address of it.
  static func isLocal(_ host: String) -> Bool {
    host == "localhost" || host.hasSuffix(".localhost") || host == "localhost.localdomain" || host.hasPrefix("127.")
      || host == "0.0.0.0"
  }

  /// Endings of file names, which otherwise look like public names.
  private static let fileEndings: Set<String> = [
    "yaml", "yml", "json", "properties", "conf", "cfg", "ini", "toml", "xml", "txt", "log", "sh", "py", "js", "ts",
    "rb", "go", "java", "jar", "class", "html", "css", "md", "pem", "crt", "key", "sql", "lua", "php", "local",
    "internal",
  ]

  /// A dotted name with a plausible top-level domain, or an address.
  static func isPublic(_ host: String) -> Bool {
    if isIPv4(host) { return true }
    guard let last = host.split(separator: ".").last, host.contains("."), last.count >= 2 else { return false }
    return last.allSatisfy(\.isLetter) && !fileEndings.contains(String(last))
  }
}
