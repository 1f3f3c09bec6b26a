import Diagnostics
import Glibc

/// Both ends of a pipe, closed on exec: a child gets exactly the end that is handed to it.
struct PipePair: Sendable {
  var read: Int32
  var write: Int32

  static func make() throws -> PipePair {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else {
      throw BulkheadError(
        .configuration, "no more file descriptors for pipes: \(String(cString: strerror(errno)))",
        cure: "raise the limit of open files (ulimit -n)")
    }
    return PipePair(read: ends[0], write: ends[1])
  }
}
