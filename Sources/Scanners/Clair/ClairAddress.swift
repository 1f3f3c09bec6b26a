import Diagnostics

/// Where Clair's matcher listens: `http://HOST[:PORT][/PREFIX]`.
struct ClairAddress: Equatable {
  var host: String
  var port: Int
  /// Without a slash at its end.
  var prefix: String

  /// - Throws: `BulkheadError(.usage)` for what is no such address, and for https.
  init(_ text: String) throws {
    let isPlain = text.utf8.count <= 2_048 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    guard isPlain, !text.contains(where: { "?#@\\".contains($0) }) else { throw Self.bad(text) }
    if text.hasPrefix("https://") {
      throw BulkheadError(
        .usage, "--clair speaks plain HTTP only",
        cure: "put a TLS proxy on this machine in between (http://127.0.0.1:PORT), or name the report as a file")
    }
    guard text.hasPrefix("http://") else { throw Self.bad(text) }
    let rest = text.dropFirst(7)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    var authority = rest[..<slash]
    prefix = String(rest[slash...])
    while prefix.hasSuffix("/") { prefix.removeLast() }
    port = 80
    if authority.hasPrefix("[") {
      guard let close = authority.firstIndex(of: "]") else { throw Self.bad(text) }
      host = String(authority[authority.index(after: authority.startIndex)..<close])
      authority = authority[authority.index(after: close)...]
    } else {
      let colon = authority.firstIndex(of: ":") ?? authority.endIndex
      host = String(authority[..<colon])
      authority = authority[colon...]
    }
    if !authority.isEmpty {
      guard authority.first == ":", let number = Int(authority.dropFirst()), (1...65_535).contains(number) else {
        throw Self.bad(text)
      }
      port = number
    }
    guard !host.isEmpty else { throw Self.bad(text) }
  }

  var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == 80 ? name : "\(name):\(port)"
  }

  private static func bad(_ text: String) -> BulkheadError {
    BulkheadError(
      .usage, "'\(text.prefix(200).description.safeForTerminal)' is no address of a Clair matcher",
      cure: "write http://HOST:PORT, without user, query or fragment; the token comes from the environment")
  }
}
