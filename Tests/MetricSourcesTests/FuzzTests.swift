import Foundation
import Judgement
import NIOHTTP1
import TestSupport
import Testing

@testable import MetricSources

/// Mutates what real sources wrote: it may be refused, and must never trap or hang.
struct FuzzTests {
  private static let rounds = Mutator.rounds(1_500, soak: 1_000_000)
  private static let mutator = Mutator(
    tokens: [
      "{", "}", "[", "]", ",", ":", "null", "-1", "1e999", "99999999999999999999", "\"", "\\", "\\u0000", "\\uD800",
      "NaN",
      "+Inf", "\"NaN\"", "\n", " ", "=", "é", "\0", "\u{202E}", "le=\"+Inf\"", "\"value\":", "-", "|", "0x1p3",
      "UF,URX",
    ], most: 3)

  /// How many of the mutants were read at all: a fuzzer whose inputs are all refused at the door tests nothing.
  private func survivors(_ corpus: [UInt8], _ read: ([UInt8]) throws -> Bool) -> Int {
    var count = 0
    for round in 0..<Self.rounds {
      if (try? read(Self.mutator.mutant(of: [corpus], seed: round))) == true { count += 1 }
    }
    return count
  }

  private func count(_ queries: MetricQueries, _ series: [MetricSeries]) {
    let window = MetricWindow(from: 1_795_258_295.5, to: 1_795_258_297)
    _ = SeriesCount(queries: queries, window: window, patience: 30).metrics("shop/cart", .canary, series)
  }

  @Test func prometheusAnswers() throws {
    let corpus = try Support.corpus("prometheus-matrix.json")
    let read = survivors(corpus) { bytes in
      guard case .matrix(let series) = try PrometheusAnswer(HTTPAnswer(status: 200, headers: [:], body: bytes)) else {
        return false
      }
      count(.envoy, series)
      return true
    }
    #expect(read > Self.rounds / 50)
  }

  @Test func exposition() throws {
    let corpus = try Support.corpus("envoy.prom")
    let matchers = [LabelMatcher("envoy_http_conn_manager_prefix", "in_8080")]
    let read = survivors(corpus) { bytes in
      count(.envoyInbound, try Scrape(bytes, .envoyInbound, matchers, at: 1_795_258_296).series)
      return true
    }
    #expect(read > Self.rounds / 50)
  }

  @Test func envoyStatistics() throws {
    let corpus = try Support.corpus("envoy-stats.json")
    let read = survivors(corpus) { bytes in
      count(.envoyInbound, try EnvoyStatistics.page(bytes, .inbound("in_8080"), at: 1_795_258_296).series)
      return true
    }
    #expect(read > Self.rounds / 50)
  }

  @Test(arguments: ["access.log", "access.ndjson"])
  func accessLogs(_ file: String) throws {
    let read = survivors(try Support.corpus(file)) { bytes in
      var tally = AccessLogTally(["shop/cart"], AccessLogBinding(path: "", arm: .canary))
      for line in bytes.split(separator: UInt8(ascii: "\n")) { tally.add(line) }
      return tally.unreadable < tally.lines
    }
    #expect(read > Self.rounds / 50)
  }

  @Test func countLines() {
    let line =
      "{\"t\":17.5,\"service\":\"shop/cart\",\"baseline\":{\"n\":5,\"errors\":0,\"latency\":[[5,3],[null,2]]},"
      + "\"canary\":{\"n\":1,\"errors\":null}}"
    let read = survivors(Array(line.utf8)) { bytes in
      _ = try CountLine(bytes[...])
      return true
    }
    #expect(read > Self.rounds / 50)
  }
}
