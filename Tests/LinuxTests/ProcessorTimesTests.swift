import Testing

@testable import Linux

@Suite struct ProcessorTimesTests {
  @Test func readsTheFirstLine() throws {
    let stat = "cpu  100 5 40 800 30 1 4 20 7 0\ncpu0 1 2 3 4 5 6 7 8 9 10\ncpu1 1 2 3 4 5 6 7 8 9 10\nintr 5\ncpu 1"
    let times = try #require(ProcessorTimes(stat: stat, clock: 9, ticksPerSecond: 100))
    #expect(times.processors == 2 && times.clock == 9)
    #expect(times.idle == 8.3 && times.used == 1.5 && times.stolen == 0.2)
  }

  @Test(arguments: [
    "", "cpu", "cpu 1 2 3 4 5 6 7 8\nintr 5", "cpu0 1 2 3 4 5 6 7 8", "cpu 1 2 3 4 5 6 7", "cpu 1 2 3 4 5 6 7 x",
    "cpu 1 2 3 4 5 6 7 -8",
  ])
  func saysNothingOfWhatItDoesNotKnow(text: String) {
    let text = text.contains("\n") ? text : text + "\ncpu0 1 2 3 4 5 6 7 8"
    #expect(ProcessorTimes(stat: text, clock: 0, ticksPerSecond: 100) == nil)
  }

  @Test func growsOnThisMachine() throws {
    let before = try #require(ProcessorTimes.now())
    var now = before
    // The kernel counts in ticks; work until there are many.
    while now.used - before.used < 1 { now = try #require(ProcessorTimes.now()) }
    #expect(now.clock > before.clock && now.idle >= before.idle && now.stolen >= before.stolen)
    // All that a processor does is counted somewhere; the kernel may count a tick in one sum before the other.
    let passed = (now.clock - before.clock) * Double(now.processors)
    let counted = now.idle - before.idle + now.used - before.used + now.stolen - before.stolen
    #expect(counted >= passed - 0.2, "\(counted) of \(passed)")
  }
}
