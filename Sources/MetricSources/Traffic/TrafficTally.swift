import FleetModel

/// What is the same about all sightings of one call.
struct TrafficKey: Hashable {
  var caller: TrafficEnd
  var callee: TrafficEnd
  var port: TrafficPort
  var transport = Transport.tcp
  var wireProtocol: WireProtocol?
}

/// Counts sightings as they come, in memory that grows with distinct calls and not with traffic.
struct TrafficTally {
  /// Both ends may tell of the same call, which is then counted twice and not seen twice.
  enum Side: Int { case caller, callee }

  private struct Count {
    var times: [Double] = [0, 0]
    var lastSeen: Int?
  }

  static let most = 200_000
  /// Clocks differ a little; more than that is no clock.
  static let toleratedSkew = 300.0

  private let now: Double
  private var counts: [TrafficKey: Count] = [:]
  /// Times that lie ahead; they say nothing about an age.
  private(set) var fromFuture = 0

  init(now: Double) { self.now = now }

  var isEmpty: Bool { counts.isEmpty }

  /// - Parameters:
  ///   - times: 0 where a call was seen, and how often is not told.
  ///   - time: nil where it is not told.
  mutating func add(_ key: TrafficKey, _ side: Side, times: Double, at time: Double?) throws(SourceProblem) {
    var count = counts[key] ?? Count()
    count.times[side.rawValue] += times
    if let time, time <= now + Self.toleratedSkew, time >= 0 {
      count.lastSeen = max(count.lastSeen ?? 0, Int(min(time, now)))
    } else if time != nil {
      fromFuture += 1
    }
    counts[key] = count
    guard counts.count <= Self.most else { throw SourceProblem("more than \(Self.most) different calls") }
  }

  /// Sorted, so that the same traffic gives the same answer.
  func sightings(from source: String) -> [TrafficSighting] {
    counts.map { key, count in
      let times = max(count.times[0], count.times[1])
      return TrafficSighting(
        caller: key.caller, callee: key.callee, port: key.port, transport: key.transport,
        wireProtocol: key.wireProtocol, times: times < 1 ? nil : Int(min(times.rounded(), 1e15)),
        lastSeen: count.lastSeen, source: source)
    }.sorted { $0.order < $1.order }
  }
}
