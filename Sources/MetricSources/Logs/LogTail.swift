import Glibc

/// Reads what was appended to a file since the last time, through rotation and truncation. Blocks while it reads.
struct LogTail: Sendable {
  /// An open file; closed with its last owner.
  private final class File: Sendable {
    let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }
  }

  /// More is read the next time.
  static let bytesAtOnce = 64_000_000

  let path: String
  private let fromStart: Bool
  private var file: File?
  private var offset: Int64 = 0
  private var rest: [UInt8] = []
  private var isInLongLine = false
  private var isFirst = true

  /// - Parameter fromStart: whether lines that stand there already count.
  init(_ path: String, fromStart: Bool) {
    self.path = path
    self.fromStart = fromStart
  }

  struct Outcome: Sendable, Equatable {
    /// Lines longer than the limit, which nobody got to see.
    var tooLong = 0
    /// The file was cut: what stood there unread is lost.
    var wasTruncated = false
    /// There is more than was read.
    var isBehind = false
    /// This was the first time, and what stood there was passed over.
    var isStart = false
  }

  /// Hands over each whole line, without its end.
  mutating func read(_ line: (ArraySlice<UInt8>) -> Void) throws(SourceProblem) -> Outcome {
    var outcome = Outcome()
    var budget = Self.bytesAtOnce
    if file == nil { try open(&outcome) }
    while let file {
      if try size(file) < offset {
        outcome.wasTruncated = true
        (offset, rest, isInLongLine) = (0, [], false)
      }
      try drain(file, &budget, &outcome, line)
      if budget <= 0 {
        outcome.isBehind = true
        break
      }
      // A file of another name now: whatever comes, comes to the new one.
      guard try isReplaced(file) else { break }
      self.file = nil
      try open(&outcome)
    }
    return outcome
  }

  private mutating func open(_ outcome: inout Outcome) throws(SourceProblem) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw SourceProblem("\(path) cannot be opened (\(String(cString: strerror(errno))))") }
    let opened = File(descriptor)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw SourceProblem("\(path) is no regular file")
    }
    file = opened
    (offset, rest, isInLongLine) = (0, [], false)
    if isFirst, !fromStart {
      offset = Int64(status.st_size)
      outcome.isStart = true
    }
    isFirst = false
  }

  private func size(_ file: File) throws(SourceProblem) -> Int64 {
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else { throw SourceProblem("\(path) cannot be looked at") }
    return Int64(status.st_size)
  }

  private func isReplaced(_ file: File) throws(SourceProblem) -> Bool {
    var (old, new) = (stat(), stat())
    guard fstat(file.descriptor, &old) == 0 else { throw SourceProblem("\(path) cannot be looked at") }
    // Between two steps of a rotation there is no file of this name: the next time there will be.
    guard stat(path, &new) == 0 else { return false }
    return old.st_ino != new.st_ino || old.st_dev != new.st_dev
  }

  private mutating func drain(
    _ file: File, _ budget: inout Int, _ outcome: inout Outcome, _ line: (ArraySlice<UInt8>) -> Void
  ) throws(SourceProblem) {
    var chunk = [UInt8](repeating: 0, count: 262_144)
    while budget > 0 {
      let count = chunk.withUnsafeMutableBytes { pread(file.descriptor, $0.baseAddress, $0.count, off_t(offset)) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SourceProblem("\(path) cannot be read (\(String(cString: strerror(errno))))") }
      guard count > 0 else { return }
      offset += Int64(count)
      budget -= count
      split(chunk[..<count], &outcome, line)
    }
  }

  private mutating func split(
    _ chunk: ArraySlice<UInt8>, _ outcome: inout Outcome, _ line: (ArraySlice<UInt8>) -> Void
  ) {
    var start = chunk.startIndex
    while let end = chunk[start...].firstIndex(of: UInt8(ascii: "\n")) {
      if isInLongLine {
        isInLongLine = false
      } else if rest.isEmpty {
        give(chunk[start..<end], &outcome, line)
      } else {
        rest += chunk[start..<end]
        give(rest[...], &outcome, line)
      }
      rest.removeAll(keepingCapacity: true)
      start = end + 1
    }
    guard !isInLongLine else { return }
    rest += chunk[start...]
    if rest.count > SourceLimits.lineBytes {
      outcome.tooLong += 1
      isInLongLine = true
      rest.removeAll()
    }
  }

  private func give(_ text: ArraySlice<UInt8>, _ outcome: inout Outcome, _ line: (ArraySlice<UInt8>) -> Void) {
    let whole = text.last == UInt8(ascii: "\r") ? text.dropLast() : text
    guard !whole.isEmpty else { return }
    guard whole.count <= SourceLimits.lineBytes else {
      outcome.tooLong += 1
      return
    }
    line(whole)
  }
}
