import CLinux
import Diagnostics

/// Both ends of a pipe, closed on exec: a child gets exactly the end that is handed to it.
package struct PipePair: Sendable {
  package var read: Int32
  package var write: Int32

  package static func make() throws -> PipePair {
    var ends: [Int32] = [-1, -1]
    guard linux_pipe(&ends) == 0 else {
      throw BulkheadError(
        .configuration, "no more file descriptors for pipes", cure: "raise the limit of open files (ulimit -n)")
    }
    return PipePair(read: ends[0], write: ends[1])
  }
}
