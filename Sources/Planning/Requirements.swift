package import Diagnostics
package import FleetModel
package import IntentModel

/// What an organisation needs of a rollout: the file of kind `Requirements`, names as written. docs/requirements.md
/// describes each field with its default.
package struct Requirements: Sendable, Equatable {
  package enum Feature: String, Sendable, CaseIterable { case hardening, authorisation, strictMutualTLS, isolation }
  package enum Compliance: String, Sendable, CaseIterable { case privileged, baseline, restricted }
  package enum BudgetPolicy: String, Sendable, CaseIterable { case respect, ignore }

  /// A name of a workload or service, perhaps with `*`, where it was written.
  package struct Name: Sendable, Equatable {
    package var text: String
    package var location: SourceLocation
  }
  package struct Objective: Sendable, Equatable {
    package var service: Name
    /// The share of requests that must succeed, 0…1.
    package var availability: Double?
    /// Milliseconds by percentile, such as 99.
    package var latency: [Int: Double] = [:]
  }
  package struct Exclusion: Sendable, Equatable {
    package var workload: Name
    package var reason: String
  }
  package struct Pin: Sendable, Equatable {
    package var workload: Name
    package var place: WaveRules.Pin
  }
  package struct Freeze: Sendable, Equatable {
    package var start: Instant
    package var end: Instant?
    package var reason: String
    package var workloads: [Name]
  }
  package struct UserGroup: Sendable, Equatable {
    package var name: String
    package var entersAt: [Name]
  }
  /// What a sidecar may add to each pod and request.
  package struct Budgets: Sendable, Equatable {
    package var latencyMilliseconds: Double?
    package var cpuMillis: Double?
    package var memoryBytes: Double?
  }

  package var mesh = Mesh.envoy
  package var features = Set(Feature.allCases)
  package var compliance = Compliance.restricted
  package var objectives: [Objective] = []
  package var protected: [Name] = []
  package var excluded: [Exclusion] = []
  /// Whether what belongs to the cluster itself stays as it is, unless it is pinned.
  package var leavesInfrastructureOut = false
  package var pinned: [Pin] = []
  package var budgets = Budgets()
  package var crownJewels: [Name] = []
  package var userGroups: [UserGroup] = []
  package var freezes: [Freeze] = []
  package var capacity: Int?
  package var start: Instant?
  package var waveSeconds = 7_200
  package var gate = GateDeadline()
  package var disruptionBudgets = BudgetPolicy.respect

  package init() {}

  /// The strictest objective's error budget: what a canary may at most fail. Percents have fewer digits than this.
  package var tolerance: Double? {
    objectives.compactMap(\.availability).map { ((1 - $0) * 1e9).rounded() / 1e9 }.min()
  }
  /// The same, but for a budget below what can be shown in a rollout's time: that would only make it wait.
  package var showableTolerance: Double? { tolerance.map { max(0.0005, $0) } }
}

extension Requirements {
  /// The rules for a fleet.
  /// - Throws: `BulkheadError(.badInput)` at the line of a name that means nothing in the fleet, or of wishes that
  ///   contradict each other.
  package func rules(for fleet: Fleet) throws(BulkheadError) -> WaveRules {
    var rules = WaveRules()
    rules.capacity = capacity
    rules.respectsBudgets = disruptionBudgets == .respect
    rules.actions = actions
    for exclusion in excluded {
      for id in try workloads(exclusion.workload, in: fleet) where rules.excluded[id] == nil {
        rules.excluded[id] = exclusion.reason
      }
    }
    for name in protected { rules.protected.formUnion(try workloads(name, in: fleet)) }
    for pin in pinned {
      for id in try workloads(pin.workload, in: fleet) {
        if let other = rules.pinned[id], other != pin.place {
          throw contradiction(pin.workload, "\(id) is pinned to two places")
        }
        if rules.excluded[id] != nil { throw contradiction(pin.workload, "\(id) is pinned and excluded") }
        if pin.place == .first, rules.protected.contains(id) {
          throw contradiction(pin.workload, "\(id) is protected, so that it cannot be in the first wave")
        }
        rules.pinned[id] = pin.place
      }
    }
    for id in fleet.workloads.map(\.id) where isInfrastructure(id) && rules.pinned[id] == nil {
      rules.excluded[id] =
        rules.excluded[id] ?? "it belongs to the cluster itself; plan its namespace with -n, or pin it"
    }
    rules.protected.subtract(rules.excluded.keys)
    guard let start else { return rules }
    var calendar = WaveCalendar(start: start, waveSeconds: waveSeconds, freezes: [])
    for freeze in freezes {
      var concerned: Set<ObjectReference>? = freeze.workloads.isEmpty ? nil : []
      for name in freeze.workloads { concerned?.formUnion(try workloads(name, in: fleet)) }
      calendar.freezes.append(
        WaveCalendar.Freeze(start: freeze.start, end: freeze.end, reason: freeze.reason, workloads: concerned))
    }
    rules.calendar = calendar
    return rules
  }

  private var actions: Set<StepAction> {
    var actions: Set<StepAction> = [.enrol]
    if features.contains(.hardening) { actions.insert(.harden) }
    if features.contains(.authorisation) { actions.formUnion([.authoriseInShadow, .authorise]) }
    if features.contains(.strictMutualTLS) { actions.insert(.requireMutualTLS) }
    if features.contains(.isolation) { actions.insert(.isolate) }
    return actions
  }

  private func isInfrastructure(_ id: ObjectReference) -> Bool {
    leavesInfrastructureOut && MeshMembership.infrastructureNamespaces.contains(id.namespace)
  }

  private func contradiction(_ name: Name, _ message: String) -> BulkheadError {
    BulkheadError(
      .badInput, message.safeForTerminal, cure: "keep one of the two", location: name.location)
  }

  private func workloads(_ name: Name, in fleet: Fleet) throws(BulkheadError) -> [ObjectReference] {
    let hasKind = name.text.hasSuffix("]")
    let found = fleet.workloads.map(\.id).filter { id in
      NamePattern(name.text).matches(hasKind ? id.description : "\(id.namespace)/\(id.name)")
    }
    guard !found.isEmpty else {
      throw BulkheadError(
        .badInput, "there is no workload \(name.text.safeForTerminal) in the input",
        cure:
          "name it as namespace/name or namespace/name[Kind], * for any text; `bulkhead survey` lists what there is",
        location: name.location)
    }
    return found
  }
}

/// `*` stands for any text; everything else for itself.
struct NamePattern {
  private let pattern: [UInt8]

  init(_ pattern: String) { self.pattern = Array(pattern.utf8) }

  /// Goes back to the last star at most: the cost is bounded by the product of the lengths.
  func matches(_ text: String) -> Bool {
    let text = Array(text.utf8)
    var (p, t) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == 0x2A {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let last = star {
        p = last.pattern + 1
        t = last.text + 1
        star = (last.pattern, t)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == 0x2A }
  }
}
