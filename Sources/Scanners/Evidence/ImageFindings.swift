import Diagnostics
import FleetModel

/// The findings about one image: one for each class of severity, with the worst few flaws named.
struct ImageFindings {
  private static let shown = 5
  let all: [Finding]

  init(_ image: AttachedImage) {
    let active = image.vulnerabilities.filter { $0.suppressedBy == nil }
    let classes = Dictionary(grouping: active, by: \.code)
    all = VulnerabilityCode.allCases.compactMap { code in
      classes[code].map { Self.finding(code, $0, image) }
    }
  }

  private static func finding(_ code: VulnerabilityCode, _ flaws: [Vulnerability], _ image: AttachedImage) -> Finding {
    // What can be fixed comes first, then by severity; ids make the order certain.
    let sorted = flaws.sorted {
      ($0.fixed == nil ? 1 : 0, $1.severity, $0.id, $0.package) < (
        $1.fixed == nil ? 1 : 0, $0.severity, $1.id, $1.package
      )
    }
    let ids = Set(flaws.map(\.id)).count
    let packages = Set(flaws.map(\.package)).count
    let list = EvidenceSet.few(sorted.map(described), shown)
    let suppressed = image.vulnerabilities.count { $0.suppressedBy != nil && $0.code == code }
    var message = "\(image.reference) has \(ids) \(word(code)) in \(packages) package(s): \(list)"
    if suppressed > 0 { message += "; \(suppressed) more do not count, as VEX statements say" }
    if image.places.count > 1 {
      message += "; it runs in \(EvidenceSet.few(image.places.map { "\($0.workload)" }, 3))"
    }
    return code.finding(
      message: message, resource: image.places.first.map { $0.workload.description } ?? "", fix: fix(sorted),
      location: image.places.first?.location)
  }

  private static func word(_ code: VulnerabilityCode) -> String {
    switch code {
    case .knownExploited: "known-exploited flaw(s)"
    case .critical: "critical flaw(s)"
    case .high: "flaw(s) of high severity"
    case .medium: "flaw(s) of medium severity"
    case .low: "flaw(s) of low severity"
    default: "unrated flaw(s)"
    }
  }

  private static func described(_ flaw: Vulnerability) -> String {
    let fixed = flaw.fixed.map { ", fixed in \($0.prefix(80))" } ?? ""
    return "\(flaw.id.prefix(60)) (\(flaw.package.prefix(80)) \(flaw.installed.prefix(60))\(fixed))"
  }

  private static func fix(_ flaws: [Vulnerability]) -> String {
    var seen: Set<String> = []
    let upgrades = flaws.compactMap { flaw in
      flaw.fixed.map { "\(flaw.package.prefix(80)) to \($0.prefix(80))" }
    }.filter { seen.insert($0).inserted }
    guard !upgrades.isEmpty else {
      return "no fixed version is known: take another base image, or leave the package out"
    }
    return "build the image anew with \(EvidenceSet.few(upgrades, shown))"
  }
}
