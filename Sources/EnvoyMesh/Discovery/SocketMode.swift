import Diagnostics
import Glibc

/// The socket's file: any user may connect, because the sidecar has a user of its own; the folder it lies in decides
/// who can see it at all.
enum SocketMode {
  static func allowEveryone(_ path: String) throws {
    guard chmod(path, 0o666) == 0 else {
      throw BulkheadError(.configuration, "the mode of \(path) cannot be set: error \(errno)")
    }
  }

  static func remove(_ path: String) { _ = unlink(path) }
}
