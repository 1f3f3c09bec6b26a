import CLinux
import Foundation
import Glibc
import Linux
import Testing

/// What the tests need from this machine; without it they cannot say anything.
enum Machine {
  static let isRoot = geteuid() == 0
  static let hasRunc = access("/usr/sbin/runc", X_OK) == 0 || access("/usr/bin/runc", X_OK) == 0

  /// The launcher, built beside the tests.
  static let initPath: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("bulkhead-init").path
  }()

  static let hierarchies = [
    "cpu", "cpuacct", "cpuset", "memory", "pids", "freezer", "blkio", "devices", "systemd", ".",
  ]

  static func worldName() -> String { "t\(getpid())-\(UInt16.random(in: 0 ... .max))" }

  static func options(_ name: String, nodes: [String] = ["one", "two"]) -> WorldOptions {
    var options = WorldOptions(name: name, nodes: nodes, initPath: initPath)
    options.tools = ["init": initPath]
    return options
  }
}

/// What a world of a name has left on this machine.
struct Leftovers: Equatable, CustomStringConvertible {
  var processes: [String]
  var cgroups: [String]
  var mounts: [String]

  init(of name: String) {
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.filter { Int($0) != nil } ?? []
    processes = numbers.filter { number in
      let words = (FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()).split(separator: 0)
      return words.contains { $0.elementsEqual(name.utf8) } && words.contains { $0.elementsEqual("watch".utf8) }
    }
    cgroups = Machine.hierarchies.map { "/sys/fs/cgroup/\($0)/bulkhead/\(name)" }.filter { access($0, F_OK) == 0 }
    let table = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
    mounts = table.split(separator: "\n").filter { $0.contains("/run/bulkhead") || $0.contains(name) }.map(String.init)
  }

  var none: Bool { processes.isEmpty && cgroups.isEmpty && mounts.isEmpty }
  var description: String { "processes \(processes), cgroups \(cgroups), mounts \(mounts)" }

  /// Looks again until nothing is left, at most 4 s.
  static func settle(of name: String) async throws -> Leftovers {
    let deadline = ContinuousClock.now + .seconds(4)
    var left = Leftovers(of: name)
    while !left.none && ContinuousClock.now < deadline {
      // The pace of looking, not a wait for time to pass.
      try await Task.sleep(for: .milliseconds(5))
      left = Leftovers(of: name)
    }
    return left
  }
}

/// Own children that have ended and were not waited for.
func zombies() -> [String] {
  let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.filter { Int($0) != nil } ?? []
  return numbers.filter { number in
    guard let text = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return false }
    let fields = text[end...].split(separator: " ")
    return fields.count > 2 && fields[1] == "Z" && fields[2] == "\(getpid())"
  }
}

/// Waits for a condition, at most 10 s.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
  let deadline = ContinuousClock.now + .seconds(10)
  while ContinuousClock.now < deadline {
    if try await condition() { return true }
    // The pace of looking, not a wait for time to pass.
    try await Task.sleep(for: .milliseconds(2))
  }
  return try await condition()
}

func makePipe() throws -> (read: Int32, write: Int32) {
  var ends: [Int32] = [-1, -1]
  try #require(linux_pipe(&ends) == 0)
  return (ends[0], ends[1])
}

func number(in path: String) -> Int? {
  (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Int($0.filter(\.isNumber)) }
}
