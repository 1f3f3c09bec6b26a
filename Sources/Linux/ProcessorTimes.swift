import Glibc

/// What this machine's processors did since it started, all together, in seconds (proc_stat(5)).
package struct ProcessorTimes: Sendable, Equatable {
  /// How many of them there are.
  package var processors: Int
  /// The monotonic clock's, when they were read.
  package var clock: Double
  /// At rest, or waiting for a device. By the clock where the kernel stops its ticks: what a host steals from a
  /// processor at rest is part of it.
  package var idle: Double
  package var used: Double
  /// What the host gave to others instead: a virtual machine's "steal".
  package var stolen: Double

  /// Nil where the kernel does not say.
  package static func now() -> ProcessorTimes? {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return ProcessorTimes(
      stat: SmallFile.read("/proc/stat"), clock: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9,
      ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))))
  }

  /// - Parameters:
  ///   - text: `/proc/stat`. Its first line has the sums, `cpu user nice system idle iowait irq softirq steal …` (what
  ///     follows is counted in them already); a line for each processor comes next.
  ///   - clock: in seconds.
  package init?(stat text: String, clock: Double, ticksPerSecond: Double) {
    let lines = text.split(separator: "\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.first == "cpu", words.count >= 9 else { return nil }
    let ticks = words[1...8].compactMap { Int($0) }.filter { (0...(1 << 50)).contains($0) }
    processors = lines.dropFirst().prefix { $0.hasPrefix("cpu") }.count
    guard ticks.count == 8, processors > 0 else { return nil }
    self.clock = clock
    idle = Double(ticks[3] + ticks[4]) / ticksPerSecond
    stolen = Double(ticks[7]) / ticksPerSecond
    used = Double(ticks.reduce(0, +) - ticks[3] - ticks[4] - ticks[7]) / ticksPerSecond
  }
}
