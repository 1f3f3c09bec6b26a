import CLinux
import Diagnostics
import Glibc

/// How much processor time the processes of one control group get: `quota` of each `period`, in microseconds.
package struct ProcessorLimit: Sendable, Equatable {
  /// Nil: as much as there is.
  package var quota: Int?
  package var period: Int

  package static let shortestQuota = 1_000
  package static let longestPeriod = 1_000_000

  package init(quota: Int?, period: Int) {
    self.quota = quota
    self.period = period
  }

  /// The closest that the kernel takes: it gives no less than 1 ms, and looks once a second at the least.
  /// - Parameter processors: how many are wanted, such as 0.25.
  package init(processors: Double) {
    let usual = 100_000.0
    let wanted = max(processors, Double(Self.shortestQuota) / Double(Self.longestPeriod))
    period = Int(min(Double(Self.longestPeriod), max(usual, Double(Self.shortestQuota) / wanted)).rounded())
    quota = max(Self.shortestQuota, Int((wanted * Double(period)).rounded()))
  }

  /// Processors in all; nil for as many as there are.
  package var processors: Double? { quota.map { Double($0) / Double(period) } }

  /// - Parameters: v1 `cpu.cfs_quota_us` and `cpu.cfs_period_us`.
  init?(quota: String, period: String) {
    guard let quota = Int(quota), let period = Int(period), period > 0 else { return nil }
    self.init(quota: quota > 0 ? quota : nil, period: period)
  }

  /// - Parameter max: v2 `cpu.max`, such as `max 100000`.
  init?(max: String) {
    let words = max.split(separator: " ")
    guard words.count == 2, let period = Int(words[1]), period > 0 else { return nil }
    guard words[0] == "max" || Int(words[0]) != nil else { return nil }
    self.init(quota: Int(words[0]), period: period)
  }
}

/// How much memory the processes of one control group may have, in bytes, alone and together with swap.
package struct MemoryLimit: Sendable, Equatable {
  package var bytes: Int
  /// Nil where the kernel does not count it. (v1: memory and swap together; v2: swap alone.)
  package var swap: Int?

  package init(bytes: Int, swap: Int?) {
    self.bytes = bytes
    self.swap = swap
  }

  /// This much at the most, and nothing more by way of swap.
  package func lowered(to bytes: Int) -> MemoryLimit {
    let own = min(bytes, self.bytes)
    return MemoryLimit(bytes: own, swap: swap.map { min($0, CgroupFolders.isVersion2 ? 0 : own) })
  }

  /// No limit, as the kernel says it in v1; v2 says `max`.
  static let unlimited = Int(Int64.max / 4096 * 4096)

  static func bytes(_ text: String) -> Int? { text == "max" ? unlimited : Int(text) }
}

extension World {
  /// - Parameter leaf: the group's name as given to `cgroupPath`.
  /// - Returns: nil where there is no such group, or the machine cannot limit it.
  package func processorLimit(of leaf: String) -> ProcessorLimit? {
    let folder = hostCgroup("cpu", leaf)
    guard !CgroupFolders.isVersion2 else { return ProcessorLimit(max: SmallFile.read("\(folder)/cpu.max")) }
    return ProcessorLimit(
      quota: SmallFile.read("\(folder)/cpu.cfs_quota_us"), period: SmallFile.read("\(folder)/cpu.cfs_period_us"))
  }

  /// - Throws: `BulkheadError` when the group is gone or the kernel refuses.
  package func set(_ limit: ProcessorLimit, of leaf: String) throws {
    let folder = hostCgroup("cpu", leaf)
    if CgroupFolders.isVersion2 {
      return try SmallFile.write("\(limit.quota.map(String.init) ?? "max") \(limit.period)", to: "\(folder)/cpu.max")
    }
    // Without a quota any period is accepted.
    try SmallFile.write("-1", to: "\(folder)/cpu.cfs_quota_us")
    try SmallFile.write("\(limit.period)", to: "\(folder)/cpu.cfs_period_us")
    if let quota = limit.quota { try SmallFile.write("\(quota)", to: "\(folder)/cpu.cfs_quota_us") }
  }

  package func memoryLimit(of leaf: String) -> MemoryLimit? {
    let folder = hostCgroup("memory", leaf)
    let (main, swap) = Self.memoryFiles
    guard let bytes = MemoryLimit.bytes(SmallFile.read("\(folder)/\(main)")) else { return nil }
    return MemoryLimit(bytes: bytes, swap: MemoryLimit.bytes(SmallFile.read("\(folder)/\(swap)")))
  }

  /// - Throws: `BulkheadError` when the group is gone or the kernel cannot bring its memory below the limit.
  package func set(_ limit: MemoryLimit, of leaf: String) throws {
    let folder = hostCgroup("memory", leaf)
    let (main, swap) = Self.memoryFiles
    var writes = [(main, limit.bytes)]
    if let bytes = limit.swap { writes.append((swap, bytes)) }
    // In v1 the limit with swap is never below the one without: which goes first depends on the direction.
    let isRaised = limit.bytes > (memoryLimit(of: leaf)?.bytes ?? 0)
    for (file, bytes) in isRaised ? writes.reversed() : writes {
      let text = CgroupFolders.isVersion2 && bytes >= MemoryLimit.unlimited ? "max" : "\(bytes)"
      try SmallFile.write(text, to: "\(folder)/\(file)")
    }
  }

  private static var memoryFiles: (String, String) {
    CgroupFolders.isVersion2
      ? ("memory.max", "memory.swap.max") : ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
  }
}

extension SmallFile {
  /// Writes one of the kernel's files, which takes a value as a whole.
  static func write(_ text: String, to path: String) throws {
    let descriptor = OwnedDescriptor(linux_open(path, O_WRONLY, 0))
    let bytes = Array(text.utf8)
    guard descriptor.raw >= 0, Glibc.write(descriptor.raw, bytes, bytes.count) == bytes.count else {
      let words = String(cString: strerror(errno))
      throw BulkheadError(.unexpected, "could not write \(text) to \(path): \(words)")
    }
  }
}
