import Testing

@testable import Linux

@Suite struct ControlGroupLimitTests {
  @Test func limitsOfBothVersionsAreRead() {
    #expect(ProcessorLimit(quota: "-1", period: "100000") == ProcessorLimit(quota: nil, period: 100_000))
    #expect(ProcessorLimit(quota: "5000", period: "100000") == ProcessorLimit(quota: 5000, period: 100_000))
    #expect(ProcessorLimit(max: "max 100000") == ProcessorLimit(quota: nil, period: 100_000))
    #expect(ProcessorLimit(max: "5000 100000")?.processors == 0.05)
    #expect(MemoryLimit.bytes("max") == MemoryLimit.unlimited)
    #expect(MemoryLimit.bytes("9223372036854771712") == MemoryLimit.unlimited)
    #expect(MemoryLimit.bytes("4096") == 4096)
  }

  /// What cannot be read is no limit that could be put back.
  @Test func whatIsMissingIsNotUnlimited() {
    for (quota, period) in [("", ""), ("1", ""), ("", "1"), ("x", "1"), ("1", "0")] {
      #expect(ProcessorLimit(quota: quota, period: period) == nil)
    }
    for text in ["", "max", "x 1", "1 x", "1 0", "1 2 3"] { #expect(ProcessorLimit(max: text) == nil) }
    #expect(MemoryLimit.bytes("") == nil)
  }

  /// The kernel takes no quota below 1 ms and no period beyond 1 s.
  @Test(arguments: [(2.0, 200_000, 100_000), (0.05, 5000, 100_000), (0.004, 1000, 250_000), (0, 1000, 1_000_000)])
  func smallSharesTakeLongPeriods(processors: Double, quota: Int, period: Int) {
    #expect(ProcessorLimit(processors: processors) == ProcessorLimit(quota: quota, period: period))
  }

  @Test func memoryIsOnlyLowered() {
    #expect(MemoryLimit(bytes: 8192, swap: nil).lowered(to: 4096) == MemoryLimit(bytes: 4096, swap: nil))
    #expect(MemoryLimit(bytes: 8192, swap: nil).lowered(to: 16384) == MemoryLimit(bytes: 8192, swap: nil))
  }

  @Test func pressureOfBothVersionsIsRead() {
    let first = Throttling(stat: "nr_periods 9\nnr_throttled 4\nthrottled_time 1500000000\nnr_bursts 0")
    #expect(first == Throttling(periods: 4, seconds: 1.5, allPeriods: 9))
    #expect(Throttling(stat: "usage_usec 1\nnr_periods 9\nnr_throttled 4\nthrottled_usec 1500000") == first)
    #expect(Throttling(stat: "") == nil && Throttling(stat: "nr_periods 9\nnr_throttled 4") == nil)
    let seen = MemoryPressure(hits: "7", events: "oom_kill_disable 0\nunder_oom 0\noom_kill 1")
    #expect(seen == MemoryPressure(hits: 7, kills: 1))
    #expect(MemoryPressure(hits: "0", swapHits: "7", events: "oom_kill 1") == seen, "the limit with swap is hit first")
    #expect(MemoryPressure(hits: "", events: "low 0\nhigh 0\nmax 7\noom 1\noom_kill 1") == seen)
    #expect(MemoryPressure(hits: "", events: "") == nil && MemoryPressure(hits: "7", events: "") == nil)
  }
}
