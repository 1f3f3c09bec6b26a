import Judgement
import TestSupport
import Testing

@testable import MetricSources

struct SeriesCountTests {
  private func metrics(_ series: [MetricSeries], from: Double = 100, to: Double = 110) -> ArmMetrics {
    SeriesCount(queries: .envoyInbound, window: MetricWindow(from: from, to: to), patience: 30)
      .metrics("shop/cart", .canary, series)
  }

  private func requests(
    _ kind: String, _ samples: [(Double, Double)], instance: String = "a"
  ) -> MetricSeries {
    Support.series(
      MetricQueries.envoyInbound.requests, ["envoy_response_code_class": kind, "instance": instance], samples)
  }

  @Test func growthIsCounted() {
    let found = metrics([
      requests("2", [(95, 10), (105, 40), (109, 50)]), requests("4", [(95, 3), (109, 4)]),
      // Appears with its first error, in a process that was known.
      requests("5", [(105, 1), (109, 2)]),
    ])
    #expect(found.quality == .fresh)
    #expect(found.requests == 43)
    #expect(found.errors == ErrorCounts(client: 1, server: 2, unanswered: 0, denied: 0, injected: 0))
    #expect(found.errors?.failures() == 2)
    #expect(found.errors?.failures(FailurePolicy(client: true)) == 3)
  }

  @Test func noNewsIsNoZero() {
    #expect(metrics([]).quality == .absent("no series of envoy_http_downstream_rq_xx match"))
    let old = metrics([requests("2", [(95, 10)])])
    #expect(old.quality == .absent("nothing was measured since the window began") && old.requests == nil)
    #expect(metrics([requests("2", [(40, 10)])]).quality == .stale(70))
    #expect(metrics([requests("2", [(105, 10)])]).quality == .absent("counting starts with this answer"))
    // Measured, and nothing happened: that is a zero.
    let quiet = metrics([requests("2", [(95, 10), (105, 10)])])
    #expect(quiet.quality == .fresh && quiet.requests == 0 && quiet.errors?.failures() == 0)
  }

  static let unbelievable: [([(Double, Double)], DataQuality)] = [
    ([(95.0, 10.0), (105.0, 9.0)], DataQuality.reset),
    ([(95, 10), (105, 2), (109, 20)], .reset),
    ([(95, 10), (105, .nan)], .absent("a value is NaN")),
    ([(95, 10), (105, .infinity)], .broken("a counter is negative, infinite or absurd")),
    ([(95, -1), (105, 1)], .broken("a counter is negative, infinite or absurd")),
    ([(95, 1), (105, 2e18)], .broken("a counter is negative, infinite or absurd")),
    ([(95, 1), (95, 2)], .broken("times of samples do not ascend")),
    ([(105, 1), (95, 2)], .broken("times of samples do not ascend")),
    ([(95, 1), (86_500, 2)], .broken("a sample is 86390.0 s younger than the question")),
    ([(60, 1), (105, 9)], .gap(45)),
  ]

  @Test(arguments: unbelievable)
  func whatCannotBeBelieved(_ samples: [(Double, Double)], _ wanted: DataQuality) {
    let found = metrics([requests("2", samples)])
    #expect(found.quality == wanted)
    #expect((found.requests != nil) == wanted.hasCounts)
  }

  @Test func aSilentProcessIsAGap() {
    let found = metrics([
      requests("2", [(75, 10), (105, 20)]), requests("2", [(75, 5)], instance: "b"),
    ])
    #expect(found.quality == .gap(35) && found.requests == 10)
  }

  @Test func aNewProcessStartsCounting() {
    let found = metrics([
      requests("2", [(95, 10), (105, 20)]), requests("2", [(105, 1_000_000)], instance: "b"),
    ])
    #expect(found.requests == 10 && found.notes == ["counting starts at 1 new targets"])
  }

  @Test func unknownClassesLeaveErrorsUnknown() {
    let found = metrics([requests("x", [(95, 1), (105, 2)])])
    #expect(found.requests == 1 && found.errors == nil && !found.notes.isEmpty)
    #expect(throws: DataProblem.self) {
      try ArmMetrics.reading(baseline: metrics([]), canary: found)
    }
  }

  private func bucket(_ le: String, _ samples: [(Double, Double)], _ instance: String = "a") -> MetricSeries {
    Support.series(MetricQueries.envoyInbound.buckets, ["le": le, "instance": instance], samples)
  }

  @Test func bucketsAreCounted() throws {
    let both = requests("2", [(95, 0), (105, 9)])
    let found = metrics([
      both, bucket("5", [(95, 1), (105, 4)]), bucket("+Inf", [(95, 1), (105, 10)]), bucket("25", [(95, 1), (105, 9)]),
    ])
    #expect(found.latency == LatencyCounts(bounds: [5, 25], counts: [3, 5, 1]))
    // A bound that one of two processes lacks.
    let odd = metrics([
      both, bucket("5", [(95, 1), (105, 4)]), bucket("5", [(95, 1), (105, 4)], "b"), bucket("9", [(95, 1), (105, 4)]),
    ])
    #expect(odd.latency == nil && odd.requests == 9 && odd.notes.count == 1)
    // Cumulative counts that fall.
    #expect(metrics([both, bucket("5", [(95, 0), (105, 4)]), bucket("9", [(95, 0), (105, 3)])]).latency == nil)
    #expect(metrics([both, bucket("x", [(95, 0), (105, 4)])]).latency == nil)
  }

  /// Against a world in which every request is known: windows that follow each other count each request once.
  @Test func everyRequestIsCountedOnce() {
    for seed in 0..<200 {
      var generator = SplitMix64(UInt64(seed))
      var all: [MetricSeries] = []
      var totals: [(time: Double, requests: Double, errors: Double)] = []
      var events: [(time: Double, kind: Int)] = (0..<Int.random(in: 0...400, using: &generator)).map { _ in
        (.random(in: 0...100, using: &generator), Int.random(in: 0..<20, using: &generator) == 0 ? 5 : 2)
      }
      // The process has answered before anyone asked.
      events.append((0, 2))
      var scrape = 1.0
      var samples: [Int: [(Double, Double)]] = [:]
      while scrape < 100 {
        for kind in [2, 5] {
          let count = events.count { $0.time <= scrape && $0.kind == kind }
          // A counter is not there before its first request.
          if count > 0 { samples[kind, default: []].append((scrape, Double(count))) }
        }
        let seen = events.filter { $0.time <= scrape }
        totals.append((scrape, Double(seen.count), Double(seen.count { $0.kind == 5 })))
        scrape += .random(in: 1...9, using: &generator)
      }
      for (kind, values) in samples { all.append(requests("\(kind)", values)) }
      var from = 3.0
      while from < 95 {
        let to = from + .random(in: 2...20, using: &generator)
        // Nobody has samples of later than the question.
        let known = all.map { one in
          MetricSeries(metric: one.metric, labels: one.labels, samples: one.samples.filter { $0.time <= to })
        }
        let found = metrics(known.filter { !$0.samples.isEmpty }, from: from, to: to)
        let before = totals.last { $0.time <= from }
        let after = totals.last { $0.time <= to }
        if let before, let after, after.time > from {
          #expect(found.requests == after.requests - before.requests, "seed \(seed)")
          #expect(found.errors?.server == after.errors - before.errors, "seed \(seed)")
        } else {
          #expect(found.requests == nil, "seed \(seed)")
        }
        from = to
      }
    }
  }
}
