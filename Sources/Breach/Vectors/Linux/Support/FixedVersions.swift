import FleetModel

/// In which releases of a program a flaw is fixed: the first release of the main line that has the fix, and the first
/// one of each maintained branch (same first two numbers) to which it was carried back.
struct FixedVersions: Sendable {
  /// The first release that has the flaw; nil means all from the beginning.
  var introduced: Version?
  /// The first release of the main line with the fix.
  var fixed: Version
  var branches: [Version]

  enum Verdict: Equatable {
    case fixed
    /// Older than the flaw.
    case predates
    /// In the range and without anything that speaks of a distributor's own patches.
    case affected
    /// In the range, but built by a distributor, who may have carried the fix back under the old number.
    case mayCarryFix
  }

  init(introduced: String? = nil, fixed: String, branches: [String] = []) {
    self.introduced = introduced.flatMap(Version.init)
    guard let version = Version(fixed) else { preconditionFailure("\(fixed) is no version") }
    self.fixed = version
    self.branches = branches.compactMap(Version.init)
  }

  func verdict(_ version: Version) -> Verdict {
    if version >= fixed { return .fixed }
    if let introduced, version < introduced { return .predates }
    if let branch = branches.first(where: { $0.isSameBranch(as: version) }), version >= branch { return .fixed }
    return version.isVendorBuild ? .mayCarryFix : .affected
  }

  /// Where to go to: every release that has the fix, newest first.
  var releases: String { ([fixed] + branches).map(\.description).joined(separator: ", ") }
}

extension Version {
  /// The same first two numbers, such as 5.15.
  func isSameBranch(as other: Version) -> Bool {
    numbers.count >= 2 && other.numbers.count >= 2 && numbers[0] == other.numbers[0] && numbers[1] == other.numbers[1]
  }

  /// True when something follows the numbers that is no pre-release mark: `-91-generic`, `.el9`, `+ds1`, `-gke.100`.
  /// Upstream names its releases by numbers alone.
  var isVendorBuild: Bool {
    guard preRelease == nil else { return false }
    let body = description.utf8.first == UInt8(ascii: "v") ? description.utf8.dropFirst() : description.utf8[...]
    return !body.allSatisfy { $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}
