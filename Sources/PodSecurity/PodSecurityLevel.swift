/// The three policies of the Pod Security Standards, from the loosest to the strictest.
package enum PodSecurityLevel: String, Sendable, Codable, CaseIterable, Comparable {
  case privileged, baseline, restricted

  private var rank: Int {
    switch self {
    case .privileged: 0
    case .baseline: 1
    case .restricted: 2
    }
  }

  package static func < (left: PodSecurityLevel, right: PodSecurityLevel) -> Bool { left.rank < right.rank }
}
