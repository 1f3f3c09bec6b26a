/// What the processor limit of one control group has cost its processes so far.
package struct Throttling: Sendable, Equatable {
  /// How many periods ended before the processes were through, and for how long they waited then.
  package var periods: Int
  package var seconds: Double
  /// Periods in which a limit was in force and anything ran.
  package var allPeriods: Int

  package init(periods: Int = 0, seconds: Double = 0, allPeriods: Int = 0) {
    self.periods = periods
    self.seconds = seconds
    self.allPeriods = allPeriods
  }

  /// - Parameter stat: `cpu.stat` of v1 (`throttled_time`, nanoseconds) or v2 (`throttled_usec`).
  init?(stat: String) {
    let fields = SmallFile.fields(stat)
    guard let periods = fields["nr_throttled"], let all = fields["nr_periods"] else { return nil }
    let nanoseconds = fields["throttled_time"].map(Double.init)
    guard let waited = nanoseconds ?? fields["throttled_usec"].map({ Double($0) * 1000 }) else { return nil }
    self.init(periods: periods, seconds: waited / 1e9, allPeriods: all)
  }

  package static func - (left: Throttling, right: Throttling) -> Throttling {
    Throttling(
      periods: left.periods - right.periods, seconds: left.seconds - right.seconds,
      allPeriods: left.allPeriods - right.allPeriods)
  }
}

/// What the memory limit of one control group has cost its processes so far.
package struct MemoryPressure: Sendable, Equatable {
  /// How often the limit was hit, and how many processes the kernel ended for it.
  package var hits: Int
  package var kills: Int

  package init(hits: Int = 0, kills: Int = 0) {
    self.hits = hits
    self.kills = kills
  }

  /// - Parameters:
  ///   - hits: v1 `memory.failcnt`; empty for v2.
  ///   - swapHits: v1 `memory.memsw.failcnt`, empty where swap is not counted. Of two equal limits the one with swap is
  ///     hit first, and the other one never.
  ///   - events: v1 `memory.oom_control`, or v2 `memory.events`.
  init?(hits: String, swapHits: String = "", events: String) {
    let fields = SmallFile.fields(events)
    guard let count = Int(hits) ?? fields["max"], let kills = fields["oom_kill"] else { return nil }
    self.init(hits: count + (Int(swapHits) ?? 0), kills: kills)
  }

  package static func - (left: MemoryPressure, right: MemoryPressure) -> MemoryPressure {
    MemoryPressure(hits: left.hits - right.hits, kills: left.kills - right.kills)
  }
}

extension World {
  /// - Parameter leaf: the group's name as given to `cgroupPath`.
  /// - Returns: nil where there is no such group, or the machine does not count.
  package func throttling(of leaf: String) -> Throttling? {
    Throttling(stat: SmallFile.read(hostCgroup("cpu", leaf) + "/cpu.stat"))
  }

  package func memoryPressure(of leaf: String) -> MemoryPressure? {
    let folder = hostCgroup("memory", leaf)
    let events = CgroupFolders.isVersion2 ? "memory.events" : "memory.oom_control"
    func read(_ file: String) -> String { SmallFile.read("\(folder)/\(file)") }
    return MemoryPressure(
      hits: read("memory.failcnt"), swapHits: read("memory.memsw.failcnt"), events: read(events))
  }

  /// Memory in use now, page cache and all: what a limit is compared with. In bytes.
  package func memoryCharged(to leaf: String) -> Int? {
    let file = CgroupFolders.isVersion2 ? "memory.current" : "memory.usage_in_bytes"
    return Int(SmallFile.read(hostCgroup("memory", leaf) + "/\(file)"))
  }
}
