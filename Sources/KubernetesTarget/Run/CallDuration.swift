import Trials

/// How long calls took, added up since a proxy began.
package struct CallDuration: Sendable, Equatable {
  package var calls = 0.0
  package var milliseconds = 0.0

  package init(calls: Double = 0, milliseconds: Double = 0) { (self.calls, self.milliseconds) = (calls, milliseconds) }

  var mean: Double? { calls > 0 ? milliseconds / calls : nil }

  static func + (left: Self, right: Self) -> Self {
    Self(calls: left.calls + right.calls, milliseconds: left.milliseconds + right.milliseconds)
  }

  /// By pod: what was added since an earlier reading. A pod that began anew has counted from nothing.
  static func since(_ before: [String: CallDuration], _ now: [String: CallDuration]) -> CallDuration {
    now.reduce(CallDuration()) { sum, entry in
      let then = before[entry.key] ?? CallDuration()
      let isSame = entry.value.calls >= then.calls && entry.value.milliseconds >= then.milliseconds
      guard isSame else { return sum + entry.value }
      return sum
        + CallDuration(
          calls: entry.value.calls - then.calls, milliseconds: entry.value.milliseconds - then.milliseconds)
    }
  }

  /// Whether calls took longer by what was added to them: half of it at least on average, since some were under way
  /// before the proxies had heard of it.
  static func evidence(
    before: [String: CallDuration], after: [String: CallDuration], milliseconds: Int
  ) -> FaultEvidence {
    let usual = before.values.reduce(CallDuration(), +).mean ?? 0
    let during = since(before, after)
    guard let mean = during.mean else {
      return FaultEvidence(verified: false, text: "no proxy of the caller has seen a call meanwhile")
    }
    func text(_ value: Double) -> String { "\(Int(min(value, 1e9).rounded())) ms" }
    return FaultEvidence(
      verified: mean >= usual + Double(milliseconds) / 2,
      text: "\(Int(min(during.calls, 1e15))) calls took \(text(mean)) on average, \(text(usual)) before")
  }
}
