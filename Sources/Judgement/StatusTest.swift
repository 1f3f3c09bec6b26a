import Foundation

/// Do the canary's answers fall into worse classes than the baseline's? 4xx, 5xx and no answer at all have each the
/// one-sided test of the error rate, with its margin; E is the mean of the three. (A policy that refuses with 403 is
/// no error to an application's own counter, but is one here.) Beside it stands evidence that the mixtures differ at
/// all, which decides nothing: a canary may answer better.
package struct StatusTest: Codable, Sendable, Equatable {
  /// In this order everywhere; `none` is a request without an answer.
  package static let classes = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"]
  private static let bad = [3, 4, 5]

  package let margin: Double
  private var worse = bad.map { _ in LikelihoodGrid(.above) }
  private var mixture = TwoSampleTest(categories: classes.count)

  package init(margin: Double = 1.5) { self.margin = margin }

  /// Answers of each class since the look before. False, with nothing changed, where these cannot be counts.
  package mutating func add(baseline: [Int], canary: [Int]) -> Bool {
    guard let (requests, others) = Self.totals(baseline, canary), mixture.add(baseline: baseline, canary: canary)
    else { return false }
    for (index, bad) in Self.bad.enumerated() {
      let look = Look(
        baseline: ArmCount(requests: requests, errors: baseline[bad]),
        canary: ArmCount(requests: others, errors: canary[bad]))
      guard let share = look.nullShare(margin: margin) else { continue }
      worse[index].add(
        Double(canary[bad]), of: Double(canary[bad]) + Double(baseline[bad]), nullProbability: share)
    }
    return true
  }

  private static func totals(_ baseline: [Int], _ canary: [Int]) -> (Int, Int)? {
    func sum(_ counts: [Int]) -> Int? {
      guard counts.count == classes.count, counts.allSatisfy({ $0 >= 0 && $0 <= ArmCount.greatest / 8 }) else {
        return nil
      }
      return counts.reduce(0, +)
    }
    guard let first = sum(baseline), let second = sum(canary) else { return nil }
    return (first, second)
  }

  /// ln E against "in no bad class is the canary's share more than margin times the baseline's".
  package var logE: Double { WaveEvidence.mean(worse.map(\.logE)) }
  /// ln E against "both arms answer with the same mixture of classes".
  package var logEDifferent: Double { mixture.logE }
  package var baseline: [Int] { mixture.baseline.map { Int($0) } }
  package var canary: [Int] { mixture.canary.map { Int($0) } }

  /// The bad class with the most evidence.
  package var worst: String {
    let index = worse.indices.max { worse[$0].logE < worse[$1].logE } ?? 0
    return Self.classes[Self.bad[index]]
  }
}
