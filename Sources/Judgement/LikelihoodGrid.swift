import Foundation

/// Evidence against "an event is of the first kind with probability at most (or at least) q": a mixture of
/// likelihood ratios over a fixed grid of alternatives.
///
/// Alternative j multiplies the odds of q by exp(tilt j). For every request the expected factor is at most 1 under
/// the null, q may be another one at every look, and so every component, and with it their weighted mean, is a
/// supermartingale. The state is one logarithm for each of the eight alternatives, held in place: 65 bytes.
package struct LikelihoodGrid: Sendable {
  /// `above`: the null says at most q. `below`: the null says at least q.
  package enum Side: Int, Codable, Sendable { case above = 1, below = -1 }

  private(set) var logLikelihoods: InlineArray<8, Double>
  package let side: Side

  package init(_ side: Side) {
    self.side = side
    logLikelihoods = InlineArray(repeating: 0)
  }

  /// The evidence E as a natural logarithm; 0 at the start.
  package var logE: Double {
    var largest = -Double.infinity
    for index in 0..<Self.size { largest = max(largest, Self.logWeights[index] + logLikelihoods[index]) }
    guard largest > -.infinity, largest < .infinity else { return largest }
    var sum = 0.0
    for index in 0..<Self.size { sum += exp(Self.logWeights[index] + logLikelihoods[index] - largest) }
    return largest + log(sum)
  }

  /// Takes in `count` events of the first kind among `total`, each with null probability `q`.
  mutating func add(_ count: Double, of total: Double, nullProbability q: Double) {
    for index in 0..<Self.size { logLikelihoods[index] += increment(index, count, total, q) }
  }

  /// As `add`, but the evidence may start at any look: `logStart` is ln of the weight that starts with this one
  /// (formula 8; with weight 1 at every look it is the Shiryaev–Roberts detector).
  mutating func add(_ count: Double, of total: Double, nullProbability q: Double, restartingWith logStart: Double) {
    for index in 0..<Self.size {
      logLikelihoods[index] = LogSpace.sum([logLikelihoods[index], logStart]) + increment(index, count, total, q)
    }
  }

  /// Forgets everything, as if no look could have started yet.
  mutating func clear() { logLikelihoods = InlineArray(repeating: -1e300) }

  private func increment(_ index: Int, _ count: Double, _ total: Double, _ q: Double) -> Double {
    switch side {
    case .above: count * Self.tilts[index] - total * log1p(q * Self.growths[index])
    case .below: -count * Self.tilts[index] - total * log1p(q * Self.declines[index])
    }
  }

  private static let size = 8

  /// Geometric from 0.15 (1.16 times) to 6 (400 times): at the moment of a decision the likelihood is wider than a
  /// step of this grid, whatever the effect.
  static let tilts: [Double] = (0..<size).map { 0.15 * pow(40, Double($0) / 7) }

  private static let growths = tilts.map { expm1($0) }
  private static let declines = tilts.map { expm1(-$0) }

  /// An exponential prior of mean 2 over the tilt, cut into the grid's cells.
  static let logWeights: [Double] = {
    let cuts = [0] + zip(tilts, tilts.dropFirst()).map { ($0 * $1).squareRoot() } + [Double.infinity]
    return zip(cuts, cuts.dropFirst()).map { log(exp(-$0 / 2) - exp(-$1 / 2)) }
  }()
}

extension LikelihoodGrid: Equatable {
  package static func == (left: LikelihoodGrid, right: LikelihoodGrid) -> Bool {
    left.side == right.side && left.values == right.values
  }

  private var values: [Double] { (0..<Self.size).map { logLikelihoods[$0] } }
}

extension LikelihoodGrid: Codable {
  private enum CodingKeys: String, CodingKey { case side, logLikelihoods }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(try container.decode(Side.self, forKey: .side))
    let values = try container.decode([Double].self, forKey: .logLikelihoods)
    guard values.count == Self.size else {
      throw DecodingError.dataCorruptedError(
        forKey: .logLikelihoods, in: container, debugDescription: "\(Self.size) numbers, not \(values.count)")
    }
    for (index, value) in values.enumerated() { logLikelihoods[index] = value }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(side, forKey: .side)
    try container.encode(values, forKey: .logLikelihoods)
  }
}
