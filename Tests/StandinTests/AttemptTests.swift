import Foundation
import StandinProtocol
import Testing

@Suite(.timeLimit(.minutes(1))) struct AttemptTests {
  /// What a purpose-made listener does, and what the attempt must be called.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var kind: AttemptOutcome.Kind
    var status: Int?
    var tcp = false
    var serve: (@Sendable (Connection, Int) -> Void)?
    var testDescription: String { name }

    static func answering(_ name: String, _ text: String, _ kind: AttemptOutcome.Kind, status: Int? = nil) -> Case {
      Case(name: name, kind: kind, status: status) { connection, _ in
        _ = connection.read(through: "\r\n\r\n")
        connection.write(text)
        connection.shut()
      }
    }

    static func line(_ name: String, _ text: String, _ kind: AttemptOutcome.Kind) -> Case {
      Case(name: name, kind: kind, tcp: true) { connection, _ in
        _ = connection.read(through: "\n")
        connection.write(text)
        connection.shut()
      }
    }
  }

  static let cases: [Case] = [
    .answering("200", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", .reached, status: 200),
    .answering("204", "HTTP/1.1 204 No Content\r\n\r\n", .reached, status: 204),
    .answering(
      "502 of a stand-in", "HTTP/1.1 502 Bad Gateway\r\nx-bulkhead-pod: p\r\ncontent-length: 0\r\n\r\n", .reached,
      status: 502),
    .answering(
      "403 of a stand-in", "HTTP/1.1 403 Forbidden\r\nx-bulkhead-pod: p\r\ncontent-length: 0\r\n\r\n", .reached,
      status: 403),
    .answering(
      "403 of a proxy", "HTTP/1.1 403 Forbidden\r\ncontent-length: 19\r\n\r\nRBAC: access denied", .denied,
      status: 403),
    .answering("503 of a proxy", "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", .denied, status: 503),
    .answering("200 to the end of the connection", "HTTP/1.1 200 OK\r\n\r\nhi", .reached, status: 200),
    .answering("404", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", .reached, status: 404),
    .answering("closed after the request", "", .closed),
    .answering("half a head", "HTTP/1.1 200 O", .closed),
    .answering("not HTTP", "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\u{28}", .closed),
    Case(name: "closed at once", kind: .closed) { connection, _ in connection.shut() },
    Case(name: "reset", kind: .closed) { connection, _ in
      _ = connection.read(through: "\r\n\r\n")
      connection.reset()
    },
    Case(name: "silent", kind: .timedOut) { _, _ in },
    Case(name: "nothing listens", kind: .refused),
    .line("line OK", "OK p\n", .reached),
    .line("line ERR", "ERR default/x[Deployment]\n", .reached),
    .line("line closed", "", .closed),
    .line("line without its end", "OK p", .closed),
    .line("another protocol", "220 ready\n", .closed),
    Case(name: "line silent", kind: .timedOut, tcp: true) { _, _ in },
    Case(name: "line: nothing listens", kind: .refused, tcp: true),
  ]

  @Test(arguments: cases)
  func kind(of expected: Case) async throws {
    let server = try FakeServer(serve: expected.serve)
    defer { server.close() }
    try await withFolder { folder in
      let a = try await Player(part("a"), in: folder)
      let limit = expected.kind == .timedOut ? 150 : 20_000
      let outcome = try await a.attempt(
        Attempt(id: 5, host: "127.0.0.1", port: server.port, timeoutMilliseconds: limit, tcp: expected.tcp))
      #expect(outcome.kind == expected.kind, "\(outcome)")
      #expect(outcome.status == expected.status)
      await a.process.end()
    }
  }

  /// Neither needs a name server: the first name cannot be asked for, the port does not exist.
  @Test(arguments: [(String(repeating: "x", count: 300), 80), ("127.0.0.1", 0)], [false, true])
  func whatCannotBeTriedIsImpossible(_ place: (String, Int), tcp: Bool) async throws {
    try await withFolder { folder in
      let a = try await Player(part("a"), in: folder)
      let attempt = Attempt(id: 1, host: place.0, port: place.1, timeoutMilliseconds: 20_000, tcp: tcp)
      #expect(try await a.attempt(attempt).kind == .impossible)
      await a.process.end()
    }
  }

  @Test func attemptsCarryTheCallerAndKeepTheBody() async throws {
    try await withFolder { folder in
      let server = try FakeServer { connection, _ in
        let request = connection.read(through: "\r\n\r\n")
        connection.write("HTTP/1.1 200 OK\r\ncontent-length: \(request.utf8.count + 300)\r\n\r\n\(request)")
        connection.write(String(repeating: "z", count: 300))
        connection.shut()
      }
      defer { server.close() }
      let a = try await Player(part("a"), in: folder)
      let outcome = try await a.attempt(
        Attempt(id: 1, host: "localhost", port: server.port, path: "/secret", timeoutMilliseconds: 20_000))
      #expect(outcome.detail.hasPrefix("GET /secret HTTP/1.1\r\n"))
      #expect(outcome.detail.contains("x-bulkhead-caller: default/a"))
      #expect(outcome.detail.utf8.count == 200)
      await a.process.end()
    }
  }
}
