import Foundation
import Judgement
import Testing

@testable import MetricSources

struct AccessLogTests {
  private func entry(_ line: String) -> AccessLogEntry? { AccessLogEntry(Array(line.utf8)[...]) }

  @Test(arguments: ["access.log", "access.ndjson"])
  func realLogsAreRead(_ file: String) throws {
    let lines = try Support.corpus(file).split(separator: UInt8(ascii: "\n"))
    let entries = try lines.map { try #require(AccessLogEntry($0)) }
    #expect(entries.map(\.outcome) == Array(repeating: .success, count: 5) + [.server, .client, .unanswered, .success])
    #expect(entries.allSatisfy { $0.authority == "cart.shop:8080" })
    #expect(abs(entries[0].ended - 1_795_258_188.559) < 1e-6 && entries[0].duration == 1)
    let cart = try ServiceName("shop/cart")
    #expect(entries.allSatisfy { $0.isTo(cart) })
    if file == "access.ndjson" { #expect(entries.allSatisfy { $0.attempt == 1 && $0.arm == .baseline }) }
  }

  @Test func istiosTextFormatIsRead() throws {
    let line =
      "[2026-01-01T00:00:00.000Z] \"GET /a HTTP/2\" 403 - rbac_access_denied_matched_policy[none] - \"-\" 0 19 7 - "
      + "\"-\" "
      + "\"curl/8\" \"id\" \"cart.shop:80\" \"-\" inbound|8080|| - 10.0.0.1:8080 10.0.0.2:1 "
      + "outbound_.80_._.cart.shop.svc.cluster.local -"
    let found = try #require(entry(line))
    #expect(found.outcome == .denied && found.duration == 7)
  }

  /// What a client sends must not change what is counted.
  @Test(arguments: [
    "[2026-01-01T00:00:00.000Z] \"GET /\"200 HTTP/1.1\" 503 - 0 2 1 0 \"-\" \"-\" \"i\" \"cart.shop\" \"10.0.0.1:80\"",
    "[2026-01-01T00:00:00.000Z] \"GET / HTTP/1.1\" 503 - 0 2 1 0 \"-\" \"x\\\" 200 - 0 \" \"i\" \"cart.shop\" \"-\"",
    "[2026-01-01T00:00:00.000Z] \"GET /] HTTP/1.1\" 503 - 0 2 1 0 \"-\" \"] \"GET /\" 200\" \"i\" \"cart.shop\" \"-\"",
  ])
  func forgedFieldsChangeNothing(_ line: String) throws {
    let found = try #require(entry(line))
    #expect(found.outcome == .server && found.duration == 1 && found.authority == "cart.shop")
  }

  @Test(arguments: [
    "", "x", "{}", "[", "[2026-01-01T00:00:00.000Z]", "[2026-01-01T00:00:00.000Z] \"GET / HTTP/1.1\" x - 0 2 1 0 \"-\"",
    "{\"start_time\":\"2026-01-01T00:00:00Z\",\"response_code\":9999}",
    "{\"start_time\":\"2026-01-01T00:00:00Z\",\"response_code\":200,\"duration\":-1}",
    "{\"start_time\":\"yesterday\",\"response_code\":200}",
  ])
  func otherLinesAreRefused(_ line: String) { #expect(entry(line) == nil) }

  private func line(_ second: Int, _ code: Int, cohort: String? = nil, attempt: Int = 1, host: String = "cart.shop")
    -> String
  {
    let arm = cohort.map { ",\"cohort\":\($0)" } ?? ""
    return "{\"start_time\":\"1970-01-01T00:01:\(second < 10 ? "0" : "")\(second)Z\",\"response_code\":\(code),"
      + "\"duration\":4,\"authority\":\"\(host)\",\"attempt_count\":\"\(attempt)\"\(arm)}\n"
  }

  private func ask(_ source: AccessLogSource, to: Double) async throws -> (baseline: ArmMetrics, canary: ArmMetrics) {
    let found = try await source.metrics(of: ["shop/cart"], in: MetricWindow(from: to - 10, to: to))
    return (found[0], found[1])
  }

  @Test func armsAreToldByTheLine() async throws {
    try await Support.withFolder { folder in
      let path = folder + "/log"
      try Support.append(line(1, 500, cohort: "\"canary\""), to: path)
      let source = AccessLogSource([AccessLogBinding(path: path)])
      #expect(try await ask(source, to: 62).canary.quality == .absent("counting starts with this answer"))
      try Support.append(
        line(3, 200, cohort: "null") + line(3, 503, cohort: "\"canary\"") + line(4, 200, cohort: "\"canary\"")
          + line(4, 200, cohort: "\"canary\"", attempt: 2) + line(4, 500, cohort: "null", host: "web.shop:80"),
        to: path)
      let found = try await ask(source, to: 65)
      #expect(found.baseline.requests == 1 && found.baseline.errors?.failures() == 0)
      #expect(found.canary.requests == 2 && found.canary.errors?.failures() == 1)
      #expect(found.canary.latency?.total == 2 && found.canary.notes == ["1 retries are left out"])
      #expect(found.canary.window == MetricWindow(from: 62, to: 65))
      // Nothing was written: nobody knows why.
      #expect(try await ask(source, to: 66).canary.quality == .absent("no request was logged"))
      // Half a line is a line when its end has come.
      let whole = line(7, 200, cohort: "null")
      try Support.append(String(whole.prefix(30)), to: path)
      #expect(try await ask(source, to: 67).baseline.requests == nil)
      try Support.append(String(whole.dropFirst(30)), to: path)
      #expect(try await ask(source, to: 68).baseline.requests == 1)
    }
  }

  @Test func rotationLosesNothing() async throws {
    try await Support.withFolder { folder in
      let path = folder + "/log"
      try Support.append(line(1, 200), to: path)
      let source = AccessLogSource([AccessLogBinding(path: path, service: "shop/cart", arm: .canary)], fromStart: true)
      #expect(try await ask(source, to: 62).canary.requests == 1)
      try Support.append(line(3, 200), to: path)
      try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
      // Still written to under its old name, and no new one yet.
      try Support.append(line(3, 500), to: path + ".1")
      #expect(try await ask(source, to: 64).canary.requests == 2)
      try Support.append(line(5, 200), to: path + ".1")
      try Support.append(line(6, 200), to: path)
      let found = try await ask(source, to: 67)
      #expect(found.canary.requests == 2 && found.canary.quality == .fresh)
      #expect(found.baseline.quality == .absent("no log belongs to this arm"))
    }
  }

  @Test func aCutLogIsAGap() async throws {
    try await Support.withFolder { folder in
      let path = folder + "/log"
      try Support.append(line(1, 200) + line(1, 200) + line(1, 200), to: path)
      let source = AccessLogSource([AccessLogBinding(path: path, service: "shop/cart", arm: .canary)], fromStart: true)
      #expect(try await ask(source, to: 62).canary.requests == 3)
      try Data(line(3, 200).utf8).write(to: URL(fileURLWithPath: path), options: [])
      let found = try await ask(source, to: 64).canary
      #expect(found.requests == 1 && found.quality == .gap(2))
    }
  }

  @Test func brokenLogsAreNamed() async throws {
    try await Support.withFolder { folder in
      let cases: [(String, Double, String)] = [
        ("garbage\n" + line(1, 200), 62, "1 of 2 lines"), (line(1, 200), 62, "do not tell the arm"),
        (line(1, 200, cohort: "null"), 5, "younger"),
        (String(repeating: "x", count: 200_000) + "\n", 62, "1 of 1 lines"),
      ]
      for (index, (text, time, words)) in cases.enumerated() {
        let path = folder + "/log\(index)"
        try Support.append(text, to: path)
        let found = try await ask(AccessLogSource([AccessLogBinding(path: path)], fromStart: true), to: time).baseline
        #expect("\(found.quality)".contains(words), "\(found.quality)")
      }
      for path in [folder, folder + "/none", "/dev/zero"] {
        let found = try await ask(AccessLogSource([AccessLogBinding(path: path)]), to: 62).baseline
        guard case .broken = found.quality else { Issue.record("\(path): \(found.quality)"); continue }
      }
      let path = folder + "/old"
      try Support.append(line(1, 200, cohort: "null"), to: path)
      let old = try await ask(AccessLogSource([AccessLogBinding(path: path)], fromStart: true), to: 200).baseline
      guard case .stale = old.quality else { Issue.record("\(old.quality)"); return }
    }
  }

  @Test func linesOfCountsAreSummed() async throws {
    try await Support.withFolder { folder in
      let path = folder + "/counts"
      func line(_ t: Int, _ n: Int) -> String {
        "{\"t\":\(t),\"baseline\":{\"n\":\(n),\"errors\":1},\"canary\":{\"n\":\(2 * n),\"errors\":0,"
          + "\"latency\":[[5,\(n)],[null,1]]}}\n"
      }
      try Support.append(line(1, 10) + line(2, 20) + line(3, 30), to: path)
      let source = CountLineSource(path: path)
      let first = try await source.metrics(of: ["cart"], in: MetricWindow(from: 1, to: 3))
      #expect(first[0].requests == 50 && first[0].errors?.failures() == 2)
      #expect(first[1].requests == 100 && first[1].latency == LatencyCounts(bounds: [5], counts: [50, 2]))
      #expect(try await source.metrics(of: ["cart"], in: MetricWindow(from: 3, to: 4))[0].quality.hasCounts == false)
      #expect(try await source.metrics(of: ["cart"], in: MetricWindow(from: 4, to: 99))[0].quality == .stale(96))
      try Support.append("{\"t\":1}\n", to: path)
      let broken = try await source.metrics(of: ["cart"], in: MetricWindow(from: 4, to: 5))[0]
      #expect(broken.quality == .broken("there is no 'baseline'"))
    }
  }
}
