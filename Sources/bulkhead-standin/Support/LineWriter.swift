import Glibc
import NIOCore
import NIOPosix

/// Lines to standard output, in order, written by a thread of their own: a reader that has stopped reading must not
/// stop the event loop. Belongs to the event loop.
final class LineWriter {
  private let loop: any EventLoop
  private let thread = NIOThreadPool(numberOfThreads: 1)
  private var pending = 0

  init(loop: any EventLoop) {
    self.loop = loop
    thread.start()
  }

  /// Lines handed over and not yet written.
  var isBusy: Bool { pending > 0 }

  func send(_ value: some Encodable) {
    guard let line = try? jsonLine(value) else { return }
    pending += 1
    let written = thread.runIfActive(eventLoop: loop) {
      // Whoever started this stand-in is gone, and with it its reason.
      if !writeFully(line, to: 1) { _exit(0) }
    }
    written.assumeIsolated().whenComplete { _ in self.pending -= 1 }
  }
}
