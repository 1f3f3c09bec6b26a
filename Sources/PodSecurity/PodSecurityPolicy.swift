package import FleetModel

/// The rules of one version, looked up once.
struct PodSecurityPolicy: Sendable {
  struct Rule: Sendable {
    var control: String
    var level: PodSecurityLevel
    var concerns: PodTraits
    var revision: PodSecurityControl.Revision
    /// A baseline rule that a stricter one stands in for at `restricted`.
    var isOverridden: Bool
  }
  var rules: [Rule]

  static let newestMinor = PodSecurityControl.all.flatMap(\.revisedIn).max() ?? 0

  private static let byMinor: [PodSecurityPolicy] = (0...newestMinor).map(PodSecurityPolicy.init(minor:))

  static func of(_ version: PodSecurityVersion) -> PodSecurityPolicy {
    switch version {
    case .latest: byMinor[newestMinor]
    case .minor(let minor): byMinor[min(max(minor, 0), newestMinor)]
    }
  }

  private init(minor: Int) {
    let present = PodSecurityControl.all.filter { $0.revision(inMinor: minor) != nil }
    let overridden = present.compactMap(\.overrides)
    rules = present.compactMap { control in
      guard let revision = control.revision(inMinor: minor) else { return nil }
      return Rule(
        control: control.id, level: control.level, concerns: control.concerns, revision: revision,
        isOverridden: overridden.contains(control.id))
    }
  }
}

extension PodSecurityPolicy {
  /// The violations of those rules that a filter lets through.
  @inline(__always)
  func violations(
    of pod: PodSpec, annotations: [String: String], where isAsked: (Rule) -> Bool
  ) -> [Violation] {
    var result: [Violation] = []
    let judged = JudgedPod(pod, annotations: annotations)
    let traits = PodTraits(of: judged)
    for rule in rules where !rule.concerns.isDisjoint(with: traits) && isAsked(rule) {
      guard let offence = rule.revision.check(judged) else { continue }
      result.append(Violation(control: rule.control, level: rule.level, offence: offence))
    }
    return result
  }
}

/// Every control of baseline and of restricted that a pod fails, baseline first, each sorted by id.
///
/// A pod that fails a baseline control may fail its stricter sister as well (`hostPathVolumes` and
/// `restrictedVolumes`); both are told. Values count as they are written: a host port that the API server would fill
/// in for a pod on the host's network is not counted on top.
package func violations(
  of pod: PodSpec, annotations: [String: String], version: PodSecurityVersion = .latest
) -> [Violation] {
  PodSecurityPolicy.of(version).violations(of: pod, annotations: annotations) { _ in true }
}

/// Exactly the violations for which the admission controller refuses a pod in a namespace at a level: none at
/// `privileged`; at `restricted` without the baseline controls that a stricter one overrides.
package func violations(
  of pod: PodSpec, annotations: [String: String], refusedAt level: PodSecurityLevel,
  version: PodSecurityVersion = .latest
) -> [Violation] {
  guard level > .privileged else { return [] }
  return PodSecurityPolicy.of(version).violations(of: pod, annotations: annotations) { rule in
    rule.level <= level && !(level == .restricted && rule.isOverridden)
  }
}
