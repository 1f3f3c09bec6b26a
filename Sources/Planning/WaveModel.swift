import Diagnostics
import FleetModel
import IntentModel

/// A fleet's waves as a bare problem. Each unit (a workload, or workloads that call each other in a circle) has two
/// jobs: entering in lane 0 and being locked in lane 1.
///
/// Locking comes in a later wave than the unit's own entering (shadow before enforced, permissive before strict) and
/// than the entering of every caller (a strict server refuses whoever has no identity yet).
struct WaveModel {
  let problem: WaveProblem
  /// Members sorted; callers before their servers.
  let units: [[ObjectReference]]
  let capacity: Int
  private(set) var notes: [String] = []

  func entering(_ unit: Int) -> Int { unit }
  func locking(_ unit: Int) -> Int { units.count + unit }

  /// - Throws: `BulkheadError(.badInput)` for a disruption budget that lets nobody change.
  init(_ fleet: Fleet, rules: WaveRules, weights: ExposureWeights) throws(BulkheadError) {
    let limits = rules.respectsBudgets ? try DisruptionLimits(fleet, rules: rules).limits : []
    var notes: [String] = []
    let included = CallLayers(fleet: fleet).groups
      .map { $0.filter { rules.excluded[$0] == nil } }.filter { !$0.isEmpty }
    let units = included.flatMap { Self.split($0, limits, rules, &notes) }
    let count = units.reduce(0) { $0 + $1.count }
    let capacity = max(1, rules.capacity ?? max(2, (count + 2) / 3))
    for members in units where members.count > 1 {
      let large = members.count > capacity ? " They are more than the capacity \(capacity)." : ""
      notes.append("\(Self.names(members)) call each other in a circle and change in one wave.\(large)")
    }
    let problem = try Self.problem(fleet, units, capacity, limits, rules, weights)
    self.problem = problem
    self.units = units
    self.capacity = capacity
    self.notes = notes
  }

  static func names(_ members: [ObjectReference]) -> String {
    let shown = members.prefix(8).map { $0.description.safeForTerminal }.joined(separator: ", ")
    return members.count > 8 ? "\(shown) and \(members.count - 8) more" : shown
  }

  /// A circle that some limit forbids to change at once is taken apart: its members' locks still wait for all callers,
  /// so that nothing is cut off.
  private static func split(
    _ members: [ObjectReference], _ limits: [DisruptionLimits.Limit], _ rules: WaveRules, _ notes: inout [String]
  ) -> [[ObjectReference]] {
    guard members.count > 1 else { return [members] }
    let inside = Set(members)
    let broken = limits.first { limit in limit.members.count(where: inside.contains) > limit.most }
    let pins = Set(members.map { rules.pinned[$0].map { "\($0)" } ?? "" })
    let reason =
      broken.map(\.name)
      ?? (pins.count > 1 ? "their pins" : members.count(where: rules.protected.contains) > 1 ? "their protection" : nil)
    guard let reason else { return [members] }
    notes.append("\(names(members)) call each other in a circle, but change in several waves because of \(reason).")
    return members.map { [$0] }
  }

  private static func problem(
    _ fleet: Fleet, _ units: [[ObjectReference]], _ capacity: Int, _ limits: [DisruptionLimits.Limit],
    _ rules: WaveRules, _ weights: ExposureWeights
  ) throws(BulkheadError) -> WaveProblem {
    var unitOf: [ObjectReference: Int] = [:]
    for (index, members) in units.enumerated() { for member in members { unitOf[member] = index } }
    func jobs(lane: Int, _ weight: [ObjectReference: Double]) -> [WaveProblem.Job] {
      units.map { members in
        WaveProblem.Job(
          id: names(members), weight: members.reduce(0.0) { $0 + max(0, weight[$1] ?? 0) },
          effort: min(capacity, members.count), lane: lane)
      }
    }
    var all = jobs(lane: 0, weights.entering) + jobs(lane: 1, weights.locking)
    var pairs = units.indices.map { WaveProblem.Precedence($0, units.count + $0) }
    for call in fleet.calls {
      for target in call.targets {
        guard let server = unitOf[target], let client = unitOf[call.caller], client != server else { continue }
        pairs.append(WaveProblem.Precedence(client, units.count + server))
      }
    }
    pairs += pin(&all, units, rules)
    var budgets = limits.map { limit in
      let entering = limit.members.compactMap { unitOf[$0] }
      return WaveProblem.Budget(
        members: limit.coversLocking ? entering + entering.map { units.count + $0 } : entering, limit: limit.most,
        name: limit.name)
    }
    let shielded = units.indices.filter { units[$0].contains(where: rules.protected.contains) }
    if shielded.count > 1 {
      for lane in 0..<2 {
        budgets.append(
          WaveProblem.Budget(
            members: shielded.map { lane * units.count + $0 }, limit: 1,
            name: "the rule that no two protected workloads change together"))
      }
    }
    return WaveProblem(jobs: all, precedence: pairs, capacity: capacity, budgets: budgets)
  }

  /// Sets the windows of pinned and protected units. - Returns: what "last" adds to the precedence.
  private static func pin(
    _ jobs: inout [WaveProblem.Job], _ units: [[ObjectReference]], _ rules: WaveRules
  ) -> [WaveProblem.Precedence] {
    var pairs: [WaveProblem.Precedence] = []
    let last = units.indices.filter { units[$0].contains { rules.pinned[$0] == .last } }
    let someMayBeFirst = units.contains { $0.allSatisfy { !rules.protected.contains($0) && rules.pinned[$0] == nil } }
    for (index, members) in units.enumerated() {
      switch members.lazy.compactMap({ rules.pinned[$0] }).first {
      case .first: jobs[index].latest = 1
      case .wave(let wave):
        jobs[index].earliest = wave
        jobs[index].latest = wave
      case .last:
        pairs += units.indices.filter { !last.contains($0) }.map { WaveProblem.Precedence($0, index) }
      case nil:
        if someMayBeFirst, members.contains(where: rules.protected.contains) { jobs[index].earliest = 2 }
      }
    }
    return pairs
  }
}
