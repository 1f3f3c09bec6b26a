package import FleetModel

/// Traffic and observability settings of a fleet, from what is known of its latency and errors, or from defaults.
package struct TrafficPlan: Sendable, Equatable {
  package var settings: [TrafficSettings]
  package var observability: [ObservabilitySettings]
  /// How often one request from outside can reach a service at worst, and the service.
  package var worstAmplification: Int
  package var worstService: ObjectReference?
  package var amplificationLimit: Int

  /// - Parameter profiles: by service.
  /// - Parameter limit: of the attempts' product along every path of calls.
  package init(
    _ fleet: Fleet, flows: [PolicyFlow], profiles: [ObjectReference: TrafficProfile] = [:], limit: Int = 3
  ) {
    let services = Set(flows.flatMap(\.services).map(\.service)).sorted()
    let position = Dictionary(services.enumerated().map { ($1, $0) }) { first, _ in first }
    let calls = Self.calls(flows, position)
    let wire = Self.wireProtocols(flows, services, position)
    let bound = RetryBound(calls, limit: limit)
    let wishes = services.map { profiles[$0]?.errorRate ?? 0 }
    let attempts = bound.attempts(wishes: wishes, canRetry: wire.map { $0 == .http })
    let amplification = bound.amplification(attempts)
    let heights = Self.heights(calls)
    amplificationLimit = bound.limit
    let worst = amplification.max() ?? 1
    worstAmplification = worst
    worstService = zip(services, amplification).first { $0.1 == worst }?.0
    settings = services.enumerated().map { index, service in
      Self.settings(
        service, fleet, wire[index], attempts[index], height: heights[index], profiles[service] ?? TrafficProfile())
    }
    observability = Self.observability(services, profiles)
  }

  /// From service to service: the workloads behind the one call the other.
  private static func calls(_ flows: [PolicyFlow], _ position: [ObjectReference: Int]) -> [[Int]] {
    var behind: [ObjectReference: Set<Int>] = [:]
    for flow in flows {
      for place in flow.services.compactMap({ position[$0.service] }) { behind[flow.target, default: []].insert(place) }
    }
    var calls = [Set<Int>](repeating: [], count: position.count)
    for flow in flows {
      for from in behind[flow.caller] ?? [] {
        for place in flow.services.compactMap({ position[$0.service] }) { calls[from].insert(place) }
      }
    }
    return calls.map { $0.sorted() }
  }

  private static func wireProtocols(
    _ flows: [PolicyFlow], _ services: [ObjectReference], _ position: [ObjectReference: Int]
  ) -> [WireProtocol] {
    var wire = [WireProtocol](repeating: .http, count: services.count)
    for flow in flows where flow.wireProtocol == .tcp {
      for place in flow.services.compactMap({ position[$0.service] }) { wire[place] = .tcp }
    }
    return wire
  }

  /// The longest chain of calls below each service; a cycle counts once.
  private static func heights(_ calls: [[Int]]) -> [Int] {
    let groups = StrongGroups(calls)
    var heights = [Int](repeating: 0, count: groups.sizes.count)
    for node in calls.indices.sorted(by: { groups.groupOf[$0] < groups.groupOf[$1] }) {
      let own = groups.groupOf[node]
      for to in calls[node] where groups.groupOf[to] != own {
        heights[own] = max(heights[own], heights[groups.groupOf[to]] + 1)
      }
    }
    return calls.indices.map { heights[groups.groupOf[$0]] }
  }

  private static func settings(
    _ service: ObjectReference, _ fleet: Fleet, _ wire: WireProtocol, _ attempts: Int, height: Int,
    _ profile: TrafficProfile
  ) -> TrafficSettings {
    let workloads = fleet.service(service).map { fleet.workloads(behind: $0) } ?? []
    let pods = workloads.reduce(0) { $0 + $1.replicas }
    var basis: [String] = []
    var perTry: Int?
    if wire == .http {
      if let p99 = profile.p99Milliseconds, p99.isFinite, p99 >= 0 {
        perTry = min(max(Int(min(p99, 100_000) * 3), 100), 60_000)
        basis.append("time of one attempt: three times the measured p99")
      } else {
        // Above whom it calls: a caller that gives up first makes the work below it useless.
        perTry = min(2_000 + height * 1_000, 15_000)
        basis.append("time of one attempt: 2 s, and 1 s more for each layer of calls below (default)")
      }
      basis.append(
        attempts > 1
          ? "\(attempts) attempts: within the bound on every path of calls"
          : "no retry: the bound on a path of calls, or a cycle of calls, leaves none")
    }
    let concurrent: Int
    if let rate = profile.requestsPerSecond, let p99 = profile.p99Milliseconds, rate.isFinite, p99.isFinite {
      // Little's law with the slow requests' time, and as much again.
      concurrent = min(max(Int(min(rate * p99 / 1_000 * 2, 100_000)), 16), 100_000)
      basis.append("connections: requests per second × p99 × 2 (Little's law)")
    } else {
      concurrent = 1_024
      basis.append("connections: 1,024 (default of Envoy's circuit breakers)")
    }
    return TrafficSettings(
      service: service, wireProtocol: wire, balancing: wire == .http ? .leastRequest : .roundRobin,
      prefersOwnZone: pods >= 3, timeoutMilliseconds: perTry.map { min($0 * attempts, 60_000) }, attempts: attempts,
      perTryMilliseconds: attempts > 1 ? perTry : nil, retryBudgetPercent: 20,
      ejectAfterErrors: pods > 1 ? 5 : nil, maxEjectionPercent: pods > 1 ? max(100 / pods, 10) : 0,
      maxConnections: concurrent, maxPendingRequests: wire == .http ? concurrent : nil, basis: basis)
  }

  private static func observability(
    _ services: [ObjectReference], _ profiles: [ObjectReference: TrafficProfile]
  ) -> [ObservabilitySettings] {
    let byNamespace = Dictionary(grouping: services, by: \.namespace)
    return byNamespace.sorted { $0.key < $1.key }.map { namespace, services in
      let rates = services.compactMap { profiles[$0]?.requestsPerSecond }.filter { $0.isFinite && $0 > 0 }
      let total = rates.reduce(0, +)
      // Ten traces a second show every path within minutes.
      let sampling = total > 0 ? min(max((1_000 / total * 100).rounded() / 100, 0.01), 100) : 1
      return ObservabilitySettings(
        namespace: namespace, accessLogFilter: "response.code >= 400",
        traceSamplingPercent: sampling,
        basis: [
          total > 0 ? "tracing: about ten traces a second at the measured rate" : "tracing: 1 % (default)",
          "access log: failures alone; what is refused must leave a line",
        ])
    }
  }
}
