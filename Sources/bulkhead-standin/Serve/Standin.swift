import NIOCore
import NIOHTTP1
import StandinProtocol

/// What a request hands on to the calls it causes.
struct Hop {
  var cohort: String?
  var trace: TraceContext

  var isCanary: Bool { cohort == StandinHeader.canary }
}

/// The part played: own work, then all calls side by side. Belongs to the event loop, like everything it holds.
final class Standin {
  static let callLimit = TimeAmount.seconds(3)

  let configuration: StandinConfiguration
  let loop: any EventLoop
  let resolver: Resolver
  let tally: Tally
  let random = RandomSource()
  /// See `StandinOrder.canaryAddresses`.
  var canaryAddresses: [String: (host: String, port: Int)] = [:]

  private struct PreparedCall {
    var call: StandinConfiguration.OutgoingCall
    /// Index into the tally's targets.
    var target: Int
    /// `host:port`: the key of `canaryAddresses` and the `host` header.
    var authority: String
    var pool: ConnectionPool
  }

  private var calls: [PreparedCall] = []
  private var canaryPools: [String: ConnectionPool] = [:]
  private let deadlines: Deadlines

  init(configuration: StandinConfiguration, loop: any EventLoop) {
    self.configuration = configuration
    self.loop = loop
    resolver = Resolver(loop: loop)
    deadlines = Deadlines(loop: loop, limit: Self.callLimit)
    var targets: [String] = []
    for call in configuration.calls where !targets.contains(call.target) { targets.append(call.target) }
    tally = Tally(targets: targets, playsUsers: configuration.users != nil)
    for call in configuration.calls {
      let pool = ConnectionPool(
        loop: loop, resolver: resolver, host: call.host, port: call.port, lines: call.tcp,
        longestAge: configuration.connectionSeconds.map { .milliseconds(Int64(min(max($0, 0), 86_400) * 1_000)) })
      calls.append(
        PreparedCall(
          call: call, target: targets.firstIndex(of: call.target) ?? 0, authority: "\(call.host):\(call.port)",
          pool: pool))
    }
    repeatedly(on: loop, every: .seconds(1)) { self.closeIdle() }
  }

  /// Serves one request: `completion` gets the workload at which it failed, or nil when all went well.
  func serve(cohort: String?, trace: String?, completion: @escaping (String?) -> Void) {
    let hop = Hop(cohort: cohort, trace: trace.flatMap { TraceContext(header: $0) } ?? newTrace())
    let start = NIODeadline.now()
    let work = random.lognormal(
      median: configuration.latency.medianMilliseconds, sigma: configuration.latency.sigma)
    let rest = {
      self.call(hop) { origin in
        self.tally.served(canary: hop.isCanary, milliseconds: milliseconds(since: start), failed: origin != nil)
        completion(origin)
      }
    }
    // 60 s bound a wild draw, which would not fit into the nanoseconds of a time amount.
    let nanoseconds = Int64(min(work, 60_000) * 1_000_000)
    if nanoseconds > 0 {
      loop.assumeIsolated().scheduleTask(in: .nanoseconds(nanoseconds), rest)
    } else {
      rest()
    }
  }

  func newTrace() -> TraceContext { TraceContext(high: random.next(), low: random.next()) }

  /// Makes all calls side by side. Of several failures the first in the configuration's order is named, so that the
  /// answer does not depend on timing.
  func call(_ hop: Hop, completion: @escaping (String?) -> Void) {
    guard !calls.isEmpty else { return completion(nil) }
    var origins = [String?](repeating: nil, count: calls.count)
    var open = calls.count
    for (index, prepared) in calls.enumerated() {
      let start = NIODeadline.now()
      make(prepared, hop) { origin in
        self.tally.called(
          target: prepared.target, canary: hop.isCanary, milliseconds: milliseconds(since: start), origin: origin)
        origins[index] = origin
        open -= 1
        if open == 0 { completion(origins.lazy.compactMap { $0 }.first) }
      }
    }
  }

  private func make(_ prepared: PreparedCall, _ hop: Hop, completion: @escaping (String?) -> Void) {
    let call = prepared.call
    let address = hop.isCanary ? canaryAddresses[prepared.authority] : nil
    let exchange = Exchange(head: requestHead(authority: prepared.authority, hop: hop)) {
      completion(failureOrigin(of: $0, target: call.target))
    }
    deadlines.add(exchange)
    (address.map { canaryPool($0, lines: call.tcp) } ?? prepared.pool).send(exchange)
  }

  func requestHead(authority: String, path: String = "/", hop: Hop, close: Bool = false) -> HTTPRequestHead {
    var fields = [("host", authority), (StandinHeader.caller, configuration.callerName)]
    fields.append((StandinHeader.trace, hop.trace.header(span: random.next())))
    if let cohort = hop.cohort { fields.append((StandinHeader.cohort, cohort)) }
    if close { fields.append(("connection", "close")) }
    return HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: HTTPHeaders(fields))
  }

  private func canaryPool(_ address: (host: String, port: Int), lines: Bool) -> ConnectionPool {
    let key = "\(address.host):\(address.port)"
    if let known = canaryPools[key] { return known }
    let pool = ConnectionPool(loop: loop, resolver: resolver, host: address.host, port: address.port, lines: lines)
    canaryPools[key] = pool
    return pool
  }

  private func closeIdle() {
    let now = NIODeadline.now()
    for prepared in calls { prepared.pool.closeIdle(now: now) }
    for pool in canaryPools.values { pool.closeIdle(now: now) }
  }
}

func milliseconds(since start: NIODeadline) -> Double {
  Double((NIODeadline.now() - start).nanoseconds) / 1_000_000
}

/// Where a failed call began: as the callee's answer names it, else the callee itself. Nil for a good answer.
private func failureOrigin(of outcome: ExchangeOutcome, target: String) -> String? {
  guard case .answered(let answer) = outcome else { return target }
  return (200..<300).contains(answer.status) ? nil : answer.origin ?? target
}
