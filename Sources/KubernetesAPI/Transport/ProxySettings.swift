import AsyncHTTPClient
import Diagnostics

/// Which proxy leads to a server: the kubeconfig's, else the environment's.
enum ProxySettings {
  /// - Throws: `BulkheadError(.configuration)` for an address that is none.
  static func proxy(
    for server: ClusterSettings.Server, _ cluster: KubeconfigCluster, environment: [String: String]
  ) throws -> HTTPClient.Configuration.Proxy? {
    if let text = cluster.proxy { return try parse(text, at: cluster.location) }
    func variable(_ name: String) -> String? {
      let value = environment[name.lowercased()] ?? environment[name]
      return value.flatMap { $0.isEmpty ? nil : $0 }
    }
    guard !server.isLoopback, let text = variable(server.isTLS ? "HTTPS_PROXY" : "HTTP_PROXY"),
      !isExempt(server.host, variable("NO_PROXY") ?? "")
    else { return nil }
    return try parse(
      text.contains("://") ? text : "http://\(text)", at: SourceLocation(file: "the environment's proxy", line: 0))
  }

  /// `NO_PROXY`: names with everything below them, addresses, ranges of addresses such as `10.0.0.0/8`, or `*`.
  static func isExempt(_ host: String, _ list: String) -> Bool {
    list.split(separator: ",").contains { entry in
      let name = entry.drop(while: \.isWhitespace).prefix { !$0.isWhitespace }
      guard !name.isEmpty else { return false }
      if name == "*" || host == name { return true }
      if let range = AddressRange(name[...]) { return AddressRange(host[...]).map(range.contains) ?? false }
      return host.hasSuffix(name.hasPrefix(".") ? String(name) : ".\(name)")
    }
  }

  private static func parse(_ text: String, at location: SourceLocation) throws -> HTTPClient.Configuration.Proxy {
    func bad(_ why: String) -> BulkheadError {
      BulkheadError(
        .configuration, "the proxy's address \(why)", cure: "write http://HOST:PORT or socks5://HOST:PORT",
        location: location)
    }
    guard let mark = text.firstRange(of: "://") else { throw bad("has no scheme") }
    var rest = text[mark.upperBound...]
    while rest.hasSuffix("/") { rest.removeLast() }
    var authorization: HTTPClient.Authorization?
    if let at = rest.lastIndex(of: "@") {
      let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      authorization = .basic(username: parts[0], password: parts.count > 1 ? parts[1] : "")
      rest = rest[rest.index(after: at)...]
    }
    let scheme = text[..<mark.lowerBound]
    guard let (host, port) = ClusterSettings.split(rest, port: scheme == "http" ? 80 : 1080) else {
      throw bad("has no host, or no port")
    }
    switch scheme {
    case "http": return .server(host: host, port: port, authorization: authorization)
    case "socks5", "socks5h":
      guard authorization == nil else { throw bad("has a user, which is not supported for SOCKS") }
      return .socksServer(host: host, port: port)
    default: throw bad("has a scheme that is not supported (\(scheme.prefix(20)))")
    }
  }
}

/// IPv4 addresses with the same beginning; one alone has all 32 bits.
private struct AddressRange {
  private let value: UInt32
  private let bits: UInt32

  init?(_ text: Substring) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let bytes = parts[0].split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    guard bytes.count == 4, parts[0].count(where: { $0 == "." }) == 3, parts.count <= 2 else { return nil }
    guard let bits = parts.count == 2 ? UInt32(parts[1]) : 32, bits <= 32 else { return nil }
    (value, self.bits) = (bytes.reduce(0) { $0 << 8 | UInt32($1) }, bits)
  }

  func contains(_ other: AddressRange) -> Bool {
    other.bits >= bits && (bits == 0 || (value ^ other.value) >> (32 - bits) == 0)
  }
}
