import Diagnostics

/// The chance that a container falls to somebody who can talk to it.
///
/// `1 − (1 − base) · Π (1 − p)` over the distinct vulnerabilities that count (not suppressed), at most `ceiling`: the
/// usual "at least one succeeds" for independent attempts, as used for attack graphs by Wang et al., "An Attack
/// Graph-Based Probabilistic Security Metric" (DBSec 2008), and for EPSS scores by its authors (first.org/epss,
/// "Probability, Percentiles, and Binning"). `base` stands for flaws that nobody knows yet.
///
/// The `p` are assumptions, not measurements. Their order of magnitude: about one published flaw in twenty is ever seen
/// in an attack (same page), fewer can be reached in a given container, and a flaw in a catalogue of exploited ones has
/// been used already. What follows from them is an order of workloads, not a forecast.
package enum FallChance {
  /// What `BreachGraphBuilder` takes where there is no evidence.
  package static let base = 0.1
  /// Never certain.
  package static let ceiling = 0.95

  /// The chance that one flaw alone is enough.
  package static func ofOne(_ vulnerability: Vulnerability) -> Double {
    if vulnerability.suppressedBy != nil { return 0 }
    if vulnerability.knownExploited { return 0.5 }
    switch vulnerability.severity {
    case .critical: return 0.05
    case .high: return 0.005
    case .medium: return 0.0005
    case .low, .info: return 0
    }
  }

  /// - Parameter survivals: for each distinct flaw, the chance that it is not enough.
  package static func combined(base: Double = FallChance.base, survivals: some Sequence<Double>) -> Double {
    min(ceiling, 1 - survivals.reduce(1 - base, *))
  }
}
