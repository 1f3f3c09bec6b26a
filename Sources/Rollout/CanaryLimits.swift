package import Planning

/// How a canary is judged; the defaults fit a rehearsal of a few minutes.
package struct CanaryLimits: Sendable, Equatable {
  /// Shares of the users below 100 %, in percent, growing.
  package var shares = [5, 25, 50]
  /// False alarms per wave, over all its workloads and all looks together.
  package var alpha = 0.05
  /// The chance that a canary worse than the tolerance is promoted, per workload.
  package var beta = 0.05
  /// A canary may have at most this many times the errors of the stable pods.
  package var margin = 1.5
  /// Or its own error rate must be shown to lie below this.
  package var tolerance = 0.01
  /// What a sidecar may cost, in milliseconds or as a share of the stable pods' quantile, whichever is larger; and as
  /// much as hops vary on the target when it is busy.
  package var meshBudgetMilliseconds = 5.0
  package var meshBudgetShare = 0.1
  /// What hops vary by counts up to this many milliseconds: a machine that stalls must not excuse a canary that is
  /// plainly slower.
  package var meshBudgetMostSpread = 50.0
  /// Requests of the stable pods from which the latency's thresholds are taken.
  package var latencyWarmUp = 200
  /// Looks before which latency alone fails nobody: one stall of one pod must not.
  package var latencyLooks = 8
  /// Requests that must touch each canary before a share below the last one moves on, by share.
  package var minimumRequests = [5: 15, 25: 60]
  /// How long what was asked before new pods came may take to be answered: counts begin after it (invariant I4: a gate
  /// judges by data newer than the change's confirmation).
  package var confirmation: Duration = .seconds(1)
  /// How often the counts are looked at.
  package var pace: Duration = .milliseconds(250)
  /// A share without a verdict at this time is inconclusive, and what becomes of it then.
  package var deadline = GateDeadline()
  /// No new request for this long means that there is no data.
  package var staleSeconds = 5.0
  /// How long the change detector watches at 100 % before the trials begin.
  package var watchSeconds = 4.0

  package init() {}
}
