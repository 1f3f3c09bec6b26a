import Diagnostics
import Glibc

/// Reads files that a kubeconfig names, and says whom a kubeconfig may be from.
enum TrustedFile {
  /// - Throws: `BulkheadError(.configuration)` that says what cannot be read; never its content.
  static func read(_ path: String, what: String, at location: SourceLocation? = nil, limit: Int = 4_000_000) throws
    -> [UInt8]
  {
    func problem(_ why: String) -> BulkheadError {
      BulkheadError(
        .configuration, "cannot read \(what) \(path.safeForTerminal): \(why)",
        cure: "name a file that is there and readable", location: location)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw problem(String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw problem("it is no file") }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw problem(String(cString: strerror(errno))) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= limit else { throw problem("it has more than \(limit) bytes") }
    }
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Why programs that a kubeconfig names may not be run; nil where they may.
  ///
  /// A kubeconfig with an exec plugin is a program. It is run only when nobody else can have written it: the file
  /// belongs to the caller or root, only they can write to it, and nobody else can put another file in its place: its
  /// folder is not writable for everybody, and no folder above is either, unless its sticky bit keeps others from
  /// renaming what is in it.
  static func distrust(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return "it cannot be found" }
    defer { free(resolved) }
    let file = String(cString: resolved)
    var status = stat()
    guard stat(file, &status) == 0 else { return "it cannot be looked at" }
    guard status.st_uid == geteuid() || status.st_uid == 0 else { return "it belongs to another user" }
    if status.st_mode & S_IWOTH != 0 { return "everybody can write to it" }
    if status.st_mode & S_IWGRP != 0, status.st_gid != getegid(), status.st_gid != 0 {
      return "another group can write to it"
    }
    var folder = parent(file)
    var isDirect = true
    while true {
      guard stat(folder, &status) == 0 else { return "its folder cannot be looked at" }
      if status.st_mode & S_IWOTH != 0, isDirect || status.st_mode & S_ISVTX == 0 {
        return "everybody can write to the folder \(folder.safeForTerminal)"
      }
      let isOwnGroup = status.st_gid == getegid() || status.st_gid == 0
      if status.st_mode & S_IWGRP != 0, !isOwnGroup, isDirect || status.st_mode & S_ISVTX == 0 {
        return "another group can write to the folder \(folder.safeForTerminal)"
      }
      if status.st_uid != geteuid(), status.st_uid != 0 {
        return "the folder \(folder.safeForTerminal) is another user's"
      }
      if folder == "/" { return nil }
      (folder, isDirect) = (parent(folder), false)
    }
  }

  static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  /// A path as this process sees it from its working folder.
  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return "\(String(cString: folder))/\(path)"
  }
}
