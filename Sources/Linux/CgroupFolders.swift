import CLinux
import Glibc

/// The worlds' cgroup folders as the host sees them: `/sys/fs/cgroup/CONTROLLER/bulkhead/WORLD` (v1) or
/// `/sys/fs/cgroup/bulkhead/WORLD` (v2). Made by `bulkhead-init`, which holds a shared lock on the first common folder
/// while a world starts.
enum CgroupFolders {
  private static let root = "/sys/fs/cgroup"
  private static let controllers = [
    "cpu", "cpuacct", "cpuset", "memory", "pids", "freezer", "blkio", "devices", "systemd",
  ]

  static var isVersion2: Bool { access("\(root)/cgroup.controllers", F_OK) == 0 }

  /// Names below the root: one for each v1 hierarchy, or the empty one for v2.
  static var hierarchies: [String] {
    isVersion2 ? [""] : controllers.filter { access("\(root)/\($0)/cgroup.procs", F_OK) == 0 }
  }

  static var exist: Bool { !hierarchies.isEmpty }

  /// The controllers containers can be limited by.
  static var available: [String] {
    guard isVersion2 else { return hierarchies.filter { $0 != "systemd" } }
    return SmallFile.read("\(root)/cgroup.controllers").split(separator: " ").map(String.init).sorted()
  }

  static var countSwap: Bool {
    isVersion2
      ? access("/proc/swaps", F_OK) == 0
      : access("\(root)/memory/memory.memsw.limit_in_bytes", F_OK) == 0
  }

  private static func top(_ hierarchy: String) -> String {
    hierarchy.isEmpty ? "\(root)/bulkhead" : "\(root)/\(hierarchy)/bulkhead"
  }

  static func folder(_ controller: String, world: String) -> String {
    "\(top(isVersion2 ? "" : controller))/\(world)"
  }

  /// Removes a dead world's folders.
  /// - Returns: whether none is left; false while dying tasks still hold one.
  static func remove(world: String) -> Bool {
    var clean = true
    for hierarchy in hierarchies where !removeTree("\(top(hierarchy))/\(world)") { clean = false }
    withLock(removeCommonFolders)
    return clean
  }

  /// Removes the folders of all worlds that hold no process; worlds that are starting are left alone.
  static func sweep() -> [String] {
    var swept: Set<String> = []
    withLock {
      for hierarchy in hierarchies {
        for name in SmallFile.folders(top(hierarchy)) where !holdsProcesses("\(top(hierarchy))/\(name)") {
          if removeTree("\(top(hierarchy))/\(name)") { swept.insert(name) }
        }
      }
      removeCommonFolders()
    }
    return swept.sorted()
  }

  /// Runs only when no world is starting. The lock is on the first common folder.
  private static func withLock(_ body: () -> Void) {
    guard let first = hierarchies.first else { return }
    let lock = OwnedDescriptor(linux_open(top(first), O_RDONLY | linux_o_directory, 0))
    if lock.raw >= 0, flock(lock.raw, LOCK_EX | LOCK_NB) == 0 { body() }
  }

  /// Fails for those in which another world has a folder. The locked one goes last.
  private static func removeCommonFolders() {
    for hierarchy in hierarchies.reversed() { rmdir(top(hierarchy)) }
  }

  private static func holdsProcesses(_ folder: String) -> Bool {
    if !SmallFile.read("\(folder)/cgroup.procs").isEmpty { return true }
    return SmallFile.folders(folder).contains { holdsProcesses("\(folder)/\($0)") }
  }

  private static func removeTree(_ folder: String) -> Bool {
    for child in SmallFile.folders(folder) where !removeTree("\(folder)/\(child)") { return false }
    return rmdir(folder) == 0 || errno == ENOENT
  }
}

/// Reading the kernel's small files and folders.
enum SmallFile {
  /// Empty where it cannot be read.
  static func read(_ path: String) -> String {
    let input = OwnedDescriptor(linux_open(path, O_RDONLY, 0))
    guard input.raw >= 0 else { return "" }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while content.count < 1 << 20 {
      let count = Glibc.read(input.raw, &buffer, buffer.count)
      guard count > 0 else { break }
      content += buffer[..<count]
    }
    while content.last == 10 { content.removeLast() }
    return String(decoding: content, as: UTF8.self)
  }

  /// Names of the folders in a folder, sorted.
  static func folders(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
