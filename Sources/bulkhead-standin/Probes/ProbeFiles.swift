import Glibc

/// A refused system call of a probe.
struct Refusal: Error {
  var step: String
  var number: Int32

  var finding: ProbeFinding { .refused(step, number) }
}

/// At most 1 MiB of a file. Never blocks on a pipe, never takes a terminal as its own.
func contents(of path: String) throws(Refusal) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
  guard descriptor >= 0 else { throw Refusal(step: "open \(path)", number: errno) }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16_384)
  while bytes.count < 1 << 20 {
    let count = read(descriptor, &chunk, chunk.count)
    if count < 0 {
      if errno == EINTR { continue }
      throw Refusal(step: "read \(path)", number: errno)
    }
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  return bytes
}

/// Text without the white space around it, which editors and `echo` add.
func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
  let blank: Set<UInt8> = [0x20, 0x09, 0x0a, 0x0d]
  let start = bytes.firstIndex { !blank.contains($0) } ?? bytes.endIndex
  let end = bytes.lastIndex { !blank.contains($0) } ?? start
  return start < bytes.endIndex ? bytes[start...end] : []
}

/// Whether the file at `path` holds the nonce and nothing else.
func compare(fileAt path: String, with nonce: String) -> ProbeFinding {
  do throws(Refusal) {
    let found = try trimmed(contents(of: path))
    // A masked file reads as empty: readable, yet without the secret.
    return found.elementsEqual(nonce.utf8) ? .escaped("read \(path)") : .contained("read \(path): not the secret")
  } catch {
    return error.finding
  }
}

/// Whether `bytes` hold the nonce as a word of its own: the beginning of a longer word proves nothing.
func holdsWord(_ nonce: String, in bytes: ArraySlice<UInt8>) -> Bool {
  let word = Array(nonce.utf8)
  guard bytes.count >= word.count else { return false }
  for start in bytes.startIndex...(bytes.endIndex - word.count) where bytes[start] == word[0] {
    let end = start + word.count
    guard bytes[start..<end].elementsEqual(word) else { continue }
    let before = start == bytes.startIndex || !isWordByte(bytes[start - 1])
    if before, end == bytes.endIndex || !isWordByte(bytes[end]) { return true }
  }
  return false
}

private func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"): true
  default: false
  }
}

/// Looks for a variable whose whole value is the nonce in the environment of every process but this one. The
/// finding of a fruitless search is that of the first process whose environment was refused.
func scanEnvironments(for nonce: String) -> ProbeFinding {
  guard let folder = opendir("/proc") else { return .inconclusive("open /proc", errno) }
  defer { closedir(folder) }
  var processes: [Int32] = []
  while let entry = readdir(folder) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    if let process = Int32(name), process != getpid() { processes.append(process) }
  }
  var firstRefusal: Refusal?
  for process in processes.sorted() {
    let path = "/proc/\(process)/environ"
    do throws(Refusal) {
      let variables = try contents(of: path).split(separator: 0)
      let found = variables.contains { variable in
        guard let sign = variable.firstIndex(of: UInt8(ascii: "=")) else { return false }
        return variable[(sign + 1)...].elementsEqual(nonce.utf8)
      }
      if found { return .escaped("read \(path)") }
    } catch {
      // A process may end between the listing and the reading.
      if firstRefusal == nil, error.number != ENOENT, error.number != ESRCH { firstRefusal = error }
    }
  }
  if let firstRefusal { return firstRefusal.finding }
  return .contained("read /proc/*/environ: \(processes.count) other processes, none with the secret")
}
