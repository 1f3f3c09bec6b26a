import Diagnostics
package import FleetModel
import Glibc

/// Reads a file of traffic line by line: Hubble flows, or the access log of Envoys. Blocks while it reads.
package struct TrafficFile: Sendable {
  private enum Format { case hubble, accessLog }

  private let path: String
  /// Whose proxy wrote an access log; nil where each line says so.
  private let owner: TrafficEnd?
  private let shown: String

  /// - Parameters:
  ///   - path: `-` for standard input.
  ///   - owner: `namespace/workload`.
  package init(_ path: String, owner: String? = nil) {
    self.path = path
    let parts = owner?.split(separator: "/", maxSplits: 1).map(String.init) ?? []
    self.owner = parts.count == 2 ? TrafficEnd(namespace: parts[0], workload: parts[1]) : nil
    shown = path == "-" ? "standard input" : path.safeForTerminal
  }

  /// More unreadable lines than this share are another kind of file, or a broken one. Sidecars write their own messages
  /// where they write their access log.
  private static func unreadableShare(_ format: Format?) -> Double { format == .accessLog ? 0.5 : 0.05 }
  /// A file that grows while it is read is read up to its size at the beginning; a stream, to its end.
  private static let mostBytes = 64 << 30

  /// - Throws: `BulkheadError(.badInput)` for a file that cannot be read, or is of no kind that is known.
  package func report(now: Double) throws -> TrafficReport {
    var reading = Reading(tally: TrafficTally(now: now), owner: owner)
    var cutter = TrafficLines()
    do {
      try read { bytes throws(SourceProblem) in
        try cutter.cut(bytes) { line throws(SourceProblem) in try reading.add(line) }
      }
      try cutter.finish { line throws(SourceProblem) in try reading.add(line) }
    } catch {
      throw BulkheadError(.badInput, "traffic of \(shown): \(error)", cure: Self.cure)
    }
    reading.unreadable += cutter.tooLong
    reading.lines += cutter.tooLong
    return try report(reading)
  }

  private static let cure =
    "give the output of 'hubble observe -o json', or Envoys' access logs (docs/traffic.md), or a Prometheus' address"

  private func report(_ reading: Reading) throws(BulkheadError) -> TrafficReport {
    func bad(_ message: String, _ cure: String = Self.cure) -> BulkheadError {
      BulkheadError(.badInput, "traffic of \(shown): \(message)", cure: cure)
    }
    guard reading.lines > 0 else { throw bad("there is nothing in it") }
    if Double(reading.unreadable) > Self.unreadableShare(reading.format) * Double(reading.lines) {
      throw bad("\(reading.unreadable) of \(reading.lines) lines are neither Hubble flows nor an access log")
    }
    if reading.ownerless > 0 {
      throw bad(
        "it does not tell whose proxy wrote it",
        "write --traffic NAMESPACE/WORKLOAD=FILE, or take the log with kubectl logs --prefix")
    }
    var report = TrafficReport(source: shown)
    report.sightings = reading.tally.sightings(from: shown)
    report.gaps = reading.gaps
    if reading.tally.isEmpty { report.gaps.append("none of its \(reading.lines) lines shows a call between workloads") }
    return report
  }

  private func read(_ take: (ArraySlice<UInt8>) throws(SourceProblem) -> Void) throws(SourceProblem) {
    let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else { throw SourceProblem("it cannot be opened (\(String(cString: strerror(errno))))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SourceProblem("it cannot be looked at") }
    let isFile = status.st_mode & S_IFMT == S_IFREG
    guard isFile || path == "-" else { throw SourceProblem("it is no regular file") }
    var left = isFile ? Int(status.st_size) : Self.mostBytes
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while left > 0 {
      let wanted = min(left, chunk.count)
      let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, wanted) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SourceProblem("it cannot be read (\(String(cString: strerror(errno))))") }
      guard count > 0 else { return }
      left -= count
      try take(chunk[..<count])
    }
    guard isFile else { throw SourceProblem("it has no end") }
  }

  /// What the lines add up to.
  private struct Reading {
    var tally: TrafficTally
    let owner: TrafficEnd?
    var format: Format?
    var lines = 0
    var unreadable = 0
    var ownerless = 0
    var denied = 0
    var lost = 0

    init(tally: TrafficTally, owner: TrafficEnd?) { (self.tally, self.owner) = (tally, owner) }

    mutating func add(_ line: ArraySlice<UInt8>) throws(SourceProblem) {
      lines += 1
      let format = self.format ?? Self.guess(line)
      switch format {
      case .hubble: try add(HubbleFlow.line(line), line)
      case .accessLog: try add(AccessLogCall.line(line, owner: owner))
      case nil: unreadable += 1
      }
      // A line that is broken decides nothing.
      self.format = format
    }

    private mutating func add(_ read: HubbleFlow.Line, _ line: ArraySlice<UInt8>) throws(SourceProblem) {
      switch read {
      case .call(let key, let side, let opens, let time): try tally.add(key, side, times: opens ? 1 : 0, at: time)
      case .denied: denied += 1
      case .lost(let count): lost = min(lost + count, 1 << 50)
      case .unreadable: unreadable += 1
      case .noCall: break
      }
    }

    private mutating func add(_ read: AccessLogCall.Line) throws(SourceProblem) {
      switch read {
      case .call(let key, let side, let time): try tally.add(key, side, times: 1, at: time)
      case .denied: denied += 1
      case .ownerless: ownerless += 1
      case .unreadable: unreadable += 1
      case .noCall: break
      }
    }

    private static func guess(_ line: ArraySlice<UInt8>) -> Format? {
      if case .unreadable = HubbleFlow.line(line) {
        if case .unreadable = AccessLogCall.line(line, owner: TrafficEnd(pod: "any")) { return nil }
        return .accessLog
      }
      return .hubble
    }

    var gaps: [String] {
      [
        lost > 0 ? "Hubble lost \(lost) events" : nil,
        unreadable > 0 ? "\(unreadable) of \(lines) lines cannot be read" : nil,
        denied > 0 ? "\(denied) requests were refused and are not taken for calls" : nil,
        tally.fromFuture > 0 ? "\(tally.fromFuture) times lie in the future" : nil,
      ].compactMap(\.self)
    }
  }
}

