/// What the processes of one control group have used.
package struct ControlGroupUse: Sendable, Equatable {
  /// Processor time since the group was made, in seconds.
  package var processorSeconds: Double
  /// Memory in use now without the page cache, in bytes: what would have to be found elsewhere if the group ended.
  package var bytes: Int

  package init(processorSeconds: Double, bytes: Int) {
    self.processorSeconds = processorSeconds
    self.bytes = bytes
  }

  /// - Parameters:
  ///   - cpu: v1 `cpuacct.usage` (nanoseconds), or v2 `cpu.stat` (`usage_usec` in microseconds).
  ///   - memory: `memory.stat`: `rss` in v1, `anon` in v2.
  init?(cpu: String, memory: String) {
    let cpuFields = SmallFile.fields(cpu)
    let memoryFields = SmallFile.fields(memory)
    guard let bytes = memoryFields["rss"] ?? memoryFields["anon"] else { return nil }
    if let nanoseconds = Int(cpu) {
      self.init(processorSeconds: Double(nanoseconds) / 1e9, bytes: bytes)
    } else if let microseconds = cpuFields["usage_usec"] {
      self.init(processorSeconds: Double(microseconds) / 1e6, bytes: bytes)
    } else {
      return nil
    }
  }
}

extension World {
  /// - Parameter leaf: the group's name as given to `cgroupPath`.
  /// - Returns: nil where there is no such group, or the machine does not count.
  package func use(of leaf: String) -> ControlGroupUse? {
    let cpu = CgroupFolders.isVersion2 ? "cpu.stat" : "cpuacct.usage"
    return ControlGroupUse(
      cpu: SmallFile.read(hostCgroup("cpuacct", leaf) + "/" + cpu),
      memory: SmallFile.read(hostCgroup("memory", leaf) + "/memory.stat"))
  }
}

extension SmallFile {
  /// Lines of a name and a number.
  static func fields(_ text: String) -> [String: Int] {
    var result: [String: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, let value = Int(words[1]) { result[String(words[0])] = value }
    }
    return result
  }
}
