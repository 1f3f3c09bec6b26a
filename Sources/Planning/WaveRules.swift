package import FleetModel
package import IntentModel

/// What a plan has to keep to besides the fleet's own calls, with every name resolved to a workload.
package struct WaveRules: Sendable, Equatable {
  /// Where a workload is pinned: the wave in which it enters the mesh.
  package enum Pin: Sendable, Equatable {
    case first
    /// The last wave in which anything enters.
    case last
    /// From 1.
    case wave(Int)
  }
  /// The most workloads that enter, and the most that are locked, in one wave; nil: a third of them, at least two.
  package var capacity: Int?
  /// Stay as they are, with the reason.
  package var excluded: [ObjectReference: String] = [:]
  /// Never in the first wave, never two in one wave.
  package var protected: Set<ObjectReference> = []
  package var pinned: [ObjectReference: Pin] = [:]
  /// Steps that are wanted; entering itself always is.
  package var actions: Set<StepAction> = Set(StepAction.allCases)
  /// Whether PodDisruptionBudgets and services with several workloads behind them limit a wave.
  package var respectsBudgets = true
  package var calendar: WaveCalendar?

  package init() {}

  package func wants(_ action: StepAction) -> Bool { action == .enrol || actions.contains(action) }
}

/// What each workload takes away from the fleet's exposure by entering and by being locked: additive weights.
package struct ExposureWeights: Sendable, Equatable {
  /// Exposure with nothing done, and with everything done.
  package var before: Double
  package var after: Double
  package var entering: [ObjectReference: Double]
  package var locking: [ObjectReference: Double]

  package init(
    before: Double, after: Double, entering: [ObjectReference: Double], locking: [ObjectReference: Double]
  ) {
    self.before = before
    self.after = after
    self.entering = entering
    self.locking = locking
  }
}

/// What a plan does to exposure.
package struct PlanExposure: Sendable, Equatable {
  package var before: Double
  package var after: Double
  /// Σ weight × wave: exposure above `after`, summed over the waves until it is gone.
  package var integral: Double
  /// No plan under the same rules has a smaller integral.
  package var lowerBound: Double
  /// Exposure before the first wave and after each, as far as it was computed; else empty.
  package var curve: [Double] = []

  /// How far the integral can be above the least possible, as a share of the bound.
  package var gap: Double { lowerBound > 0 ? max(0, integral / lowerBound - 1) : 0 }

  package init(before: Double, after: Double, integral: Double, lowerBound: Double, curve: [Double] = []) {
    self.before = before
    self.after = after
    self.integral = integral
    self.lowerBound = lowerBound
    self.curve = curve
  }
}