/// Cuts bytes into lines as they arrive, without their ends and without empty ones.
struct TrafficLines {
  private(set) var tooLong = 0
  private var rest: [UInt8] = []
  private var isInLongLine = false

  mutating func cut(
    _ bytes: ArraySlice<UInt8>, _ take: (ArraySlice<UInt8>) throws(SourceProblem) -> Void
  ) throws(SourceProblem) {
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      if isInLongLine {
        isInLongLine = false
      } else if rest.isEmpty {
        try give(bytes[start..<end], take)
      } else {
        rest += bytes[start..<end]
        try give(rest[...], take)
      }
      rest.removeAll(keepingCapacity: true)
      start = end + 1
    }
    guard !isInLongLine else { return }
    rest += bytes[start...]
    if rest.count > SourceLimits.lineBytes { (tooLong, isInLongLine, rest) = (tooLong + 1, true, []) }
  }

  /// A last line without its end.
  mutating func finish(_ take: (ArraySlice<UInt8>) throws(SourceProblem) -> Void) throws(SourceProblem) {
    let last = rest
    rest = []
    try give(last[...], take)
  }

  private mutating func give(
    _ line: ArraySlice<UInt8>, _ take: (ArraySlice<UInt8>) throws(SourceProblem) -> Void
  ) throws(SourceProblem) {
    let whole = line.last == 0x0D ? line.dropLast() : line
    if whole.count > SourceLimits.lineBytes {
      tooLong += 1
    } else if whole.contains(where: { $0 != 0x20 && $0 != 0x09 }) {
      try take(whole)
    }
  }
}
