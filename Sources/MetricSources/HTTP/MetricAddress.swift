import Diagnostics

/// Where a source listens: `http://HOST[:PORT][/PREFIX]`, `HOST:PORT`, or `unix:/PATH`.
package struct MetricAddress: Sendable, Equatable, CustomStringConvertible {
  enum Place: Sendable, Equatable {
    case tcp(host: String, port: Int)
    case unix(path: String)
  }

  let place: Place
  /// Comes before every path; without a slash at its end.
  let prefix: String

  /// - Throws: `BulkheadError(.usage)` for what is no such address, and for https.
  package init(_ text: String) throws {
    let isPlain = text.utf8.count <= 2_048 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    guard isPlain, !text.contains(where: { "?#@\\".contains($0) }) else { throw Self.bad(text) }
    if text.hasPrefix("https://") {
      throw BulkheadError(
        .usage, "'\(text)': sources are asked in plain HTTP only",
        cure: "put a TLS proxy on this machine in between (http://127.0.0.1:PORT), or use kubectl port-forward")
    }
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      // The kernel's limit for a socket's path.
      guard path.hasPrefix("/"), path.utf8.count <= 107 else { throw Self.bad(text) }
      (place, prefix) = (.unix(path: path), "")
      return
    }
    let rest = text.hasPrefix("http://") ? text.dropFirst(7) : text[...]
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    var prefix = String(rest[slash...])
    while prefix.hasSuffix("/") { prefix.removeLast() }
    guard let (host, port) = Self.authority(rest[..<slash], isBare: rest.startIndex == text.startIndex) else {
      throw Self.bad(text)
    }
    (place, self.prefix) = (.tcp(host: host, port: port), prefix)
  }

  private static func authority(_ text: Substring, isBare: Bool) -> (host: String, port: Int)? {
    var rest = text
    let host: String
    if rest.hasPrefix("[") {
      guard let close = rest.firstIndex(of: "]") else { return nil }
      host = String(rest[rest.index(after: rest.startIndex)..<close])
      rest = rest[rest.index(after: close)...]
    } else {
      let colon = rest.firstIndex(of: ":") ?? rest.endIndex
      host = String(rest[..<colon])
      rest = rest[colon...]
    }
    guard !host.isEmpty else { return nil }
    // Without `http://` a bare word is more likely a mistake than a host.
    if rest.isEmpty { return isBare ? nil : (host, 80) }
    guard rest.first == ":", let port = Int(rest.dropFirst()), (1...65_535).contains(port) else { return nil }
    return (host, port)
  }

  /// For the `Host` header.
  var authority: String {
    guard case .tcp(let host, let port) = place else { return "localhost" }
    let name = host.contains(":") ? "[\(host)]" : host
    return port == 80 ? name : "\(name):\(port)"
  }

  package var description: String {
    switch place {
    case .tcp: "http://\(authority)\(prefix)"
    case .unix(let path): "unix:\(path)"
    }
  }

  private static func bad(_ text: String) -> BulkheadError {
    BulkheadError(
      .usage, "'\(String(text.prefix(200)).safeForTerminal)' is no address of a metric source",
      cure: "write http://HOST:PORT, HOST:PORT or unix:/PATH, without user, query or fragment")
  }
}
