import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Telemetry

@Suite("Telemetry")
struct TelemetryTests {
  private static let metrics = Metrics(
    [.init(.gauge, "phase", "By name."), .init(.counter, "writes_total", "All of them.")],
    unlabelled: ["writes_total"])

  @Test("is written as Prometheus reads it: by name, with labels escaped")
  func text() {
    let metrics = Metrics(
      [.init(.counter, "b_total", "Second."), .init(.gauge, "a", "First.")], unlabelled: ["b_total"])
    metrics.set("a", ["phase": "z"], to: 0.5)
    metrics.set("a", ["phase": "\"q\"\\\n"], to: 2)
    metrics.add(3, to: "b_total")
    metrics.add(to: "b_total")
    #expect(
      metrics.text == """
        # HELP a First.
        # TYPE a gauge
        a{phase="\\"q\\"\\\\\\n"} 2
        a{phase="z"} 0.5
        # HELP b_total Second.
        # TYPE b_total counter
        b_total 4

        """)
  }

  @Test(
    "answers what is asked for, and no more",
    arguments: [
      ("GET /metrics HTTP/1.1", "200", "writes_total 0"), ("GET /readyz?x=1 HTTP/1.1", "503", "not yet"),
      ("GET /other HTTP/1.1", "404", "404"), ("POST /metrics HTTP/1.1", "405", "405"),
      ("nonsense", "400", ""),
    ])
  func answers(request: String, status: String, body: String) async throws {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup(of: String?.self) { group in
      group.addTask {
        try await TelemetryServer.serve(port: 0, bound: { port.yield($0) }) { path in
          switch path {
          case "/metrics": (true, Self.metrics.text)
          case "/readyz": (false, "not yet\n")
          default: nil
          }
        }
        return nil
      }
      group.addTask {
        for await port in ports { return try await Self.ask(request, port: port) }
        return nil
      }
      let answer = try #require(try await group.next() ?? nil)
      #expect(answer.hasPrefix("HTTP/1.1 \(status)") && answer.contains(body), "\(answer)")
      group.cancelAll()
    }
  }

  private static func ask(_ request: String, port: Int) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(string: "\(request)\r\nHost: a\r\nConnection: close\r\n\r\n"))
      var answer = ""
      for try await part in inbound { answer += String(buffer: part) }
      return answer
    }
  }
}
