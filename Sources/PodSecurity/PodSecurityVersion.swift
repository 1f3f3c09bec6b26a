package import Diagnostics

/// A version of the standards: the minor of the Kubernetes release whose rules are meant, or the newest.
package enum PodSecurityVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// `v1.N`; later than `newest` means the rules of `newest`, as in the admission controller.
  case minor(Int)
  /// Newer than every minor.
  case latest

  /// The last version in which any rule changed.
  package static let newest = PodSecurityVersion.minor(PodSecurityPolicy.newestMinor)

  /// Reads `latest` or `v1.N` without leading zeros, as namespace labels write it; nil for anything else.
  package init?(_ text: String) {
    if text == "latest" {
      self = .latest
      return
    }
    let digits = text.utf8.dropFirst(3)
    guard text.hasPrefix("v1."), !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }),
      digits.count == 1 || digits.first != 0x30, let number = Int(Substring(digits))
    else { return nil }
    self = .minor(number)
  }

  /// - Throws: `BulkheadError(.usage)` when the text is no version.
  package static func parse(_ text: String) throws(BulkheadError) -> PodSecurityVersion {
    if let version = PodSecurityVersion(text) { return version }
    throw BulkheadError(
      .usage, "'\(text.safeForTerminal)' is no version of the Pod Security Standards",
      cure: "write latest, or a Kubernetes version such as v1.29")
  }

  package var description: String {
    switch self {
    case .minor(let number): "v1.\(number)"
    case .latest: "latest"
    }
  }
}
