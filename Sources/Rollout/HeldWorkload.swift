package import FleetModel
package import Trials

/// A workload at which calls failed or waited, and whose pods were at their own processor limit meanwhile. They got all
/// the time that the limit allows, however busy the machine was: nobody else is to blame.
package struct HeldWorkload: Sendable, Equatable, Codable {
  package var workload: ObjectReference
  /// Of the limit's periods, those in which it held a pod up: 0 to 1.
  package var share: Double

  /// From which on throttling is held to be a fault: the alert CPUThrottlingHigh (kubernetes-mixin) has the same.
  package static let leastShare = 0.25
  /// The kernel's period is a tenth of a second.
  package static let leastPeriods = 10

  package var text: String { "\(workload.name)'s pods were at their CPU limit \(Int(share * 100)) % of the time" }

  /// - Parameters:
  ///   - start: what limits had done when the fault began, and `end` when it ended.
  ///   - suspects: where calls failed or waited.
  ///   - fault: may limit pods itself, which says nothing of the workload's own limit.
  package static func between(
    _ start: [ObjectReference: [String: LimitPeriods]], _ end: [ObjectReference: [String: LimitPeriods]],
    among suspects: Set<ObjectReference>, during fault: Fault
  ) -> [HeldWorkload] {
    suspects.sorted().compactMap { workload in
      if case .limitCPU(of: workload, percent: _) = fault { return nil }
      let grown = (end[workload] ?? [:]).map { name, now in now.grown(since: start[workload]?[name]) }
      let (all, held) = (grown.map(\.all).reduce(0, +), grown.map(\.held).reduce(0, +))
      guard all >= leastPeriods, Double(held) >= Double(all) * leastShare else { return nil }
      return HeldWorkload(workload: workload, share: Double(held) / Double(all))
    }
  }
}

extension LimitPeriods {
  /// A container that was started again counts anew.
  fileprivate func grown(since earlier: LimitPeriods?) -> LimitPeriods {
    guard let earlier, earlier.all <= all, earlier.held <= held else { return self }
    return LimitPeriods(all: all - earlier.all, held: held - earlier.held)
  }
}
