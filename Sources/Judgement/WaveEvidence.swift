import Foundation

/// Puts the evidence of several judgements together so that the chance of a false alarm stays that of one.
///
/// **Regression in a wave** (any workload worse: the wave is undone): the *mean* of the workloads' e-values, at
/// 1/α. The mean is an e-value under any dependence between workloads, and is never less than the greatest one
/// divided by their number, so this finds at least all that a Bonferroni split of α would, and keeps the
/// family-wise error of the wave at α (0.05 by default). Waves follow each other and each has its own α.
///
/// **Naming the culprits**: by Bonferroni, E ≥ W/α. **Promotion** needs every workload to be noWorse; an "all of
/// them" claim is an intersection-union test and needs no correction: each at β.
///
/// **Many services or metrics in a report**: e-BH, which bounds the false discovery rate, not the family-wise error.
package enum WaveEvidence {
  /// ln of the mean of e-values given as logarithms; 0 (no evidence) for none. NaN counts as no evidence at all.
  package static func mean(_ logEs: [Double]) -> Double {
    guard !logEs.isEmpty else { return 0 }
    return LogSpace.sum(logEs.map { $0.isNaN ? -.infinity : $0 }) - log(Double(logEs.count))
  }

  /// True when the wave as a whole shows a regression at the family-wise level `alpha`.
  package static func regressed(_ logEs: [Double], alpha: Double = 0.05) -> Bool {
    mean(logEs) >= -log(alpha)
  }

  /// Which workloads are to blame, at the family-wise level `alpha`: indices, ascending. May be empty where the wave
  /// as a whole has regressed; then the greatest e-value is the best guess, not a finding.
  package static func culprits(_ logEs: [Double], alpha: Double = 0.05) -> [Int] {
    let threshold = log(Double(max(1, logEs.count))) - log(alpha)
    return logEs.indices.filter { logEs[$0] >= threshold }
  }

  /// e-BH: which of the nulls to reject so that at most `rate` of the rejected are true in expectation, under any
  /// dependence. Rejects the k greatest, k the largest with k-th greatest E ≥ K / (k · rate). Indices, ascending.
  package static func discoveries(_ logEs: [Double], rate: Double = 0.05) -> [Int] {
    let ranked = logEs.indices.filter { !logEs[$0].isNaN }.sorted { (logEs[$0], $1) > (logEs[$1], $0) }
    let needed = log(Double(max(1, logEs.count))) - log(rate)
    let last = ranked.indices.last { logEs[ranked[$0]] >= needed - log(Double($0 + 1)) }
    guard let last else { return [] }
    return ranked[...last].sorted()
  }
}
