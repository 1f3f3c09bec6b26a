import CProbe
import Glibc

/// The symbol of an errno, such as `EACCES`.
func errnoName(_ number: Int32) -> String {
  guard let name = cprobe_errno_name(number) else { return "errno \(number)" }
  return String(cString: name)
}

/// Writes everything; false when the other side is gone.
@discardableResult
func writeFully(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var rest = bytes[...]
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if written < 0 {
      if errno == EINTR { continue }
      return false
    }
    rest = rest.dropFirst(written)
  }
  return true
}

/// Calls `body` with each line of standard input, without its line feed, until the end of the input. Blocks: for the
/// main thread only. Lines longer than 1 MiB are dropped.
func forEachInputLine(_ body: (ArraySlice<UInt8>) -> Void) {
  var pending: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16_384)
  var overlong = false
  while true {
    let count = read(0, &chunk, chunk.count)
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return }
    var rest = chunk[..<count]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      pending += rest[..<end]
      if !overlong { body(pending[...]) }
      pending.removeAll(keepingCapacity: true)
      overlong = false
      rest = rest[(end + 1)...]
    }
    pending += rest
    if pending.count > 1 << 20 {
      overlong = true
      pending.removeAll()
    }
  }
}
