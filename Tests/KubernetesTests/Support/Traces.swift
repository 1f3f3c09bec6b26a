import Foundation
import Glibc
import Testing

/// By what a cluster would be known on this machine, and what of it is still there.
struct Traces: Sendable {
  var folder: String
  /// The watcher and the world's first process, as the machine numbers them.
  var watcher: Int32
  var initProcess: Int32
  var cgroup: String

  init(of folder: String) throws {
    func words(_ name: String) throws -> [String] {
      try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8).split(whereSeparator: \.isWhitespace)
        .map(String.init)
    }
    let watcherWords = try words("watcher")
    self.folder = folder
    // A number below 1 would be a signal to many.
    watcher = try #require(watcherWords.first.flatMap { Int32($0) }.flatMap { $0 > 1 ? $0 : nil })
    initProcess = try #require(try words("init.pid").first.flatMap { Int32($0) }.flatMap { $0 > 1 ? $0 : nil })
    cgroup = "bulkhead-kubernetes-\(watcherWords[0])-\(watcherWords[1])"
  }

  /// Processes in its cgroup or started with its folder, its cgroups, its mounts, its files.
  func left(files: Bool = true) -> [String] {
    processes() + cgroups() + mounts() + (files && access(folder, F_OK) == 0 ? ["folder \(folder)"] : [])
  }

  func processes() -> [String] {
    entries("/proc").filter { Int32($0) != nil }.filter { number in
      let bytes = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
      let command = String(decoding: bytes, as: UTF8.self)
      let groups = (try? String(contentsOfFile: "/proc/\(number)/cgroup", encoding: .utf8)) ?? ""
      // A process that is dead and not yet buried has no command any more.
      return !command.isEmpty && (command.contains(folder) || groups.contains(cgroup))
    }.map { "process \($0)" }
  }

  func cgroups() -> [String] {
    let places = ["/sys/fs/cgroup"] + entries("/sys/fs/cgroup").map { "/sys/fs/cgroup/\($0)" }
    return places.map { (place: String) -> String in "\(place)/\(cgroup)" }
      .filter { (path: String) in access(path, F_OK) == 0 }.map { (path: String) -> String in "cgroup \(path)" }
  }

  private func mounts() -> [String] {
    let table = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
    return table.split(separator: "\n").filter { $0.contains(folder) }.map { "mount \($0)" }
  }

  private func entries(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }
}

/// Settings of the whole machine that parts of a cluster like to change.
struct HostState: Equatable, CustomStringConvertible {
  private static let files = [
    "vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes", "net/ipv4/ip_forward", "net/ipv4/conf/all/route_localnet",
    "net/netfilter/nf_conntrack_max",
  ]
  var settings: [String]
  var interfaces: [String]

  init() {
    settings = Self.files.map { name in
      "\(name)=\((try? String(contentsOfFile: "/proc/sys/\(name)", encoding: .utf8)) ?? "absent")"
    }
    // By name, as other tests make interfaces of their own at the same time.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net")) ?? []
    interfaces = names.filter { ["pods", "node0", "node1"].contains($0) }.sorted()
  }

  var description: String { "\(settings) \(interfaces)" }
}
