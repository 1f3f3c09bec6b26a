import Synchronization
import TestSupport

/// What can become of a request on its way to an API server and back.
enum APIFault: String, CaseIterable, Sendable {
  case conflict, gone, invalid, busy, error, unavailable
  /// The request is lost, or its answer.
  case timeoutBefore, timeoutAfter, resetBefore, resetAfter
  case drip, malformed, truncated

  /// The status that is answered in the API server's stead.
  var status: Int? {
    switch self {
    case .conflict: 409
    case .gone: 410
    case .invalid: 422
    case .busy: 429
    case .error: 500
    case .unavailable: 503
    default: nil
    }
  }

  var isTimeout: Bool { self == .timeoutBefore || self == .timeoutAfter }

  /// Whether a real server could do this to such a request: it refuses writes alone, and forgets pages of lists.
  func fits(_ request: FaultScript.Request) -> Bool {
    switch self {
    case .conflict, .invalid: request.isWrite
    case .gone: request.verb == "GET" && request.isList
    default: true
    }
  }
}

/// Decides which requests are broken, and keeps a record of all of them.
final class FaultScript: Sendable {
  struct Request: Sendable {
    var verb: String
    /// Without query, and without the random part of a probe's name.
    var path: String
    /// Its number among the requests of its verb and path, from 1.
    var occurrence: Int
    /// Its number among all writes but those of the lease, whose number depends on the time; 0 for all others.
    var write: Int

    var isWrite: Bool { verb != "GET" }
    var isLease: Bool { path.contains("/leases/") || path.hasSuffix("/leases") }
    /// Of a whole kind: no name at the end.
    var isList: Bool {
      guard let last = path.split(separator: "/").last else { return false }
      return ["pods", "services", "deployments", "configmaps", "networkpolicies"].contains(last)
    }
  }
  struct Entry: Sendable {
    var request: Request
    var fault: APIFault?
    /// What the API server answered; nil where it was not asked, or has not answered.
    var status: Int?
  }
  typealias Rule = @Sendable (Request) -> APIFault?

  private struct State {
    var rule: Rule
    var counts: [String: Int] = [:]
    var writes = 0
    var entries: [Entry] = []
  }
  private let state: Mutex<State>

  init(_ rule: @escaping Rule = { _ in nil }) { state = Mutex(State(rule: rule)) }

  /// From here on.
  func follow(_ rule: @escaping Rule) { state.withLock { $0.rule = rule } }

  var entries: [Entry] { state.withLock { $0.entries } }
  var faults: [APIFault] { entries.compactMap(\.fault) }
  var writes: [Entry] { entries.filter(\.request.isWrite) }

  /// - Returns: the entry's place in the record, and what is to become of the request.
  func take(_ verb: String, _ path: String) -> (place: Int, fault: APIFault?) {
    let name = Self.steady(path)
    return state.withLock { state in
      let occurrence = state.counts["\(verb) \(name)", default: 0] + 1
      state.counts["\(verb) \(name)"] = occurrence
      var request = Request(verb: verb, path: name, occurrence: occurrence, write: 0)
      if request.isWrite, !request.isLease {
        state.writes += 1
        request.write = state.writes
      }
      let fault = state.rule(request)
      state.entries.append(Entry(request: request, fault: fault))
      return (state.entries.count - 1, fault)
    }
  }

  func answered(_ place: Int, _ status: Int) { state.withLock { $0.entries[place].status = status } }

  private static func steady(_ path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false)
      .map { $0.hasPrefix("bulkhead-probe-") ? "bulkhead-probe" : String($0) }.joined(separator: "/")
  }
}

extension FaultScript {
  /// So many of a thousand requests, each decided by seed, verb, path and occurrence alone, whatever comes between. Of
  /// the two time-outs, which take as long as the client's patience, one each.
  static func mixed(seed: UInt64, perMille: Int) -> Rule {
    let seen = Mutex<Set<APIFault>>([])
    return { request in
      guard !request.isLease else { return nil }
      var random = SplitMix64(seed)
      for byte in "\(request.verb) \(request.path) \(request.occurrence)".utf8 {
        random = SplitMix64(random.next() ^ UInt64(byte))
      }
      guard random.below(1_000) < perMille else { return nil }
      let fault = random.pick(APIFault.allCases.filter { $0.fits(request) })
      let isFirst = seen.withLock { $0.insert(fault).inserted }
      return fault.isTimeout && !isFirst ? .error : fault
    }
  }

  /// The n-th write alone.
  static func write(_ number: Int, _ fault: APIFault) -> Rule {
    { $0.write == number ? fault : nil }
  }
}
