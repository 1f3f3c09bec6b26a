import CLinux
import Diagnostics
import Glibc
import Synchronization

/// The world's shared folder by descriptor. Containers can rearrange parts of it, so names are never followed through
/// links: otherwise a planted link could lead this process, which is root, anywhere on the host.
final class WorldFolder: Sendable {
  private let descriptor: Mutex<Int32>
  private let counter = Atomic<Int>(0)

  init(_ path: String) throws {
    let opened = linux_open(path, O_RDONLY | linux_o_directory, 0)
    guard opened >= 0 else { throw Self.failure("open", path) }
    descriptor = Mutex(opened)
  }

  deinit { close() }

  func close() {
    descriptor.withLock { descriptor in
      if descriptor >= 0 { Glibc.close(descriptor) }
      descriptor = -1
    }
  }

  /// A copy of the descriptor, so that a call under way is not disturbed by `close`.
  private func root() throws -> OwnedDescriptor {
    let copy = descriptor.withLock { $0 >= 0 ? fcntl($0, F_DUPFD_CLOEXEC, 3) : -1 }
    guard copy >= 0 else { throw World.ended }
    return OwnedDescriptor(copy)
  }

  func write(_ file: WorldFile, idMap: (UInt32) -> UInt32) throws {
    let parts = file.path.split(separator: "/").map(String.init)
    guard let last = parts.last, !parts.contains(".."), !parts.contains(".") else {
      throw BulkheadError(.unexpected, "'\(file.path)' is no path below the world's folder")
    }
    var folder = try root()
    for part in parts.dropLast() { folder = try subfolder(folder, part, file.path, owner: idMap(0)) }
    switch file.content {
    case .folder:
      let made = try subfolder(folder, last, file.path, owner: idMap(file.uid))
      try own(made, file, idMap)
    case .file(let bytes):
      let temporary = ".\(last).\(counter.add(1, ordering: .relaxed).newValue).new"
      let flags = O_WRONLY | O_CREAT | O_EXCL | linux_o_nofollow
      let output = OwnedDescriptor(linux_open_beneath(folder.raw, temporary, flags, 0o600))
      guard output.raw >= 0 else { throw Self.failure("create", file.path) }
      do {
        try writeAll(output.raw, bytes, file.path)
        try own(output, file, idMap)
        guard renameat(folder.raw, temporary, folder.raw, last) == 0 else { throw Self.failure("replace", file.path) }
      } catch {
        unlinkat(folder.raw, temporary, 0)
        throw error
      }
    }
  }

  private func writeAll(_ output: Int32, _ bytes: [UInt8], _ path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Self.failure("write", path) }
      rest = rest.dropFirst(count)
    }
  }

  /// Owner first: a change of owner clears the set-id bits.
  private func own(_ opened: borrowing OwnedDescriptor, _ file: WorldFile, _ idMap: (UInt32) -> UInt32) throws {
    guard fchown(opened.raw, idMap(file.uid), idMap(file.gid)) == 0, fchmod(opened.raw, mode_t(file.mode)) == 0 else {
      throw Self.failure("set the owner and mode of", file.path)
    }
  }

  /// Opens a subfolder; one that has to be made belongs to the world's root.
  private func subfolder(
    _ folder: borrowing OwnedDescriptor, _ name: String, _ path: String, owner: UInt32
  ) throws -> OwnedDescriptor {
    let made = mkdirat(folder.raw, name, 0o755) == 0
    let opened = OwnedDescriptor(linux_open_beneath(folder.raw, name, O_RDONLY | linux_o_directory, 0))
    guard opened.raw >= 0 else { throw Self.failure("open the folder \(name) of", path) }
    if made, fchown(opened.raw, owner, owner) != 0 { throw Self.failure("set the owner of", path) }
    return opened
  }

  func read(_ path: String, limit: Int) -> [UInt8]? {
    guard let root = try? root() else { return nil }
    let relative = path.split(separator: "/").joined(separator: "/")
    // Not blocking: a container may have put a pipe there.
    let input = OwnedDescriptor(linux_open_beneath(root.raw, relative, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0))
    var facts = stat()
    guard input.raw >= 0, fstat(input.raw, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while content.count < limit {
      let count = Glibc.read(input.raw, &buffer, min(buffer.count, limit - content.count))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      content += buffer[..<count]
    }
    return content
  }

  func remove(_ path: String) {
    let parts = path.split(separator: "/").map(String.init)
    guard let last = parts.last, let root = try? root() else { return }
    let parent = parts.dropLast().joined(separator: "/")
    let folder = OwnedDescriptor(
      linux_open_beneath(root.raw, parent.isEmpty ? "." : parent, O_RDONLY | linux_o_directory, 0))
    if folder.raw >= 0 { Self.removeTree(folder.raw, last, depth: 0) }
  }

  private static func removeTree(_ folder: Int32, _ name: String, depth: Int) {
    // Deeper than anything of ours: a container's own doing, which goes with the world.
    guard depth < 64 else { return }
    if unlinkat(folder, name, 0) == 0 || errno == ENOENT { return }
    let opened = linux_open_beneath(folder, name, O_RDONLY | linux_o_directory | linux_o_nofollow, 0)
    guard opened >= 0 else { return }
    guard let stream = fdopendir(opened) else {
      Glibc.close(opened)
      return
    }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    for name in names { removeTree(opened, name, depth: depth + 1) }
    closedir(stream)
    unlinkat(folder, name, AT_REMOVEDIR)
  }

  private static func failure(_ action: String, _ path: String) -> BulkheadError {
    let reason = String(cString: strerror(errno))
    return BulkheadError(
      .unexpected, "could not \(action) \(path.safeForTerminal) in the world's folder: \(reason)",
      cure: errno == ENOSPC ? "the world's folder is full: use smaller volumes" : "see whether the world still runs")
  }
}

/// A descriptor that is closed with its owner.
struct OwnedDescriptor: ~Copyable {
  let raw: Int32

  init(_ raw: Int32) { self.raw = raw }

  deinit { if raw >= 0 { close(raw) } }
}
