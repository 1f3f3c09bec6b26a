import Diagnostics
import Glibc

/// Reads the files that `-f` names. The only part of Intake that touches the machine.
package enum InputLoader {
  /// Files, folders (all `.yaml`, `.yml` and `.json` below them, sorted by path) and `-` for standard input.
  /// - Throws: `BulkheadError(.badInput)` for what cannot be read, is no plain file, or is beyond `IntakeLimits`.
  package static func load(_ paths: [String]) throws -> [InputSource] {
    var sources: [InputSource] = []
    var total = 0
    if paths.count(where: { $0 == "-" }) > 1 {
      throw BulkheadError(.usage, "-f - was given twice", cure: "standard input can be read once only")
    }
    for path in try paths.flatMap(expand) {
      let source = InputSource(name: path, bytes: try read(path))
      total += source.bytes.count
      guard total <= IntakeLimits.totalBytes else {
        throw BulkheadError(
          .badInput, "the input has more than \(IntakeLimits.totalBytes) bytes in all",
          cure: "name fewer files at once", location: SourceLocation(file: path, line: 0))
      }
      sources.append(source)
    }
    return sources
  }

  private static func expand(_ path: String) throws -> [String] {
    if path == "-" { return [path] }
    switch try kind(of: path) {
    case S_IFREG: return [path]
    case S_IFDIR:
      var files: [String] = []
      try collect(path.hasSuffix("/") ? String(path.dropLast()) : path, &files)
      guard !files.isEmpty else {
        throw BulkheadError(
          .badInput, "there is no .yaml, .yml or .json file below \(path)", cure: "name a folder with manifests")
      }
      return files.sorted()
    default:
      throw BulkheadError(
        .badInput, "\(path) is no file and no folder (a device, a socket or a pipe)", cure: "pipe it in with -f -")
    }
  }

  /// Links to files are followed, links to folders are not: they may lead in a circle.
  private static func collect(_ folder: String, _ files: inout [String]) throws {
    guard let directory = opendir(folder.isEmpty ? "/" : folder) else { throw failure("cannot list", folder) }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      let path = "\(folder)/\(name)"
      var status = stat()
      if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
        try collect(path, &files)
      } else if [".yaml", ".yml", ".json"].contains(where: name.hasSuffix), try kind(of: path) == S_IFREG {
        files.append(path)
      }
      guard files.count <= IntakeLimits.files else {
        throw BulkheadError(
          .badInput, "more than \(IntakeLimits.files) files below the folder", cure: "name fewer files at once",
          location: SourceLocation(file: folder, line: 0))
      }
    }
  }

  private static func kind(of path: String) throws -> mode_t {
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure("cannot read", path) }
    return status.st_mode & S_IFMT
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("cannot read", path) }
    defer { if path != "-" { close(descriptor) } }
    var bytes: [UInt8] = []
    // A file says how long it is; a pipe, and a file that grows, is read piece by piece.
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= IntakeLimits.fileBytes {
      let size = Int(status.st_size)
      bytes = try [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
        while count < size {
          let more = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
          if more < 0 && errno == EINTR { continue }
          guard more >= 0 else { throw failure("cannot read", path) }
          if more == 0 { break }
          count += more
        }
      }
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure("cannot read", path == "-" ? "standard input" : path) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= IntakeLimits.fileBytes else {
        throw BulkheadError(
          .badInput, "the file has more than \(IntakeLimits.fileBytes) bytes", cure: "split it",
          location: SourceLocation(file: path, line: 0))
      }
    }
  }

  private static func failure(_ what: String, _ path: String) -> BulkheadError {
    BulkheadError(
      .badInput, "\(what) \(path.safeForTerminal): \(String(cString: strerror(errno)))",
      cure: "name a file that is there and readable")
  }
}
