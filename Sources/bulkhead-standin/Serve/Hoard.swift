import Glibc
import NIOCore
import StandinProtocol

/// Holds memory, as a program does that leaks it: a piece at a time, so that requests are served in between. Belongs to
/// the event loop.
final class Hoard {
  private static let pieceBytes = 1 << 20
  private static let pace = TimeAmount.milliseconds(5)
  /// More would not be a test of a limit but of the machine.
  private static let mostMebibytes = 1024

  private let loop: any EventLoop
  /// Mapped for this alone, so that all of it goes back to the kernel at once.
  private var held: UnsafeMutableRawBufferPointer?
  /// Orders that were replaced are recognised by it and dropped.
  private var orders = 0

  init(loop: any EventLoop) { self.loop = loop }

  deinit { release() }

  func hold(_ ballast: Ballast) {
    orders += 1
    release()
    let mine = orders
    let bytes = min(max(ballast.mebibytes, 0), Self.mostMebibytes) * Self.pieceBytes
    guard bytes > 0 else { return }
    let place = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let place, place != MAP_FAILED else { return }
    held = UnsafeMutableRawBufferPointer(start: place, count: bytes)
    touch(from: 0, for: mine)
    // An hour bounds what a time amount has to hold.
    let end = TimeAmount.milliseconds(Int64(min(max(ballast.seconds, 0), 3600) * 1000))
    loop.assumeIsolated().scheduleTask(in: end) {
      if mine == self.orders { self.release() }
    }
  }

  /// Only what is written to is really there.
  private func touch(from offset: Int, for order: Int) {
    guard order == orders, let held, offset < held.count else { return }
    if let start = held.baseAddress { memset(start + offset, 0xa5, Self.pieceBytes) }
    loop.assumeIsolated().scheduleTask(in: Self.pace) { self.touch(from: offset + Self.pieceBytes, for: order) }
  }

  private func release() {
    if let held { munmap(held.baseAddress, held.count) }
    held = nil
  }
}
