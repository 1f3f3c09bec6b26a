package import Diagnostics

/// A node and what is known of it. Nil means not known, which is never the same as safe.
package struct Node: Sendable, Equatable {
  package var name: String
  package var location: SourceLocation
  package var labels: [String: String] = [:]
  package var facts = NodeFacts()

  package init(name: String, location: SourceLocation) {
    self.name = name
    self.location = location
  }
}

/// The half of a vector's precondition that no manifest tells: from `status.nodeInfo` of a Node, or from flags.
package struct NodeFacts: Sendable, Equatable, Codable {
  package var kernel: Version?
  package var kubelet: Version?
  /// As the node tells it, such as `Ubuntu 22.04.3 LTS`.
  package var osImage: String?
  /// `containerd`, `cri-o`, `docker`.
  package var runtime: String?
  package var runtimeVersion: Version?
  package var runcVersion: Version?
  /// 1 or 2.
  package var cgroupVersion: Int?
  /// Security modules that are on, such as `apparmor`, `selinux`; empty means that there is none.
  package var securityModules: [String]?
  /// `kernel.unprivileged_userns_clone` and its like: may an unprivileged process make user namespaces?
  package var unprivilegedUserNamespaces: Bool?
  /// `kernel.unprivileged_bpf_disabled` is 0.
  package var unprivilegedBPF: Bool?
  /// `vm.unprivileged_userfaultfd` is 1.
  package var unprivilegedUserfaultfd: Bool?
  /// `net.ipv4.conf.all.route_localnet` is 1.
  package var routeLocalnet: Bool?
  /// The node runs on a cloud whose metadata service hands out credentials.
  package var metadataService: Bool?

  package init() {}
}

/// A dotted version; what follows a `-`, `+` or another letter is kept as text and does not take part in comparisons,
/// except that a pre-release (`-rc.1`, `-beta`) comes before its release.
package struct Version: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package var numbers: [Int]
  package var preRelease: String?
  package var description: String

  /// Nil when the text does not begin with a number (after a `v`).
  package init?(_ text: String) {
    let body = text.hasPrefix("v") ? text.dropFirst() : text[...]
    let head = body.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let parts = head.split(separator: ".").map { Int($0) }
    let numbers = parts.compactMap(\.self)
    guard !numbers.isEmpty, numbers.count == parts.count else { return nil }
    self.numbers = numbers
    description = text
    let rest = body.dropFirst(head.count).drop { $0 == "-" || $0 == "~" }
    let isPreRelease = ["rc", "alpha", "beta", "pre"].contains { rest.lowercased().hasPrefix($0) }
    preRelease = isPreRelease ? String(rest) : nil
  }

  package static func < (left: Version, right: Version) -> Bool {
    for index in 0..<max(left.numbers.count, right.numbers.count) {
      let (a, b) = (left.part(index), right.part(index))
      if a != b { return a < b }
    }
    switch (left.preRelease, right.preRelease) {
    case (nil, _): return false
    case (.some, nil): return true
    case (.some(let a), .some(let b)): return (a.count, a) < (b.count, b)
    }
  }

  package static func == (left: Version, right: Version) -> Bool { !(left < right) && !(right < left) }

  package func hash(into hasher: inout Hasher) {
    var significant = numbers
    while significant.last == 0 { significant.removeLast() }
    hasher.combine(significant)
    hasher.combine(preRelease)
  }

  private func part(_ index: Int) -> Int { index < numbers.count ? numbers[index] : 0 }
}
