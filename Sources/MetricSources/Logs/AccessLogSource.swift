package import Judgement
import NIOPosix

/// An access log, and what all its lines have in common.
package struct AccessLogBinding: Sendable, Equatable {
  package var path: String
  /// `namespace/name`; nil where each line's authority or cluster tells.
  package var service: String?
  /// Nil where each line's `cohort` tells.
  package var arm: Arm?

  package init(path: String, service: String? = nil, arm: Arm? = nil) {
    self.path = path
    self.service = service
    self.arm = arm
  }
}

/// Counts requests from Envoys' access logs, as lines arrive: each line once, in the window in which it was read. Envoy
/// writes its log some seconds late (10 s or 64 kB by default, `file_flush_interval`).
///
/// A log without a new line says nothing: whether nobody asked or nobody wrote cannot be told, so it is `absent`.
/// One reader asks, always about the same services.
package actor AccessLogSource: MetricSource {
  package nonisolated let name: String
  private let bindings: [AccessLogBinding]
  private let patience: Double
  private var tails: [LogTail]
  private var lastTo: Double?

  /// - Parameter fromStart: whether to count what stands in the logs already.
  package init(_ bindings: [AccessLogBinding], fromStart: Bool = false, patience: Double = 30) {
    self.bindings = bindings
    self.patience = patience
    tails = bindings.map { LogTail($0.path, fromStart: fromStart) }
    name = bindings.count == 1 ? bindings[0].path : "\(bindings.count) access logs"
  }

  package func metrics(
    of services: [String], in window: MetricWindow
  ) async throws(CancellationError) -> [ArmMetrics] {
    if Task.isCancelled { throw CancellationError() }
    var reads: [LogRead] = []
    for (index, binding) in bindings.enumerated() {
      let tail = tails[index]
      let read = await Self.read(tail, AccessLogTally(services, binding))
      tails[index] = read.tail
      reads.append(read)
    }
    let span = MetricWindow(from: min(lastTo ?? window.from, window.to), to: window.to)
    lastTo = window.to
    if Task.isCancelled { throw CancellationError() }
    return services.enumerated().flatMap { index, service in
      Arm.allCases.map { arm in
        let own = zip(bindings, reads).filter { binding, _ in
          (binding.service == nil || binding.service == service) && (binding.arm == nil || binding.arm == arm)
        }
        return LogAnswer(patience: patience, window: span).metrics(service, index, arm, own.map(\.1))
      }
    }
  }

  /// Reading a file blocks, so it gets a thread of its own.
  private static func read(_ tail: LogTail, _ tally: AccessLogTally) async -> LogRead {
    let read = try? await NIOThreadPool.singleton.runIfActive { () -> LogRead in
      var (tail, tally) = (tail, tally)
      do {
        let outcome = try tail.read { tally.add($0) }
        return LogRead(tail: tail, tally: tally, outcome: outcome)
      } catch {
        return LogRead(tail: tail, tally: tally, failure: "\(error)")
      }
    }
    return read ?? LogRead(tail: tail, tally: tally, failure: "there is no thread to read it")
  }
}

/// What one reading of a log brought.
struct LogRead: Sendable {
  var tail: LogTail
  var tally: AccessLogTally
  var outcome = LogTail.Outcome()
  var failure: String?
}

/// Puts what several logs say together.
struct LogAnswer {
  let patience: Double
  let window: MetricWindow

  /// More unreadable lines than this share are a broken log, not a few odd requests.
  static let unreadableShare = 0.05

  func metrics(_ service: String, _ index: Int, _ arm: Arm, _ reads: [LogRead]) -> ArmMetrics {
    func answer(_ quality: DataQuality) -> ArmMetrics {
      ArmMetrics(service: service, arm: arm, window: window, quality: quality)
    }
    if reads.isEmpty { return answer(.absent("no log belongs to this arm")) }
    if let problem = reads.compactMap(problem).first { return answer(problem) }
    var sum = ArmTally()
    for read in reads { read.tally.arms[index][arm].map { sum.add($0) } }
    if sum.requests == 0 {
      let isStart = reads.contains { $0.outcome.isStart }
      return answer(.absent(isStart ? "counting starts with this answer" : "no request was logged"))
    }
    if window.to - sum.newest > patience { return answer(.stale(window.to - sum.newest)) }
    var result = answer(reads.contains { $0.outcome.wasTruncated } ? .gap(window.to - window.from) : .fresh)
    (result.requests, result.errors) = (sum.requests, sum.errors)
    result.latency = sum.latencies.isEmpty ? nil : LatencyCounts(milliseconds: sum.latencies)
    result.notes = notes(reads)
    return result
  }

  private func problem(_ read: LogRead) -> DataQuality? {
    if let failure = read.failure { return .broken(failure) }
    let (tally, path) = (read.tally, read.tail.path)
    let unreadable = tally.unreadable + read.outcome.tooLong
    if Double(unreadable) > Self.unreadableShare * Double(tally.lines + read.outcome.tooLong) {
      return .broken("\(path): \(unreadable) of \(tally.lines + read.outcome.tooLong) lines are no access log")
    }
    if tally.armless > 0 {
      return .broken("\(path): lines do not tell the arm; log the cohort, or name the log's arm")
    }
    if tally.newest > window.to + patience {
      return .broken("\(path): a line is \(tally.newest - window.to) s younger than the question")
    }
    return nil
  }

  private func notes(_ reads: [LogRead]) -> [String] {
    let retries = reads.reduce(0) { $0 + $1.tally.retries }
    let unreadable = reads.reduce(0) { $0 + $1.tally.unreadable + $1.outcome.tooLong }
    return [
      retries > 0 ? "\(retries) retries are left out" : nil,
      unreadable > 0 ? "\(unreadable) lines cannot be read" : nil,
      reads.contains { $0.outcome.isBehind } ? "the log grows faster than it is read" : nil,
      reads.contains { $0.outcome.wasTruncated } ? "the log was cut; what stood there unread is lost" : nil,
    ].compactMap(\.self)
  }
}

extension ArmTally {
  mutating func add(_ other: ArmTally) {
    requests += other.requests
    errors = ErrorCounts(
      client: (errors.client ?? 0) + (other.errors.client ?? 0),
      server: (errors.server ?? 0) + (other.errors.server ?? 0),
      unanswered: (errors.unanswered ?? 0) + (other.errors.unanswered ?? 0),
      denied: (errors.denied ?? 0) + (other.errors.denied ?? 0),
      injected: (errors.injected ?? 0) + (other.errors.injected ?? 0))
    latencies += other.latencies
    newest = max(newest, other.newest)
  }
}
