package import FleetModel
import IntentModel

/// Workloads grouped into segments, and what crosses the borders between them.
package struct Segmentation: Sendable, Equatable {
  package enum Method: Sendable, Equatable {
    /// The first of: the label `bulkhead.dev/segment`, `app.kubernetes.io/part-of`, `tier`, namespaces; communities of
    /// calls where those make one segment only.
    case automatic
    case label(String)
    case namespace
    case communities
    /// By the set of entrances through which users reach a workload.
    case userRole
  }

  package struct Segment: Sendable, Equatable {
    package var name: String
    /// Sorted.
    package var members: [ObjectReference]
  }

  /// Calls from one segment to another; a pair without calls is a closed border.
  package struct Crossing: Sendable, Equatable {
    package var from: String
    package var to: String
    package var calls: Int
  }

  /// What the segments are made by, in words.
  package var by: String
  package var segments: [Segment]
  package var crossings: [Crossing]

  /// Ordered pairs of different segments between which nothing is called and which policies therefore keep apart.
  package var barriers: Int { segments.count * (segments.count - 1) - crossings.count }

  package func segment(of workload: ObjectReference) -> String? {
    segments.first { $0.members.contains(workload) }?.name
  }

  package init(_ fleet: Fleet, flows: [PolicyFlow], method: Method = .automatic) {
    let choice = Self.names(fleet, flows, method)
    by = choice.by
    var members: [String: [ObjectReference]] = [:]
    var segmentOf: [ObjectReference: String] = [:]
    for (workload, name) in zip(fleet.workloads, choice.names) {
      members[name, default: []].append(workload.id)
      segmentOf[workload.id] = name
    }
    segments = members.sorted { $0.key < $1.key }.map { Segment(name: $0.key, members: $0.value.sorted()) }
    var counts: [String: [String: Int]] = [:]
    for flow in flows {
      guard let from = segmentOf[flow.caller], let to = segmentOf[flow.target], from != to else { continue }
      counts[from, default: [:]][to, default: 0] += 1
    }
    crossings = counts.sorted { $0.key < $1.key }.flatMap { from, targets in
      targets.sorted { $0.key < $1.key }.map { Crossing(from: from, to: $0.key, calls: $0.value) }
    }
  }

  private static func names(_ fleet: Fleet, _ flows: [PolicyFlow], _ method: Method) -> (names: [String], by: String) {
    switch method {
    case .label(let key): return (labels(fleet, key), "label \(key)")
    case .namespace: return (fleet.workloads.map(\.id.namespace), "namespace")
    case .communities: return (Communities(fleet.workloads.map(\.id), flows).names, "communities of calls")
    case .userRole: return (UserRoles(fleet, flows).names, "the entrances through which users reach them")
    case .automatic:
      for key in ["bulkhead.dev/segment", "app.kubernetes.io/part-of", "tier"] {
        let names = labels(fleet, key)
        if Set(names).count > 1, names.contains(where: { $0 != unlabelled }) { return (names, "label \(key)") }
      }
      let namespaces = fleet.workloads.map(\.id.namespace)
      if Set(namespaces).count > 1 { return (namespaces, "namespace") }
      return names(fleet, flows, .communities)
    }
  }

  private static let unlabelled = "(without the label)"

  private static func labels(_ fleet: Fleet, _ key: String) -> [String] {
    fleet.workloads.map { $0.podLabels[key] ?? $0.labels[key] ?? unlabelled }
  }
}

/// Workloads that the same users reach: each is named by the entrances from which calls lead to it.
struct UserRoles {
  private(set) var names: [String] = []

  init(_ fleet: Fleet, _ flows: [PolicyFlow]) {
    let entries = IntentDerivation(fleet: fleet).entries.map(\.id).sorted()
    var reached: [ObjectReference: [String]] = [:]
    let targets = Dictionary(grouping: flows, by: \.caller).mapValues { $0.map(\.target) }
    // More entrances than these make no roles that anybody could name.
    for entry in entries.prefix(64) {
      var seen: Set<ObjectReference> = [entry]
      var open = [entry]
      while let next = open.popLast() {
        reached[next, default: []].append(entry.name)
        for target in targets[next] ?? [] where seen.insert(target).inserted { open.append(target) }
      }
    }
    names = fleet.workloads.map { workload in
      guard let list = reached[workload.id] else { return "(no users)" }
      let more = list.count > 4 ? " and \(list.count - 4) more" : ""
      return "users of " + list.prefix(4).joined(separator: ", ") + more
    }
  }
}
