import Diagnostics
import Foundation
import Glibc
import Intake
import Planning

/// Files that the subcommands of `plan` write, and private keys, which nobody else may read.
enum PlanOutput {
  /// Writes a whole file or none.
  /// - Throws: `BulkheadError(.usage)` for a file that is there and must not be replaced, `.configuration` for one that
  ///   cannot be written.
  static func write(_ text: String, to path: String, mode: mode_t, replace: Bool) throws(BulkheadError) {
    let target = replace ? path + ".\(getpid()).part" : path
    let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else {
      if errno == EEXIST {
        throw BulkheadError(
          .usage, "\(target.safeForTerminal) is there already", cure: "choose another name, or move it away")
      }
      throw failure(path)
    }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    let isWhole = rest.isEmpty && fsync(descriptor) == 0
    guard close(descriptor) == 0, isWhole, !replace || rename(target, path) == 0 else {
      let error = failure(path)
      unlink(target)
      throw error
    }
  }

  /// - Throws: `BulkheadError(.notPermitted)` when others may read the key.
  static func privateBytes(_ path: String) throws -> [UInt8] {
    let permissions = try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    if let permissions, permissions & 0o077 != 0 {
      throw BulkheadError(
        .notPermitted, "others may read the private key \(path.safeForTerminal)",
        cure: "chmod 600 \(path.safeForTerminal); if it lay open, make a new one")
    }
    return try PlanInput.file(path).bytes
  }

  private static func failure(_ path: String) -> BulkheadError {
    BulkheadError(
      .configuration, "cannot write \(path.safeForTerminal): \(String(cString: strerror(errno)))",
      cure: "choose a folder that is there and writable")
  }
}
