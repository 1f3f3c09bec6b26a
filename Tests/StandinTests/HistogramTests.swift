import StandinProtocol
import Testing

@Suite struct HistogramTests {
  @Test func differenceHoldsWhatCameSince() {
    var histogram = LatencyHistogram()
    for milliseconds in [1.0, 5, 5, 80] { histogram.record(milliseconds: milliseconds) }
    let earlier = histogram
    #expect(histogram.since(earlier).total == 0)
    for milliseconds in [5.0, 900] { histogram.record(milliseconds: milliseconds) }
    var wanted = LatencyHistogram()
    for milliseconds in [5.0, 900] { wanted.record(milliseconds: milliseconds) }
    #expect(histogram.since(earlier).pairs == wanted.pairs)
    #expect(histogram.since(LatencyHistogram()).pairs == histogram.pairs)
  }

  @Test func bucketsAreThoseOfTheDocumentation() {
    for bucket in 1..<LatencyHistogram.lastBucket {
      let low = LatencyHistogram.lowerBound(bucket)
      let high = LatencyHistogram.lowerBound(bucket + 1)
      #expect(LatencyHistogram.bucket(ofMilliseconds: low) == bucket)
      #expect(LatencyHistogram.bucket(ofMilliseconds: high.nextDown) == bucket)
      #expect(abs(high / low - 1.1) < 1e-9)
    }
    for small in [-1, 0, 0.05, 0.1, 0.1099, .nan] { #expect(LatencyHistogram.bucket(ofMilliseconds: small) == 0) }
    #expect(LatencyHistogram.bucket(ofMilliseconds: 1) == 24)
    #expect(LatencyHistogram.bucket(ofMilliseconds: .infinity) == LatencyHistogram.lastBucket)
  }

  @Test func quantilesAgreeWithSorting() throws {
    var random = Lehmer(state: 20_260_101)
    for count in [1, 2, 3, 10, 999, 5000] {
      // Several decades, so that many buckets are used.
      let values = (0..<count).map { _ in 0.2 * (1 / Double.random(in: 0.0001...1, using: &random)) }
      var histogram = LatencyHistogram()
      for value in values { histogram.record(milliseconds: value) }
      let sorted = values.sorted()
      for q in [0, 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1] {
        let exact = sorted[max(Int((q * Double(count)).rounded(.up)), 1) - 1]
        #expect(try #require(histogram.quantileBounds(q)).contains(exact), "n \(count), q \(q)")
        #expect(abs(try #require(histogram.quantile(q)) / exact - 1) < 0.1, "n \(count), q \(q)")
      }
    }
  }

  @Test func pairsAreTheHistogram() throws {
    var random = Lehmer(state: 7)
    var whole = LatencyHistogram()
    var merged = LatencyHistogram()
    for _ in 0..<20 {
      var piece = LatencyHistogram()
      for _ in 0..<50 {
        let value = Double.random(in: 0...300, using: &random)
        piece.record(milliseconds: value)
        whole.record(milliseconds: value)
      }
      merged.merge(try #require(LatencyHistogram(pairs: piece.pairs)))
    }
    #expect(merged == whole)
    #expect(merged.total == 1000)
    #expect(whole.pairs.map { $0[0] } == whole.pairs.map { $0[0] }.sorted())
    let beyond = LatencyHistogram.lastBucket + 1
    for broken in [[[1]], [[1, 2, 3]], [[-1, 1]], [[beyond, 1]], [[1, -1]], [[1, .max], [2, 1]]] {
      #expect(LatencyHistogram(pairs: broken) == nil, "\(broken)")
    }
  }

  @Test func nothingHasNoQuantile() {
    #expect(LatencyHistogram().quantile(0.5) == nil)
    #expect(LatencyHistogram().pairs.isEmpty)
  }
}

/// A generator with a fixed sequence.
private struct Lehmer: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ (state >> 29)) &* 0xbf58_476d_1ce4_e5b9
  }
}
