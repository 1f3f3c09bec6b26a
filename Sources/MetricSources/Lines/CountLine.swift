import Judgement

/// A line of counts as `bulkhead judge` reads it: `{"t":…,"service":…,"baseline":{"n":…,"errors":…},"canary":{…}}`.
/// `t` is in seconds since 1970; null is "no data".
struct CountLine: Equatable {
  struct Counts: Equatable {
    var requests: Double?
    var errors: Double?
    /// Upper bounds in milliseconds and counts, as they stand there.
    var latency: LatencyCounts?
  }

  var time: Double
  /// Nil where it is about whatever service is asked about.
  var service: String?
  var arms: [Arm: Counts]

  /// - Throws: for anything that is no such line.
  init(_ line: ArraySlice<UInt8>) throws(SourceProblem) {
    let tree: JSONTree
    do { tree = try JSONTree(Array(line)) } catch { throw SourceProblem("the line is \(error)") }
    guard let time = tree["t"]?.number, time.isFinite, abs(time) < 1e12 else { throw SourceProblem("'t' is no time") }
    self.time = time
    if let service = tree["service"] {
      guard let name = service.text else { throw SourceProblem("'service' is no text") }
      self.service = name
    }
    arms = [:]
    for arm in Arm.allCases {
      guard let counts = tree[arm.rawValue] else { throw SourceProblem("there is no '\(arm.rawValue)'") }
      arms[arm] = try Self.counts(counts, arm.rawValue)
    }
  }

  private static func counts(_ tree: JSONTree, _ name: String) throws(SourceProblem) -> Counts {
    func number(_ key: String) throws(SourceProblem) -> Double? {
      switch tree[key] {
      case .some(.null): return nil
      case .some(.number(let value)):
        guard value >= 0, value <= Double(ArmCount.greatest), value == value.rounded() else {
          throw SourceProblem("\(name).\(key) is no count")
        }
        return value
      default: throw SourceProblem("\(name).\(key) is missing or no number")
      }
    }
    var counts = Counts(requests: try number("n"), errors: try number("errors"))
    if let all = counts.requests, let failed = counts.errors, failed > all {
      throw SourceProblem("\(name) has more errors than requests")
    }
    if let latency = tree["latency"] {
      guard let buckets = Self.buckets(latency) else { throw SourceProblem("\(name).latency is no list of buckets") }
      counts.latency = buckets
    }
    return counts
  }

  /// `[[5,90],[25,8],[null,2]]`.
  private static func buckets(_ tree: JSONTree) -> LatencyCounts? {
    guard let pairs = tree.list else { return nil }
    var bounds: [Double] = []
    var counts: [Int] = []
    for (index, pair) in pairs.enumerated() {
      guard let two = pair.list, two.count == 2, let count = two[1].number.flatMap({ Int(exactly: $0) }) else {
        return nil
      }
      counts.append(count)
      if let bound = two[0].number {
        bounds.append(bound)
      } else if two[0] != .null || index != pairs.count - 1 {
        return nil
      }
    }
    if counts.count == bounds.count { counts.append(0) }
    return LatencyCounts(bounds: bounds, counts: counts)
  }
}
