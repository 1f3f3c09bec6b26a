package import FleetModel
import IntentModel
package import Trials

/// Counts of one pod as they were read: absolute, since it began, or since whoever adds them up began.
package struct PodCounts: Sendable, Equatable {
  /// Requests that came in, and those answered with a failure.
  package var inbound = Tally()
  /// Requests that the pod made, by the service or workload that was meant.
  package var outbound: [ObjectReference: Tally] = [:]
  /// How long the requests that came in took, by bucket; empty where nobody tells.
  package var inboundLatency: [Int] = []
  /// Of a pod that plays users.
  package var users: Tally?

  package init() {}

  /// From a sidecar's statistics (docs/rollout.md names them).
  package init(envoy counters: [String: Int]) {
    for (name, count) in counters {
      if name == SidecarCounter.refusedConnections {
        // Nobody got through: a caller in plaintext, most likely, that a strict port has left outside.
        inbound.n += count
        inbound.errors += count
        continue
      }
      let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      guard parts.count >= 3 else { continue }
      let (scope, place, rest) = (parts[0], parts[1], parts.dropFirst(2).joined(separator: "."))
      switch scope {
      case "http" where place.hasPrefix("in_"):
        Self.add(rest, count, to: &inbound)
        addLatency(rest, count)
      case "tcp" where place.hasPrefix("in_"): if rest == "downstream_cx_total" { inbound.n += count }
      case "cluster" where place.hasPrefix("in|"):
        // Of HTTP a failed connection shows as an answer already.
        break
      case "http", "tcp":
        guard let target = Self.target(scope: scope, name) else { continue }
        let own = String(name.dropFirst(scope.count + 1 + target.text.count + 1))
        if scope == "http" {
          Self.add(own, count, to: &outbound[target.id, default: Tally()])
        } else if own == "downstream_cx_total" {
          outbound[target.id, default: Tally()].n += count
        }
      default: continue
      }
    }
  }

  private mutating func addLatency(_ counter: String, _ count: Int) {
    let prefix = "downstream_rq_time."
    guard counter.hasPrefix(prefix), let index = LatencyBuckets.index(of: counter.dropFirst(prefix.count)) else {
      return
    }
    if inboundLatency.isEmpty { inboundLatency = Array(repeating: 0, count: LatencyBuckets.bounds.count + 1) }
    inboundLatency[index] += max(0, count)
  }

  private static func add(_ counter: String, _ count: Int, to tally: inout Tally) {
    switch counter {
    case "downstream_rq_completed": tally.n += count
    // A refusal of a known caller is a failure; 403 of the application is not, and looks the same from outside.
    case "downstream_rq_5xx", "rbac.denied": tally.errors += count
    default: break
    }
  }

  /// `out|namespace/service|port`: names of services hold no `|` and no `.`, but statistics may nest below.
  private static func target(scope: String, _ name: String) -> (id: ObjectReference, text: String)? {
    let rest = name.dropFirst(scope.count + 1)
    guard rest.hasPrefix("out|") else { return nil }
    let parts = rest.split(separator: "|", maxSplits: 2).map(String.init)
    guard parts.count == 3, let port = parts[2].split(separator: ".").first else { return nil }
    let place = parts[1].split(separator: "/", maxSplits: 1).map(String.init)
    guard place.count == 2 else { return nil }
    return (ObjectReference(kind: "Service", namespace: place[0], name: place[1]), "out|\(parts[1])|\(port)")
  }

  /// What was counted more than in an earlier reading; a counter that went back began anew.
  func since(_ earlier: PodCounts) -> PodCounts {
    func grown(_ now: Tally, _ then: Tally) -> Tally { now.n < then.n ? now : now - then }
    var growth = PodCounts()
    growth.inbound = grown(inbound, earlier.inbound)
    for (target, tally) in outbound { growth.outbound[target] = grown(tally, earlier.outbound[target] ?? Tally()) }
    growth.users = users.map { grown($0, earlier.users ?? Tally()) }
    let hasGrown =
      earlier.inboundLatency.count == inboundLatency.count
      && zip(inboundLatency, earlier.inboundLatency).allSatisfy { $0 >= $1 }
    growth.inboundLatency =
      hasGrown ? zip(inboundLatency, earlier.inboundLatency).map { $0 - $1 } : inboundLatency
    return growth
  }

  mutating func add(_ growth: PodCounts) {
    inbound += growth.inbound
    for (target, tally) in growth.outbound { outbound[target, default: Tally()] += tally }
    if let more = growth.users { users = (users ?? Tally()) + more }
    if inboundLatency.count == growth.inboundLatency.count {
      inboundLatency = zip(inboundLatency, growth.inboundLatency).map { $0 &+ $1 }
    } else if inboundLatency.isEmpty {
      inboundLatency = growth.inboundLatency
    }
  }
}

extension Tally {
  /// A count that anybody may have written: none is negative, and those of a million pods can be added up.
  static func bounded(_ count: Int) -> Int { min(max(0, count), 1 << 40) }
}

/// Adds up what pods have counted, the dead included, so that what the book says only grows.
package struct TrafficBook: Sendable {
  private struct Page: Sendable {
    var workload: ObjectReference
    var revision: String?
    var last = PodCounts()
    var total = PodCounts()
  }
  private var pages: [String: Page] = [:]

  package init() {}

  /// A pod that is first seen as it leaves belongs to what was before: an earlier run's canary would lend latencies to
  /// stable pods that have none, which the judge would then wait for.
  package mutating func enter(_ pod: SeenPod, _ counts: PodCounts) {
    guard !pod.isLeaving || pages[pod.uid] != nil else { return }
    var page = pages[pod.uid] ?? Page(workload: pod.workload, revision: pod.revision)
    page.total.add(counts.since(page.last))
    let users = counts.users ?? page.last.users
    page.last = counts
    // A pod that does not tell this time has lost nothing.
    page.last.users = users
    pages[pod.uid] = page
  }

  /// - Parameters:
  ///   - revisions: of the wave under way; pods that it made are the canary.
  ///   - entries: where users come in, unless pods play them.
  package func snapshot(
    revisions: [ObjectReference: String], entries: Set<ObjectReference>
  ) -> TrafficSnapshot {
    var snapshot = TrafficSnapshot()
    let played = pages.values.compactMap(\.total.users)
    for page in pages.values {
      let isNew = page.revision != nil && revisions[page.workload] == page.revision
      let cohort: Cohort = isNew ? .canary : .stable
      let callers = ObjectReference(kind: "Callers", namespace: page.workload.namespace, name: "callers")
      // The caller's side is a thing of its own: counted under the callee, a canary's failures would be the stable
      // callers' as well.
      let inbound = Edge(caller: callers, target: page.workload, cohort: cohort)
      snapshot.edges[inbound, default: Tally()] += page.total.inbound
      if !page.total.inboundLatency.isEmpty {
        let took = LatencyTally(
          bounds: LatencyBuckets.bounds.map(Double.init), counts: page.total.inboundLatency)
        snapshot.latency[inbound] = snapshot.latency[inbound]?.combined(with: took, +) ?? took
      }
      for (target, tally) in page.total.outbound {
        snapshot.edges[Edge(caller: page.workload, target: target, cohort: cohort), default: Tally()] += tally
      }
      if played.isEmpty, entries.contains(page.workload) {
        snapshot.users[.stable, default: Tally()] += page.total.inbound
      }
    }
    for users in played { snapshot.users[.stable, default: Tally()] += users }
    return snapshot
  }
}
