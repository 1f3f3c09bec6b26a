import Foundation
import StandinProtocol
import Testing

@Suite struct ProtocolTests {
  private func roundTrip<Value: Codable & Equatable>(_ value: Value) throws {
    let again = try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    #expect(again == value)
  }

  @Test func everyMessageSurvivesJSON() throws {
    try roundTrip(part("a", tcp: true, calls: [call("b", port: 80)], users: .init(requestsPerSecond: 1.5, count: 7)))
    try roundTrip(part("a"))
    try roundTrip(StandinOrder())
    try roundTrip(
      StandinOrder(
        canaryShare: 5, canaryAddresses: ["db:5432": "10.0.0.9:5432"], requestsPerSecond: 0.5,
        spike: Spike(factor: 3, seconds: 25), ballast: Ballast(mebibytes: 64, seconds: 23.5),
        attempt: Attempt(id: 1, host: "h", port: 2, timeoutMilliseconds: 3, tcp: true)))
    let counters = Counters(
      calls: [.init(target: "t", canary: true, n: 3, errors: 1, inherited: 1, latency: [[0, 1], [9, 2]])],
      served: [.init(canary: false, n: 1)], users: [.init(canary: true, n: 2, errors: 2)], sent: 3)
    try roundTrip(StandinReport(ready: true, ports: [1, 2], counters: counters))
    try roundTrip(StandinReport(outcome: AttemptOutcome(id: 4, kind: .timedOut, status: 200, detail: "é\n\"")))
    try roundTrip(ProbeOrder(vector: "L17", nonce: "0123456789", facts: ["paths": "/a\n/b"]))
    try roundTrip(ProbeOutcome(vector: "L17", result: .contained, step: "create", errno: "EROFS"))
    try roundTrip(
      NodeConfiguration(
        sockets: [.init(path: "/s", mode: 0o660, body: "x")],
        servers: [.init(address: "127.0.0.1", port: 1, path: "/p", bearer: "t", body: "y")]))
    try roundTrip(NodeReport(ready: true, ports: [1]))
  }

  @Test func linesSurviveAndBrokenOnesAreRefused() {
    for cohort in [nil, "canary"] {
      let request = LineRequest(cohort: cohort, caller: "default/a", trace: "00-x")
      #expect(request.text.hasSuffix("\n"))
      #expect(LineRequest(line: request.text.dropLast()) == request)
    }
    for broken in ["", "GET - a", "GET  a b", "PUT - a b", "GET - a b c", "GET / HTTP/1.1", "GET a\rb c d"] {
      #expect(LineRequest(line: broken[...]) == nil, "\(broken)")
    }
    for reply in [LineReply.ok(pod: "a-1"), .failed(origin: "default/b[Deployment]")] {
      #expect(LineReply(line: reply.text.dropLast()) == reply)
    }
    for broken in ["", "OK", "OK ", "ERR ", "OKAY x", "HTTP/1.1 200 OK", "ERR a\r\nb: c"] {
      #expect(LineReply(line: broken[...]) == nil, "\(broken)")
    }
  }

  @Test func tracesKeepTheirIdAndChangeTheirSpan() throws {
    let trace = TraceContext(high: 0, low: 0)
    let header = trace.header(span: 0)
    #expect(header == "00-00000000000000000000000000000001-0000000000000001-01")
    #expect(TraceContext(header: header) == trace)
    let known = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    #expect(try #require(TraceContext(header: known)).header(span: 0xab) == known.prefix(36) + "00000000000000ab-00")
    let broken = [
      "", "00-1-2-01", String(known.dropLast()), known + "-1", known.uppercased(), "01" + known.dropFirst(2),
      "00-00000000000000000000000000000000-00f067aa0ba902b7-00",
    ]
    for header in broken { #expect(TraceContext(header: header) == nil, "\(header)") }
  }
}
