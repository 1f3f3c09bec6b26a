import CLinux
import Glibc

/// The user, as a message on standard error, and nothing else: standard output belongs to the protocol.
func complain(_ text: String) {
  writeAll(2, "bulkhead-init: \(text)\n")
}

/// Writes a line in one piece (shorter than PIPE_BUF, so lines of several processes never mix).
func writeAll(_ descriptor: Int32, _ text: String) {
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { return }
    bytes = bytes.dropFirst(count)
  }
}

/// A system call that failed, with what was tried.
struct SystemFailure: Error {
  var text: String

  init(_ what: String, _ number: Int32 = linux_errno()) {
    text = "\(what): \(String(cString: strerror(number)))"
  }
}

/// Throws unless the call's result is zero or more.
@discardableResult
func check(_ result: Int32, _ what: @autoclosure () -> String) throws(SystemFailure) -> Int32 {
  guard result >= 0 else { throw SystemFailure(what()) }
  return result
}

/// A pipe; both ends close on exec.
func makePipe() throws(SystemFailure) -> (read: Int32, write: Int32) {
  var ends: [Int32] = [0, 0]
  try check(linux_pipe(&ends), "pipe")
  return (ends[0], ends[1])
}

/// Reads one byte; false at the end of the stream.
func readByte(_ descriptor: Int32) -> Bool {
  var byte: UInt8 = 0
  while true {
    let count = read(descriptor, &byte, 1)
    if count < 0 && errno == EINTR { continue }
    return count == 1
  }
}

/// Waits until one of the descriptors has something to read or has been hung up; -1 waits without limit.
/// - Returns: whether each is ready.
func waitReadable(_ descriptors: [Int32], milliseconds: Int32 = -1) -> [Bool] {
  var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
  let count = poll(&polled, nfds_t(polled.count), milliseconds)
  return polled.map { count > 0 && $0.revents != 0 }
}

/// True when the other end of a pipe nobody writes to has been closed.
func isHungUp(_ descriptor: Int32) -> Bool { waitReadable([descriptor], milliseconds: 0)[0] }

/// Waits for a child; the raw wait status.
func reap(_ pid: pid_t) -> Int32 {
  var status: Int32 = 0
  while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  return status
}

/// The content of a small file, without its last line end; nil where it cannot be read.
func readFile(_ path: String) -> String? {
  let descriptor = linux_open(path, O_RDONLY, 0)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var content: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { break }
    content += buffer[..<count]
  }
  if content.last == 10 { content.removeLast() }
  return String(decoding: content, as: UTF8.self)
}

/// Writes a kernel file (no creation, one write).
func writeFile(_ path: String, _ text: String) throws(SystemFailure) {
  let descriptor = try check(linux_open(path, O_WRONLY, 0), "open \(path)")
  defer { close(descriptor) }
  let bytes = Array(text.utf8)
  guard write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemFailure("write \(path)") }
}

/// Names below a folder, without `.` and `..`, sorted; only folders when asked.
func entries(_ path: String, foldersOnly: Bool = false) -> [String] {
  guard let stream = opendir(path) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    if foldersOnly && entry.pointee.d_type != UInt8(DT_DIR) { continue }
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// True for names that are safe as path components and interface names.
func isPlainName(_ name: String, limit: Int = 63) -> Bool {
  !name.isEmpty && name.utf8.count <= limit && name != "." && name != ".."
    && name.utf8.allSatisfy {
      ($0 >= 97 && $0 <= 122) || ($0 >= 65 && $0 <= 90) || ($0 >= 48 && $0 <= 57) || $0 == 45 || $0 == 46 || $0 == 95
    }
}
