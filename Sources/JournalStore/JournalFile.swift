import Diagnostics
import Glibc

/// The journal's file on disk, opened without following a link and locked for one writer.
///
/// The lock is a `flock` on a descriptor that stays open for as long as the database does. It does not hinder readers,
/// and it cannot outlive the process: the kernel drops it with the last copy of the descriptor, which is close-on-exec.
final class JournalFile: Sendable {
  let path: String
  private let folder: Int32
  private let name: String
  private let descriptor: Int32

  /// - Throws: 75 when another process holds the lock, 65 when there is nothing to resume, 77 or 78 when the file or
  ///   its folder is not safe to write to.
  init(path: String, create: Bool) throws {
    self.path = path
    let slash = path.lastIndex(of: "/")
    let parent = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    self.name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    self.folder = try Self.openFolder(parent)
    do {
      self.descriptor = try Self.openFile(name, in: folder, path: path, create: create)
    } catch {
      close(folder)
      throw error
    }
    // From here on deinit closes both descriptors, whatever throws.
    try checkFile()
    try lock()
    try refuseLinkedCompanions()
    if create, fsync(folder) != 0 { throw failure("cannot make \(path) durable") }
  }

  deinit {
    close(descriptor)
    close(folder)
  }

  /// Bytes in the main file.
  var size: Int { status(of: descriptor).map { Int($0.st_size) } ?? 0 }

  /// Makes sure that SQLite, which opens by name, got the very file that is locked here.
  func checkSameFile() throws {
    var named = stat()
    let found = fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0
    guard found, let held = status(of: descriptor), held.st_ino == named.st_ino, held.st_dev == named.st_dev else {
      throw BulkheadError(
        .notPermitted, "\(path) was replaced by another file while it was being opened",
        cure: "use an output folder that only you can write to")
    }
  }

  private static func openFolder(_ parent: String) throws -> Int32 {
    let folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else {
      throw BulkheadError(
        errno == EACCES ? .notPermitted : .badInput, "cannot open the folder \(parent): \(reason())",
        cure: "name an existing folder that you may write to")
    }
    var status = stat()
    guard fstat(folder, &status) == 0, status.st_mode & S_IWOTH == 0 else {
      close(folder)
      throw BulkheadError(
        .configuration, "everybody may write to the folder \(parent), so its journal could not be trusted",
        cure: "chmod o-w '\(parent)', or use a folder below it")
    }
    return folder
  }

  private static func openFile(_ name: String, in folder: Int32, path: String, create: Bool) throws -> Int32 {
    let flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (create ? O_CREAT : 0)
    let descriptor = openat(folder, name, flags, 0o600 as mode_t)
    guard descriptor < 0 else { return descriptor }
    switch errno {
    case ENOENT:
      throw BulkheadError(
        .badInput, "there is no journal at \(path), so there is nothing to resume",
        cure: "name the folder that was given to --out, or start a new run with --out")
    case ELOOP:
      throw BulkheadError(
        .notPermitted, "\(path) is a symbolic link, and a journal is not written through links",
        cure: "remove the link, or use another output folder")
    case ENOSPC, EDQUOT:
      throw BulkheadError(.tryAgain, "no space left for \(path)", cure: "free some space and run the command again")
    default:
      throw BulkheadError(
        .notPermitted, "cannot open \(path): \(reason())", cure: "use an output folder that you may write to")
    }
  }

  private func checkFile() throws {
    guard let status = status(of: descriptor), status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1,
      status.st_uid == geteuid()
    else {
      throw BulkheadError(
        .notPermitted, "\(path) is not a plain file of your own with a single name",
        cure: "use a fresh output folder")
    }
    // A run describes the weak places of a fleet: nobody else needs to read it.
    guard fchmod(descriptor, 0o600) == 0 else { throw failure("cannot set the mode of \(path)") }
  }

  /// A writer that was just killed may have left a child between its fork and its exec, which still holds a copy of the
  /// descriptor for some milliseconds: a refusal is final only when it lasts. Called on a thread of its own.
  private func lock() throws {
    var patience = 100
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      guard errno == EWOULDBLOCK else { throw failure("cannot lock \(path)") }
      if patience > 0 {
        patience -= 1
        usleep(10_000)
        continue
      }
      throw BulkheadError(
        .tryAgain, "another bulkhead process is working on \(path)",
        cure: "wait until that run has ended, or use another output folder")
    }
  }

  /// SQLite keeps `-wal` and `-shm` beside its file and would follow a link planted there.
  private func refuseLinkedCompanions() throws {
    for suffix in ["-wal", "-shm", "-journal"] {
      var status = stat()
      guard fstatat(folder, name + suffix, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      guard status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else {
        throw BulkheadError(
          .notPermitted, "\(path)\(suffix) is not a plain file", cure: "remove it, or use another output folder")
      }
    }
  }

  private func status(of descriptor: Int32) -> stat? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status : nil
  }

  private func failure(_ what: String) -> BulkheadError {
    BulkheadError(.unexpected, "\(what): \(Self.reason())", cure: "check the file system of the output folder")
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
