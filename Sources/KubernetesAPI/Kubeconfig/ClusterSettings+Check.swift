import Diagnostics

extension ClusterSettings {
  /// The parts of a server's address.
  struct Server: Equatable {
    var isTLS: Bool
    var host: String
    var port: Int
    /// Comes before every path; without a slash at its end.
    var prefix: String

    /// A name may begin with `127.`, too.
    var isLoopback: Bool {
      let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
      return host == "localhost" || host == "::1" || numbers.count == 4 && !numbers.contains(nil) && numbers[0] == 127
    }
    /// As it stands in a URL.
    var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
  }

  /// - Throws: `BulkheadError(.configuration)` for an address that is none.
  func server() throws -> Server { try Self.server(cluster.server, at: cluster.location) }

  static func server(_ text: String, at location: SourceLocation) throws -> Server {
    func bad(_ why: String) -> BulkheadError {
      BulkheadError(
        .configuration, "the server's address \(why)", cure: "write server: https://HOST:PORT", location: location)
    }
    guard !text.isEmpty else { throw bad("is missing") }
    guard text.utf8.count <= 2_048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw bad("holds blanks or characters that no address has")
    }
    let isTLS = text.hasPrefix("https://")
    guard isTLS || text.hasPrefix("http://") else { throw bad("begins with neither https:// nor http://") }
    let rest = text.dropFirst(isTLS ? 8 : 7)
    guard !rest.contains(where: { "?#@\\".contains($0) }) else { throw bad("holds a user, a query or a fragment") }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    guard let (host, port) = split(rest[..<slash], port: isTLS ? 443 : 80) else { throw bad("has no host, or no port") }
    var prefix = String(rest[slash...])
    while prefix.hasSuffix("/") { prefix.removeLast() }
    return Server(isTLS: isTLS, host: host, port: port, prefix: prefix)
  }

  /// `host`, `host:port`, `[v6]` or `[v6]:port`.
  static func split(_ text: Substring, port: Int) -> (host: String, port: Int)? {
    var rest = text
    let host: String
    if rest.hasPrefix("[") {
      guard let close = rest.firstIndex(of: "]") else { return nil }
      host = String(rest[rest.index(after: rest.startIndex)..<close])
      rest = rest[rest.index(after: close)...]
      guard host.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: ":") ~= $0 || "abcdefABCDEF.%".utf8.contains($0) })
      else { return nil }
    } else {
      let colon = rest.firstIndex(of: ":") ?? rest.endIndex
      host = String(rest[..<colon])
      rest = rest[colon...]
      let isName = host.utf8.allSatisfy {
        $0 == 0x2D || $0 == 0x2E || $0 == 0x5F || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF)
      }
      guard isName else { return nil }
    }
    guard !host.isEmpty else { return nil }
    if rest.isEmpty { return (host, port) }
    guard rest.first == ":", let number = Int(rest.dropFirst()), (1...65_535).contains(number) else { return nil }
    return (host, number)
  }

  /// Refuses what would send credentials to whoever listens.
  func check(allowsUnverified: Bool) throws {
    let server = try server()
    if cluster.skipsVerification {
      if cluster.authority != nil {
        throw BulkheadError(
          .configuration, "the cluster has a certificate-authority and insecure-skip-tls-verify",
          cure: "remove insecure-skip-tls-verify", location: cluster.location)
      }
      guard allowsUnverified else {
        throw BulkheadError(
          .configuration, "the kubeconfig asks not to verify the server's certificate (insecure-skip-tls-verify)",
          cure: "add its certificate-authority-data, or bear the risk with --insecure-skip-tls-verify",
          location: cluster.location)
      }
    }
    let hasSecret =
      user.token != nil || user.tokenFile != nil || user.exec != nil || user.password != nil || user.key != nil
    if !server.isTLS, !server.isLoopback, hasSecret {
      throw BulkheadError(
        .configuration, "the server is named with http://, over which credentials would go in the clear",
        cure: "write server: https://…", location: cluster.location)
    }
    if (user.certificate == nil) != (user.key == nil) {
      throw BulkheadError(
        .configuration, "the user has a client-certificate without a client-key, or the other way round",
        cure: "add what is missing", location: user.location)
    }
    if let refusal = user.refusal {
      throw BulkheadError(.configuration, refusal.message, cure: refusal.cure, location: refusal.location)
    }
  }
}
