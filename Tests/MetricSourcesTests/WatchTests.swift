import Judgement
import Testing

struct WatchTests {
  private func answers(
    _ window: MetricWindow, _ quality: DataQuality = .fresh, requests: Double = 10, errors: Double = 1,
    latency: LatencyCounts? = nil
  ) -> [ArmMetrics] {
    Arm.allCases.map {
      ArmMetrics(
        service: "shop/cart", arm: $0, window: window, requests: requests,
        errors: ErrorCounts(client: 2, server: errors),
        latency: latency, quality: quality)
    }
  }

  @Test func linesAreWhatTheJudgeReads() throws {
    var watch = MetricWatch(start: 100, patience: 5)
    var stream = JudgeStream(settings: JudgeSettings())
    let window = try #require(watch.window(at: 101.5))
    #expect(window == MetricWindow(from: 100, to: 101.5))
    let latency = LatencyCounts(bounds: [5, 25], counts: [3, 2, 1])
    let line = try #require(watch.take(answers(window, latency: latency), of: window).line)
    let arm = "{\"n\":10,\"errors\":1,\"latency\":[[5.0,3],[25.0,2],[null,1]]}"
    #expect(line == "{\"t\":101.5,\"baseline\":\(arm),\"canary\":\(arm)}")
    #expect(try stream.answer(line).contains("\"verdict\":\"continue\""))
    #expect(watch.window(at: 101.5) == nil && watch.window(at: 102) == MetricWindow(from: 101.5, to: 102))
    // More latencies than requests: the histogram lags, and is left out.
    let next = MetricWindow(from: 101.5, to: 102)
    #expect(watch.take(answers(next, requests: 2, latency: latency), of: next).line?.contains("latency") == false)
  }

  @Test func clientErrorsCountWhereAskedFor() {
    let window = MetricWindow(from: 0, to: 1)
    var watch = MetricWatch(start: 0, patience: 5, failures: FailurePolicy(client: true))
    #expect(watch.take(answers(window), of: window).line?.contains("\"errors\":3") == true)
  }

  @Test func classesAreThereWhereAskedFor() throws {
    let window = MetricWindow(from: 0, to: 1)
    var watch = MetricWatch(start: 0, patience: 5, status: true)
    let line = try #require(watch.take(answers(window), of: window).line)
    #expect(line.contains("\"status\":{\"2xx\":7,\"4xx\":2,\"5xx\":1,\"none\":0}"))
    var stream = JudgeStream(settings: JudgeSettings())
    #expect(try stream.answer(line).contains("\"status\":"))
  }

  @Test func nothingToSeeIsNoZero() throws {
    var watch = MetricWatch(start: 100, patience: 5)
    var lines: [String?] = []
    for now in stride(from: 101.0, through: 112, by: 1) {
      let window = try #require(watch.window(at: now))
      #expect(window.from == 100)
      lines.append(watch.take(answers(window, .absent("nothing")), of: window).line)
    }
    // Silent until patience ends, then one line without counts at each end of it.
    #expect(lines.compactMap(\.self).count == 2 && lines[5]?.contains("null") == true)
    #expect(!watch.hasSeenData)
    let window = try #require(watch.window(at: 113))
    #expect(watch.take(answers(window), of: window).line?.contains("\"n\":10") == true)
    #expect(watch.window(at: 114)?.from == 113 && watch.hasSeenData)
  }

  @Test(arguments: [DataQuality.stale(9), .broken("why"), .reset])
  func troubleIsALineWithoutCounts(_ quality: DataQuality) throws {
    var watch = MetricWatch(start: 100, patience: 5)
    let window = MetricWindow(from: 100, to: 101)
    let outcome = watch.take(answers(window, quality), of: window)
    #expect(outcome.line?.contains("\"n\":null") == true && outcome.remarks.count == 2)
    // What a reset lost is not asked for again.
    #expect(watch.window(at: 102)?.from == (quality == .reset ? 101 : 100))
    var stream = JudgeStream(settings: JudgeSettings())
    #expect(try stream.answer(#require(outcome.line)).contains("reasons"))
  }
}
