import Foundation
import StandinProtocol
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServeTests {
  @Test func answersAndHealth() async throws {
    try await withFolder { folder in
      let a = try await Player(part("a", milliseconds: 1), in: folder)
      #expect(try await httpGet(port: a.ports[0], path: "/healthz").status == 200)
      let reply = try await httpGet(port: a.ports[0], headers: ["x-forwarded-client-cert": "URI=spiffe://td/x"])
      #expect(reply.status == 200)
      #expect(reply.body == "a-1")
      #expect(reply.headers[StandinHeader.pod] == "a-1")
      #expect(reply.headers[StandinHeader.peer] == "URI=spiffe://td/x")
      #expect(reply.headers[StandinHeader.origin] == nil)
      try await a.wait { $0.totals.served[false] != nil }
      // The health check is not a request served.
      #expect(a.totals.served[false]?.n == 1)
      #expect(await a.process.end() == 0)
    }
  }

  /// a → b → c with c dead: each hop names c, and only b counts an error of its own making.
  @Test(arguments: [false, true])
  func failuresAreAttributedToWhereTheyBegan(tcp: Bool) async throws {
    try await withFolder { folder in
      let dead = try FakeServer(serve: nil)
      defer { dead.close() }
      let b = try await Player(part("b", tcp: tcp, calls: [call("c", port: dead.port)]), in: folder)
      let a = try await Player(part("a", calls: [call("b", port: b.ports[0], tcp: tcp)]), in: folder)
      let reply = try await httpGet(port: a.ports[0], headers: [StandinHeader.cohort: StandinHeader.canary])
      #expect(reply.status == 502)
      #expect(reply.headers[StandinHeader.origin] == workload("c"))
      #expect(reply.headers[StandinHeader.pod] == "a-1")
      try await a.wait { !$0.totals.calls.isEmpty }
      try await b.wait { !$0.totals.calls.isEmpty }
      let atA = try #require(a.totals.calls[workload("b") + " canary"])
      #expect((atA.n, atA.errors, atA.inherited) == (1, 0, 1))
      let atB = try #require(b.totals.calls[workload("c") + " canary"])
      #expect((atB.n, atB.errors, atB.inherited) == (1, 1, 0))
      #expect(a.totals.served[true]?.errors == 1)
      await a.process.end()
      await b.process.end()
    }
  }

  @Test func deadCalleeIsTheOriginItself() async throws {
    try await withFolder { folder in
      let dead = try FakeServer(serve: nil)
      defer { dead.close() }
      let a = try await Player(part("a", tcp: true, calls: [call("b", port: dead.port, tcp: true)]), in: folder)
      let port = a.ports[0]
      let reply = try await onThread {
        let connection = try Connection.open(port: port)
        defer { connection.shut() }
        connection.write(LineRequest(cohort: nil, caller: "x/y", trace: "-").text)
        return connection.read(through: "\n")
      }
      #expect(reply == "ERR \(workload("b"))\n")
      await a.process.end()
    }
  }

  @Test func cohortTraceAndCallerAreHandedOn() async throws {
    try await withFolder { folder in
      let (seen, sighting) = AsyncStream.makeStream(of: String.self)
      let last = try FakeServer { connection, _ in
        sighting.yield(connection.read(through: "\r\n\r\n"))
        connection.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        connection.shut()
      }
      defer { last.close() }
      let b = try await Player(part("b", calls: [call("c", port: last.port)]), in: folder)
      let a = try await Player(part("a", calls: [call("b", port: b.ports[0])]), in: folder)
      let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      let headers = [StandinHeader.cohort: "canary", StandinHeader.trace: trace]
      #expect(try await httpGet(port: a.ports[0], headers: headers).status == 200)
      var iterator = seen.makeAsyncIterator()
      let request = try #require(await iterator.next())
      #expect(request.contains("x-bulkhead-cohort: canary\r\n"))
      #expect(request.contains("x-bulkhead-caller: default/b\r\n"))
      #expect(request.contains("host: 127.0.0.1:\(last.port)\r\n"))
      #expect(request.contains("traceparent: \(trace.prefix(36))"))
      #expect(!request.contains("00f067aa0ba902b7"))
      await a.process.end()
      await b.process.end()
    }
  }

  /// The first connection answers once and then dies on reuse: the request is sent again, once, on a fresh one. The
  /// last connections die at once: no third try.
  @Test func reusedConnectionThatDiesIsRetriedOnce() async throws {
    try await withFolder { folder in
      let connections = Mutex(0)
      let flaky = try FakeServer { connection, number in
        connections.withLock { $0 += 1 }
        _ = connection.read(through: "\r\n\r\n")
        if number < 2 {
          connection.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
          _ = connection.read(through: "\r\n\r\n")
        }
        connection.shut()
      }
      defer { flaky.close() }
      let a = try await Player(part("a", calls: [call("b", port: flaky.port)]), in: folder)
      #expect(try await httpGet(port: a.ports[0]).status == 200)
      #expect(try await httpGet(port: a.ports[0]).status == 200, "retried on connection 1")
      #expect(connections.withLock { $0 } == 2)
      #expect(try await httpGet(port: a.ports[0]).status == 502, "connection 1 dies on reuse, 2 at once")
      #expect(connections.withLock { $0 } == 3)
      await a.process.end()
    }
  }

  @Test func canaryAddressesSteerTheCanaryAlone() async throws {
    try await withFolder { folder in
      let stable = try await Player(part("b", tcp: true), in: folder)
      let canary = try await Player(part("b", tcp: true), in: folder)
      let a = try await Player(part("a", calls: [call("b", port: stable.ports[0], tcp: true)]), in: folder)
      try a.process.send(
        StandinOrder(canaryAddresses: ["127.0.0.1:\(stable.ports[0])": "127.0.0.1:\(canary.ports[0])"]))
      // Orders are obeyed in turn: an answered attempt shows that the table is in place.
      let attempt = Attempt(id: 1, host: "127.0.0.1", port: a.ports[0], timeoutMilliseconds: 9000)
      #expect(try await a.attempt(attempt).kind == .reached)
      #expect(try await httpGet(port: a.ports[0], headers: [StandinHeader.cohort: "canary"]).status == 200)
      try await stable.wait { $0.totals.served[false]?.n == 1 }
      try await canary.wait { $0.totals.served[true]?.n == 1 }
      #expect(stable.totals.served[true] == nil)
      #expect(canary.totals.served[false] == nil)
      for player in [a, stable, canary] { await player.process.end() }
    }
  }

  @Test func manyRequestsOnOneConnection() async throws {
    try await withFolder { folder in
      let a = try await Player(part("a"), in: folder)
      let port = a.ports[0]
      let statuses = try await onThread {
        let connection = try Connection.open(port: port)
        defer { connection.shut() }
        connection.write(String(repeating: "GET / HTTP/1.1\r\nhost: x\r\n\r\n", count: 3))
        return (0..<3).map { _ in
          let head = connection.read(through: "\r\n\r\n")
          return head.hasPrefix("HTTP/1.1 200") ? connection.read(through: "a-1") : head
        }
      }
      #expect(statuses == ["a-1", "a-1", "a-1"])
      await a.process.end()
    }
  }

  @Test func manyLinesOnOneConnection() async throws {
    try await withFolder { folder in
      let a = try await Player(part("a", tcp: true), in: folder)
      let port = a.ports[0]
      let replies = try await onThread {
        let connection = try Connection.open(port: port)
        defer { connection.shut() }
        let line = LineRequest(cohort: nil, caller: "x/y", trace: "-").text
        connection.write(line + line)
        let together = [connection.read(through: "\n"), connection.read(through: "\n")]
        connection.write(line)
        return together + [connection.read(through: "\n")]
      }
      #expect(replies == ["OK a-1\n", "OK a-1\n", "OK a-1\n"])
      try await a.wait { $0.totals.served[false]?.n == 3 }
      await a.process.end()
    }
  }

  /// A caller keeps its connection, and sends a line again on a fresh one when a kept one is found closed.
  @Test func linesAreSentOnKeptConnections() async throws {
    try await withFolder { folder in
      let connections = Mutex(0)
      let b = try FakeServer { connection, number in
        connections.withLock { $0 += 1 }
        for _ in 0..<(number == 0 ? 2 : 1) {
          _ = connection.read(through: "\n")
          connection.write("OK b-1\n")
        }
        _ = connection.read(through: "\n")
        connection.shut()
      }
      defer { b.close() }
      let a = try await Player(part("a", calls: [call("b", port: b.port, tcp: true)]), in: folder)
      for number in 1...3 {
        #expect(try await httpGet(port: a.ports[0]).status == 200, "request \(number)")
        #expect(connections.withLock { $0 } == (number < 3 ? 1 : 2))
      }
      await a.process.end()
    }
  }

  @Test func brokenOrdersAndInputsDoNoHarm() async throws {
    try await withFolder { folder in
      let a = try await Player(part("a", tcp: true), in: folder)
      let port = a.ports[0]
      a.process.send(text: "no JSON\n{\"attempt\":{}}\n\n")
      let reply = try await onThread {
        let connection = try Connection.open(port: port)
        defer { connection.shut() }
        connection.write("GET / HTTP/1.1\r\n\r\n")
        return connection.read()
      }
      #expect(reply.isEmpty)
      let attempt = Attempt(id: 2, host: "127.0.0.1", port: port, timeoutMilliseconds: 9000, tcp: true)
      #expect(try await a.attempt(attempt).detail == "OK a-1")
      #expect(await a.process.end() == 0)
    }
  }

  @Test func unusableConfigurationIsRefusedWithACure() async throws {
    try await withFolder { folder in
      let missing = try StandinProcess(["serve", "--config", folder + "/none.json"])
      #expect(await missing.end() == 78)
      try Data("{}".utf8).write(to: URL(filePath: folder + "/broken.json"))
      let broken = try StandinProcess(["serve", "--config", folder + "/broken.json"])
      #expect(await broken.end() == 65)
      var portless = part("a")
      portless.listen[0].port = 70_000
      try JSONEncoder().encode(portless).write(to: URL(filePath: folder + "/port.json"))
      #expect(await (try StandinProcess(["serve", "--config", folder + "/port.json"])).end() == 78)
      let usage = try StandinProcess(["dance"])
      #expect(await usage.end() == 64)
    }
  }
}
