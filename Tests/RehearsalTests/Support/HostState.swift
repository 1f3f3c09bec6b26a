import Foundation
import Glibc

/// One process, told from a later one with the same number by its start time.
struct ProcessEntry: Hashable {
  var pid: pid_t
  var parent: pid_t
  var start: String
  var state: String
  var words: [String]
  var cgroup: String

  func hash(into hasher: inout Hasher) { hasher.combine(pid) }
  static func == (left: ProcessEntry, right: ProcessEntry) -> Bool {
    left.pid == right.pid && left.start == right.start
  }

  /// A dead child that this process has not waited for yet.
  func isZombieOf(_ parent: pid_t) -> Bool { state == "Z" && self.parent == parent }

  init?(_ pid: pid_t) {
    guard let text = Self.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ").map(String.init)
    guard fields.count > 19, let parent = pid_t(fields[1]) else { return nil }
    self.pid = pid
    self.parent = parent
    state = fields[0]
    start = fields[19]
    words = (Self.read("/proc/\(pid)/cmdline") ?? "").split(separator: "\0").map(String.init)
    cgroup = Self.read("/proc/\(pid)/cgroup") ?? ""
  }

  private static func read(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  static func all() -> [ProcessEntry] { Footprint.list("/proc").compactMap { pid_t($0).flatMap(ProcessEntry.init) } }
}

/// What a run must not change on the host.
struct HostState: Sendable {
  private let interfaces = Set(Footprint.list("/sys/class/net"))
  private let namespaces = Set(Footprint.list("/run/netns"))
  private let mounts = Set(
    ((try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? "").split(separator: "\n")
      .map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") })
  private let runtime = Set(Footprint.list("/run").filter { $0.contains("bulkhead") || $0.contains("runc") })

  /// What is here now and was not before; what other tests name as theirs is not counted.
  func additions(to before: HostState, by run: Footprint) -> [String] {
    let others = { (name: String) in name.contains("bh-test") || name.contains("journal-") }
    return
      (interfaces.subtracting(before.interfaces).map { "interface \($0)" }
      + namespaces.subtracting(before.namespaces).map { "network namespace \($0)" }
      + mounts.subtracting(before.mounts).map { "mount \($0)" }
      + runtime.subtracting(before.runtime).map { "/run/\($0)" })
      .filter { !others($0) }.sorted()
  }
}
