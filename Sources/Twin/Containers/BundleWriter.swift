import Diagnostics
import Glibc

/// Writes bundles into a world's directory from outside it.
///
/// Containers can write to parts of that directory (volumes, node folders), so no symbolic link is ever followed: each
/// path is walked from the directory's own descriptor, one part at a time.
package struct BundleWriter: Sendable {
  /// The world's directory as this process reaches it.
  let directory: String
  /// The owner here of an id inside the world.
  let idMap: @Sendable (UInt32) -> UInt32

  package init(directory: String, idMap: @escaping @Sendable (UInt32) -> UInt32 = { $0 }) {
    self.directory = directory
    self.idMap = idMap
  }

  /// Writes entries and config.json. Idempotent: folders are kept with what is in them, files are replaced.
  package func write(_ bundle: ContainerBundle) throws {
    let root = try openRoot()
    defer { close(root) }
    for entry in bundle.entries { try write(entry, root: root) }
    let configuration = BundleEntry(
      path: bundle.directory + "/config.json", kind: .file(try bundle.configuration()), mode: 0o600)
    try write(configuration, root: root)
  }

  /// Makes the missing node paths that the kubelet or the runtime would make; returns those that are missing still.
  package func prepare(_ paths: [NodePath]) throws -> [NodePath] {
    let root = try openRoot()
    defer { close(root) }
    var missing: [NodePath] = []
    for path in paths {
      let entryPath = "nodes/\(path.node)\(path.path == "/" ? "" : path.path)"
      let parent = try? openParent(of: entryPath, root: root, make: path.created)
      guard let parent else {
        missing.append(path)
        continue
      }
      defer { close(parent) }
      let name = Self.lastPart(entryPath)
      if faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 { continue }
      guard path.created else {
        missing.append(path)
        continue
      }
      let kind = path.kind == .directory ? BundleEntry.Kind.directory : .file([])
      try write(BundleEntry(path: entryPath, kind: kind, mode: path.mode), root: root)
    }
    return missing
  }

  private func write(_ entry: BundleEntry, root: Int32) throws {
    let parent = try openParent(of: entry.path, root: root, make: true)
    defer { close(parent) }
    let name = Self.lastPart(entry.path)
    let uid = idMap(UInt32(entry.uid))
    let gid = idMap(UInt32(entry.gid))
    switch entry.kind {
    case .directory:
      if mkdirat(parent, name, 0o700) != 0, errno != EEXIST { throw failure("make the folder", entry.path) }
      let folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard folder >= 0 else { throw failure("open the folder", entry.path) }
      defer { close(folder) }
      try own(folder, uid, gid, mode: entry.mode, path: entry.path)
    case .file(let bytes):
      try writeFile(entry, bytes, parent: parent, name: name, uid: uid, gid: gid)
    case .link(let target):
      if symlinkat(target, parent, name) != 0, errno != EEXIST { throw failure("make the link", entry.path) }
      guard fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 else {
        throw failure("set the owner of", entry.path)
      }
    }
  }

  private func writeFile(
    _ entry: BundleEntry, _ bytes: [UInt8], parent: Int32, name: String, uid: UInt32, gid: UInt32
  ) throws {
    if unlinkat(parent, name, 0) != 0, errno != ENOENT { throw failure("replace", entry.path) }
    let file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("create", entry.path) }
    defer { close(file) }
    var offset = 0
    while offset < bytes.count {
      let written = bytes[offset...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw failure("write", entry.path) }
      offset += written
    }
    try own(file, uid, gid, mode: entry.mode, path: entry.path)
  }

  /// Owner first: changing it clears the set-group bit.
  private func own(_ file: Int32, _ uid: UInt32, _ gid: UInt32, mode: Int, path: String) throws {
    guard fchown(file, uid, gid) == 0, fchmod(file, mode_t(mode)) == 0 else {
      throw failure("set owner and mode of", path)
    }
  }

  private func openRoot() throws -> Int32 {
    let root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard root >= 0 else { throw failure("open the world's directory", "") }
    return root
  }

  /// The folder that holds the last part of `path`, made where it is missing. The caller closes it.
  private func openParent(of path: String, root: Int32, make: Bool) throws -> Int32 {
    var current = dup(root)
    guard current >= 0 else { throw failure("open the world's directory", "") }
    for part in path.split(separator: "/").dropLast().map(String.init) {
      let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
      var next = openat(current, part, flags)
      if next < 0, errno == ENOENT, make {
        if mkdirat(current, part, 0o755) == 0 {
          _ = fchownat(current, part, idMap(0), idMap(0), AT_SYMLINK_NOFOLLOW)
        }
        next = openat(current, part, flags)
      }
      let reason = errno
      close(current)
      guard next >= 0 else {
        errno = reason
        throw failure("open the folder \(part) of", path)
      }
      current = next
    }
    return current
  }

  private static func lastPart(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "." }

  private func failure(_ action: String, _ path: String) -> BulkheadError {
    let reason = String(cString: strerror(errno))
    return BulkheadError(
      .unexpected, "could not \(action) \(directory)/\(path): \(reason)",
      cure: "check that this runs as root and that the file system is not full")
  }
}
