package import Judgement
import NIOPosix

/// Counts from a file of lines that another program appends to: one JSON object a line, as `bulkhead judge` reads them.
///
/// A window has the lines whose `t` lies in it. Windows follow each other; what is before the latest one is forgotten.
package actor CountLineSource: MetricSource {
  package nonisolated let name: String
  private let patience: Double
  private var tail: LogTail
  private var lines: [CountLine] = []
  private var newest = -Double.infinity
  /// Why the file cannot be believed any more.
  private var failure: String?

  /// Not yet asked for; more is a reader that never asks, or times from tomorrow.
  private static let mostWaiting = 100_000

  package init(path: String, patience: Double = 30) {
    name = path
    self.patience = patience
    tail = LogTail(path, fromStart: true)
  }

  package func metrics(
    of services: [String], in window: MetricWindow
  ) async throws(CancellationError) -> [ArmMetrics] {
    if Task.isCancelled { throw CancellationError() }
    let problem = await read()
    if Task.isCancelled { throw CancellationError() }
    lines.removeAll { $0.time <= window.from }
    let own = lines.filter { $0.time <= window.to }
    return services.flatMap { service in
      let mine = own.filter { $0.service == nil || $0.service == service }
      return Arm.allCases.map { arm in
        if let why = failure ?? problem {
          return ArmMetrics(service: service, arm: arm, window: window, quality: .broken(why))
        }
        return metrics(service, arm, window, mine.compactMap { $0.arms[arm] })
      }
    }
  }

  /// Nil, or why there is no reading at the moment.
  private func read() async -> String? {
    guard failure == nil else { return failure }
    let tail = tail
    let before = newest
    let read = try? await NIOThreadPool.singleton.runIfActive { Reading(tail, after: before) }
    guard let read else { return "there is no thread to read it" }
    self.tail = read.tail
    lines += read.lines
    newest = read.newest
    failure = read.failure ?? (lines.count > Self.mostWaiting ? "more than \(Self.mostWaiting) lines wait" : nil)
    return read.passing
  }

  private struct Reading: Sendable {
    var tail: LogTail
    var lines: [CountLine] = []
    var newest: Double
    var failure: String?
    /// A failure that may be over the next time.
    var passing: String?

    init(_ tail: LogTail, after newest: Double) {
      self.tail = tail
      self.newest = newest
      do throws(SourceProblem) {
        var whole = tail
        let outcome = try whole.read { add($0) }
        self.tail = whole
        if outcome.wasTruncated { failure = "the file was cut" }
        if outcome.tooLong > 0 { failure = "a line has more than \(SourceLimits.lineBytes) bytes" }
      } catch {
        passing = error.description
      }
    }

    private mutating func add(_ line: ArraySlice<UInt8>) {
      guard failure == nil, lines.count <= CountLineSource.mostWaiting else { return }
      do throws(SourceProblem) {
        let read = try CountLine(line)
        guard read.time >= newest else { throw SourceProblem("the time goes back by \(newest - read.time) s") }
        newest = read.time
        lines.append(read)
      } catch {
        failure = error.description
      }
    }
  }

  private func metrics(
    _ service: String, _ arm: Arm, _ window: MetricWindow, _ counts: [CountLine.Counts]
  ) -> ArmMetrics {
    var result = ArmMetrics(service: service, arm: arm, window: window, quality: .fresh)
    guard !counts.isEmpty else {
      let age = window.to - newest
      result.quality = newest.isFinite && age > patience ? .stale(age) : .absent("no line lies in the window")
      return result
    }
    var (requests, errors) = (0.0, 0.0)
    var latency: LatencyCounts?
    for (index, count) in counts.enumerated() {
      guard let all = count.requests, let failed = count.errors else {
        result.quality = .absent("a line has no counts")
        return result
      }
      (requests, errors) = (requests + all, errors + failed)
      if index == 0 { latency = count.latency } else { latency = count.latency.flatMap { latency?.adding($0) } }
    }
    (result.requests, result.errors, result.latency) = (requests, ErrorCounts(server: errors), latency)
    return result
  }
}
