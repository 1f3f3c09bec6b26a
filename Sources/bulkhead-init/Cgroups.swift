import CLinux
import Glibc

/// The world's cgroup folders as the host sees them, one per hierarchy: `ROOT/bulkhead/NAME`.
///
/// On cgroup v1 each controller is a hierarchy of its own; on a pure v2 host there is one. The folders belong to the
/// world's root, who makes the containers' folders below them.
struct Cgroups {
  static let mountPoint = "/sys/fs/cgroup"
  /// v1 hierarchies worth having; what is not mounted on this host is left out.
  static let controllers = [
    "cpu", "cpuacct", "cpuset", "memory", "pids", "freezer", "blkio", "devices", "systemd",
  ]
  let name: String
  let version2: Bool
  /// Mounted hierarchies: name below `root` ("" for a v2 host). Empty where there are no cgroups at all.
  let hierarchies: [String]
  /// The host's mounts, copied and attached nowhere: the world's mount tables must not show them, because container
  /// runtimes take the first cgroup mount they find.
  private let descriptor: Int32
  private var root: String { "/proc/self/fd/\(descriptor)" }

  /// To be called while the host's mounts are still visible.
  init(name: String) {
    self.name = name
    let mountPoint = Self.mountPoint
    version2 = access("\(mountPoint)/cgroup.controllers", F_OK) == 0
    hierarchies =
      version2 ? [""] : Self.controllers.filter { access("\(mountPoint)/\($0)/cgroup.procs", F_OK) == 0 }
    descriptor = hierarchies.isEmpty ? -1 : linux_copy_mounts(mountPoint)
  }

  /// For processes inside the world, which must not hold the host's mounts.
  func forget() { if descriptor >= 0 { close(descriptor) } }

  private func top(_ hierarchy: String) -> String {
    hierarchy.isEmpty ? "\(root)/bulkhead" : "\(root)/\(hierarchy)/bulkhead"
  }

  func folder(_ hierarchy: String) -> String { "\(top(hierarchy))/\(name)" }

  /// As many ordinary processes' worth of processor time as the world gets when others want it too.
  private static let weight = 16

  /// Makes the folders and gives them to `owner`.
  /// - Returns: a lock to be closed when the world's init is in its folder; until then a sweep for leftovers could take
  ///   an empty folder for one.
  func make(owner: UInt32) throws(SystemFailure) -> Int32 {
    guard let first = hierarchies.first else { return -1 }
    mkdir(top(first), 0o755)
    var lock = linux_open(top(first), O_RDONLY | linux_o_directory, 0)
    // A world that ends at this moment takes the common folder away when it finds it empty.
    for _ in 0..<100 where lock < 0 || flock(lock, LOCK_SH) != 0 || mkdir(folder(first), 0o755) != 0 {
      guard errno == ENOENT || errno == EINTR else { break }
      if lock >= 0 { close(lock) }
      mkdir(top(first), 0o755)
      lock = linux_open(top(first), O_RDONLY | linux_o_directory, 0)
    }
    for hierarchy in hierarchies {
      for folder in [top(hierarchy), folder(hierarchy)] { try make(folder, in: hierarchy) }
      let own = folder(hierarchy)
      try check(chown(own, owner, owner), "chown \(own)")
      // Only what delegation needs: limits of the world's own folder stay with the host.
      for file in ["cgroup.procs", "tasks", "cgroup.threads", "cgroup.subtree_control"] {
        let path = "\(own)/\(file)"
        if access(path, F_OK) == 0 { try check(chown(path, owner, owner), "chown \(path)") }
      }
    }
    return lock
  }

  private func make(_ folder: String, in hierarchy: String) throws(SystemFailure) {
    guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw SystemFailure("mkdir \(folder)") }
    if hierarchy == "cpuset" {
      // A new cpuset is empty, and nothing can be moved into it before it has processors and memory nodes.
      for file in ["cpuset.cpus", "cpuset.mems"] where readFile("\(folder)/\(file)")?.isEmpty != false {
        let inherited = readFile("\(folder)/../\(file)") ?? ""
        try writeFile("\(folder)/\(file)", inherited)
      }
    }
    // A whole fleet must not weigh as much as one process of the host beside it. Best effort: an old value works too.
    if hierarchy == "cpu" { try? writeFile("\(folder)/cpu.shares", "\(Self.weight * 1024)") }
    if version2 { try? writeFile("\(folder)/cpu.weight", "\(Self.weight * 100)") }
    if version2, let controllers = readFile("\(folder)/../cgroup.controllers") {
      // One by one: a controller that cannot be handed down must not cost the others.
      for controller in controllers.split(separator: " ") {
        try? writeFile("\(folder)/../cgroup.subtree_control", "+\(controller)")
      }
    }
  }

  /// Moves a process into the world's folders, which become the root of its cgroup namespace.
  func move(_ pid: pid_t) throws(SystemFailure) {
    for hierarchy in hierarchies { try writeFile("\(folder(hierarchy))/cgroup.procs", "\(pid)") }
  }

  /// Removes the folders, deepest first, and again while tasks are still leaving them (EBUSY).
  /// - Returns: whether nothing is left.
  func remove() -> Bool {
    var left = true
    for attempt in 0..<400 {
      left = hierarchies.contains { !Self.removeTree(folder($0)) }
      if !left { break }
      usleep(attempt < 20 ? 2_000 : 10_000)
    }
    removeCommonFolders()
    return !left
  }

  /// The common folders go with the last world; another world in them keeps them (EBUSY), a starting one holds
  /// the lock. The locked one goes last: who then waits for the lock finds it gone and starts over.
  private func removeCommonFolders() {
    guard let first = hierarchies.first else { return }
    let lock = linux_open(top(first), O_RDONLY | linux_o_directory, 0)
    guard lock >= 0 else { return }
    if flock(lock, LOCK_EX | LOCK_NB) == 0 {
      for hierarchy in hierarchies.reversed() { rmdir(top(hierarchy)) }
    }
    close(lock)
  }

  private static func removeTree(_ folder: String) -> Bool {
    for child in entries(folder, foldersOnly: true) where !removeTree("\(folder)/\(child)") { return false }
    return rmdir(folder) == 0 || errno == ENOENT
  }
}
