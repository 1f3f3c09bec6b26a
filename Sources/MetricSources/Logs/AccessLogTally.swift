import Judgement

/// What a log's new lines say about one arm of one service.
struct ArmTally: Sendable, Equatable {
  var requests = 0.0
  var errors = ErrorCounts.none
  /// Milliseconds.
  var latencies: [Double] = []
  var newest = -Double.infinity

  mutating func add(_ entry: AccessLogEntry) {
    requests += 1
    errors.add(1, entry.outcome)
    if let duration = entry.duration { latencies.append(duration) }
    newest = max(newest, entry.ended)
  }
}

/// What a log's new lines say about all that was asked.
struct AccessLogTally: Sendable {
  /// By the index of the service that was asked about, and the arm.
  private(set) var arms: [[Arm: ArmTally]]
  private(set) var lines = 0
  private(set) var unreadable = 0
  private(set) var retries = 0
  /// Lines of which it is not known to which arm they belong.
  private(set) var armless = 0
  private(set) var newest = -Double.infinity

  private let services: [ServiceName?]
  private let binding: AccessLogBinding
  /// The index of the service that the whole log belongs to.
  private let own: Int?

  init(_ services: [String], _ binding: AccessLogBinding) {
    self.services = services.map { name in try? ServiceName(name) }
    self.binding = binding
    own = binding.service.flatMap { services.firstIndex(of: $0) }
    arms = services.map { _ in [:] }
  }

  mutating func add(_ line: ArraySlice<UInt8>) {
    lines += 1
    guard let entry = AccessLogEntry(line) else {
      unreadable += 1
      return
    }
    newest = max(newest, entry.ended)
    // An attempt that follows another is the same request once more, not an independent one.
    if let attempt = entry.attempt, attempt > 1 {
      retries += 1
      return
    }
    guard let arm = binding.arm ?? entry.arm else {
      armless += 1
      return
    }
    if binding.service != nil {
      if let own { count(entry, own, arm) }
    } else {
      for (index, service) in services.enumerated() {
        if let service, entry.isTo(service) { count(entry, index, arm) }
      }
    }
  }

  private mutating func count(_ entry: AccessLogEntry, _ service: Int, _ arm: Arm) {
    arms[service][arm, default: ArmTally()].add(entry)
  }
}
