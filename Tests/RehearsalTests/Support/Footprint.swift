import Foundation
import Glibc

/// What one run of the program occupies on this machine, so that it can be looked for when the program has ended.
///
/// Other runs, of other tests or of other people, do not show: everything is tied to the program's process id, to its
/// world's cgroups, or to the namespaces its processes were seen in.
struct Footprint: Sendable {
  let pid: pid_t
  private var processes: Set<ProcessEntry>
  private var namespaces: Set<String>

  /// Looks at a running program.
  init(of pid: pid_t) {
    self.pid = pid
    let all = ProcessEntry.all()
    let children = Dictionary(grouping: all, by: \.parent)
    var found: Set<ProcessEntry> = []
    var waiting = all.filter { $0.pid == pid }
    while let next = waiting.popLast() {
      guard found.insert(next).inserted else { continue }
      waiting += children[next.pid] ?? []
    }
    processes = found
    let own = Set(Self.kinds.compactMap { Self.namespace($0, of: "self") })
    namespaces = Set(found.flatMap { entry in Self.kinds.compactMap { Self.namespace($0, of: "\(entry.pid)") } })
      .subtracting(own)
  }

  /// What was seen earlier or later of the same program.
  mutating func add(_ other: Footprint) {
    processes.formUnion(other.processes)
    namespaces.formUnion(other.namespaces)
  }

  private static let kinds = ["user", "pid", "mnt", "net", "ipc", "uts", "cgroup"]

  private static func namespace(_ kind: String, of pid: String) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/\(kind)")
  }

  /// Worlds are named after the process that made them.
  private var worldPrefix: String { "w\(pid)-" }

  /// True once the program's world is there.
  var hasWorld: Bool { !cgroups.isEmpty }

  /// The world's folders in all hierarchies.
  var cgroups: [String] {
    let root = "/sys/fs/cgroup"
    let tops = [root] + Self.list(root).map { "\(root)/\($0)" }
    return tops.flatMap { top in
      Self.list("\(top)/bulkhead").filter { $0.hasPrefix(worldPrefix) }.map { "\(top)/bulkhead/\($0)" }
    }
  }

  /// The process outside the world that cleans up after it.
  var watcher: pid_t? {
    processes.first { $0.words.contains("watch") && $0.words.contains { $0.hasPrefix(worldPrefix) } }?.pid
  }

  private func remaining() -> [String] {
    ProcessEntry.all().compactMap { entry in
      guard !entry.isZombieOf(getpid()) else { return nil }
      let isKnown = processes.contains(entry)
      let isNamed = entry.words.contains { $0.hasPrefix(worldPrefix) }
      let isInCgroup = entry.cgroup.contains("/bulkhead/\(worldPrefix)")
      let isInside = Self.kinds.contains { kind in
        Self.namespace(kind, of: "\(entry.pid)").map(namespaces.contains) ?? false
      }
      guard isKnown || isNamed || isInCgroup || isInside else { return nil }
      let words = entry.words.prefix(4).joined(separator: " ")
      return "process \(entry.pid) (\(entry.state), child of \(entry.parent)) \(words)"
    }
  }

  /// Looks again until nothing is left, at most 4 s. Cgroups count unless `exceptCgroups`.
  func leftovers(comparedWith before: HostState, exceptCgroups: Bool = false) async throws -> [String] {
    let deadline = ContinuousClock.now + .seconds(4)
    while true {
      let left = remaining() + (exceptCgroups ? [] : cgroups) + HostState().additions(to: before, by: self)
      if left.isEmpty || ContinuousClock.now >= deadline { return left }
      // The pace of looking, not a wait for time to pass.
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  static func list(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }
}
