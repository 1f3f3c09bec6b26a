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

  /// The address in a piece of text without blanks or separators: one or none.
  private init?(token: ArraySlice<UInt8>) {
    if let colon = Self.schemeEnd(token) {
      let tail = token[..<colon].reversed().prefix {
        $0.isASCIIAlphanumeric || $0 == 0x2B || $0 == 0x2E || $0 == 0x2D
      }
      let scheme = String(decoding: tail.reversed(), as: UTF8.self).lowercased()
      guard !scheme.isEmpty, !Self.hostless.contains(scheme) else { return nil }
      var rest = token[(colon + 3)...]
      if Self.resolvers.contains(scheme) { rest = rest.drop { $0 == UInt8(ascii: "/") } }
      self.init(authority: rest.prefix { !Self.endsAuthority($0) }, mayGoOn: false)
      self.scheme = scheme
      text = "\(scheme)://\(text)"
    } else {
      guard let first = token.first, first.isASCIIAlphanumeric || first >= 0x80 || first == 0x2D else { return nil }
      var rest = token
      if let equals = rest.lastIndex(of: UInt8(ascii: "=")) { rest = rest[(equals + 1)...] }
      self.init(authority: rest, mayGoOn: rest.contains(UInt8(ascii: "@")))
    }
  }

  /// `user:password@host:port`, where `:something` may follow the port (Oracle's URLs) only if `mayGoOn`.
  private init?(authority: ArraySlice<UInt8>, mayGoOn: Bool) {
    var rest = authority
    if let at = rest.lastIndex(of: UInt8(ascii: "@")) { rest = rest[(at + 1)...].drop { $0 == UInt8(ascii: "/") } }
    let written = rest.prefix { $0 != UInt8(ascii: ":") && !Self.endsAuthority($0) }
    rest = rest[written.endIndex...]
    let host = written.last == UInt8(ascii: ".") ? written.dropLast() : written
    guard HostName.isValid(host) else { return nil }
    self.host = String(decoding: host, as: UTF8.self).lowercased()
    text = String(decoding: written, as: UTF8.self)
    guard rest.first == UInt8(ascii: ":") else { return }
    let digits = rest.dropFirst().prefix(while: \.isASCIIDigit)
    let after = digits.endIndex < rest.endIndex ? rest[digits.endIndex] : nil
    guard (1...5).contains(digits.count), Self.mayFollowPort(after, mayGoOn) else { return nil }
    let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    guard (1...65_535).contains(number) else { return nil }
    port = number
    text += ":\(number)"
  }

  private static func mayFollowPort(_ byte: UInt8?, _ mayGoOn: Bool) -> Bool {
    guard let byte else { return true }
    return endsAuthority(byte) || byte == UInt8(ascii: "&") || (mayGoOn && byte == UInt8(ascii: ":"))
  }

  private static func endsAuthority(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  /// Where `://` begins.
  private static func schemeEnd(_ token: ArraySlice<UInt8>) -> Int? {
    var rest = token
    while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      if colon + 2 < token.endIndex, token[colon + 1] == 0x2F, token[colon + 2] == 0x2F { return colon }
      rest = rest[(colon + 1)...]
    }
    // `x://` with nothing behind it has no host either way.
    return nil
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x09...0x0D, 0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "<"),
      UInt8(ascii: ">"), UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: "("), UInt8(ascii: ")"),
      UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "|"),
      UInt8(ascii: "\\"):
      true
    default: false
    }
  }

  /// All addresses of a text: URLs, `host:port`, lists of them, and single words that may be host names.
  static func all(in text: String) -> [Address] {
    Array(text.utf8).split(whereSeparator: isSeparator).compactMap { Address(token: $0) }
  }
}
