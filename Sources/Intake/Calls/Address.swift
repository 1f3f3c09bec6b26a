import FleetModel

/// A network address found in a text, before anything is known about who answers there.
struct Address: Equatable {
  var host: String
  var port: Int?
  /// Lower case, without `jdbc:`; nil where none is written.
  var scheme: String?
  /// The piece of text as found, without user and password.
  var text: String

  /// The port, or the one that the scheme stands for.
  var effectivePort: Int? { port ?? scheme.flatMap { Self.schemePorts[$0] } }

  static let schemePorts: [String: Int] = [
    "http": 80, "ws": 80, "https": 443, "wss": 443, "redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671,
    "mongodb": 27017, "mysql": 3306, "mariadb": 3306, "postgres": 5432, "postgresql": 5432, "sqlserver": 1433,
    "kafka": 9092, "nats": 4222, "memcached": 11211, "mqtt": 1883, "ldap": 389, "ldaps": 636, "smtp": 25, "ftp": 21,
    "cassandra": 9042,
  ]

  /// Schemes that name no host in the network.
  private static let hostless: Set<String> = [
    "file", "unix", "npipe", "docker", "oci", "s3", "gs", "spiffe", "data", "classpath", "mongodb+srv", "urn",
  ]
  /// Name schemes of gRPC, with an empty authority.
  private static let resolvers: Set<String> = ["dns", "passthrough", "xds"]

  /// The addresses in a piece of text without blanks or separators: one or none.
  init?(token: Substring) {
    if let range = token.firstRange(of: "://") {
      let scheme = String(
        token[..<range.lowerBound].reversed().prefix {
          $0.isASCII && ($0.isLetter || $0.isNumber || "+.-".contains($0))
        }
        .reversed()
      ).lowercased()
      guard !scheme.isEmpty, !Self.hostless.contains(scheme) else { return nil }
      var rest = token[range.upperBound...]
      if Self.resolvers.contains(scheme) { rest = rest.drop { $0 == "/" } }
      self.init(authority: rest.prefix { !"/?#".contains($0) }, mayGoOn: false)
      self.scheme = scheme
      text = "\(scheme)://\(text)"
    } else {
      guard let first = token.first, first.isLetter || first.isNumber || first == "-" else { return nil }
      var rest = token
      if let equals = rest.lastIndex(of: "=") { rest = rest[rest.index(after: equals)...] }
      let hasUser = rest.contains("@")
      self.init(authority: rest, mayGoOn: hasUser)
    }
  }

  /// `user:password@host:port`, where `:something` may follow the port (Oracle's URLs) only if `mayGoOn`.
  private init?(authority: Substring, mayGoOn: Bool) {
    var rest = authority
    if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...].drop { $0 == "/" } }
    let host = rest.prefix { $0 != ":" && !"/?#".contains($0) }
    rest = rest.dropFirst(host.count)
    self.host = String(host.hasSuffix(".") ? host.dropLast() : host).lowercased()
    guard HostName.isValid(self.host) else { return nil }
    text = String(host)
    guard rest.hasPrefix(":") else { return }
    let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
    let after = rest.dropFirst(1 + digits.count).first
    guard let number = Int(digits), (1...65_535).contains(number), digits.count <= 5,
      after == nil || "/?#&".contains(after ?? " ") || (mayGoOn && after == ":")
    else { return nil }
    port = number
    text += ":\(number)"
  }

  /// All addresses of a text: URLs, `host:port`, lists of them, and single words that may be host names.
  static func all(in text: String) -> [Address] {
    let separators: Set<Character> = [
      " ", "\t", "\n", "\r", "\r\n", "\"", "'", "`", "<", ">", ";", ",", "(", ")", "[", "]", "{", "}", "|", "\\",
    ]
    return text.split { separators.contains($0) }.compactMap { Address(token: $0) }
  }
}

enum HostName {
  /// True for DNS names and IPv4 addresses; the labels are checked, not whether the name exists.
  static func isValid(_ host: String) -> Bool {
    guard !host.isEmpty, host.utf8.count <= 253 else { return false }
    return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy { $0.isDigit || (0x61...0x7A).contains($0) || $0 == 0x2D }
    }
  }

  static func isIPv4(_ host: String) -> Bool {
    let parts = host.split(separator: ".")
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  /// The labels before `.svc` when the name is of the cluster's own form `….svc` or `….svc.DOMAIN`.
  static func clusterLabels(_ host: String) -> [String]? {
    let labels = host.split(separator: ".").map(String.init)
    guard let mark = labels.lastIndex(of: "svc"), mark >= 1, mark == labels.count - 1 || labels.count - mark >= 3 else {
      return nil
    }
    return Array(labels[..<mark])
  }

  /// This very machine, or every address of it.
  static func isLocal(_ host: String) -> Bool {
    host == "localhost" || host.hasSuffix(".localhost") || host == "localhost.localdomain" || host.hasPrefix("127.")
      || host == "0.0.0.0"
  }

  /// Endings of file names, which otherwise look like public names.
  private static let fileEndings: Set<String> = [
    "yaml", "yml", "json", "properties", "conf", "cfg", "ini", "toml", "xml", "txt", "log", "sh", "py", "js", "ts",
    "rb",
    "go", "java", "jar", "class", "html", "css", "md", "pem", "crt", "key", "sql", "lua", "php", "local", "internal",
  ]

  /// A dotted name with a plausible top-level domain, or an address.
  static func isPublic(_ host: String) -> Bool {
    if isIPv4(host) { return true }
    guard let last = host.split(separator: ".").last, host.contains("."), last.count >= 2 else { return false }
    return last.allSatisfy(\.isLetter) && !fileEndings.contains(String(last))
  }
}
