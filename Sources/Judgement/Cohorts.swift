/// By what a person is known from request to request.
package enum CohortKey: Codable, Sendable, Equatable {
  /// A request header, by name.
  case header(String)
  /// A cookie, by name.
  case cookie(String)
  /// The caller's identity, such as a SPIFFE URI.
  case identity

  /// The key's value in a request; nil where it has none, and such a request belongs to the baseline.
  package func value(headers: [(name: String, value: String)], identity: String? = nil) -> String? {
    func header(_ name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
    let found: String?
    switch self {
    case .header(let name): found = header(name)
    case .cookie(let name):
      found = header("cookie")?.split(separator: ";").lazy
        .map { $0.drop(while: { $0 == " " }) }
        .first { $0.hasPrefix("\(name)=") }
        .map { String($0.dropFirst(name.count + 1)) }
    case .identity: found = identity
    }
    return found.flatMap { $0.isEmpty || $0.utf8.count > 4_096 ? nil : $0 }
  }
}

/// A group that joins the canary as a whole: named members, or a share of everyone.
package struct CohortGroup: Codable, Sendable, Equatable {
  package var name: String
  /// Values of the key that are in, whatever the share.
  package var members: [String]
  /// How many of everyone are in, in hundredths of a percent: 100 is 1 %.
  package var share: Int

  package init(name: String, members: [String] = [], share: Int) {
    self.name = name
    self.members = members
    self.share = share
  }
}

/// Who belongs to the canary. The answer depends on the key's value, the salt and the group alone, on every machine and
/// for ever; a later group holds everyone that the earlier ones held, so nobody ever goes back.
package struct Cohorts: Codable, Sendable, Equatable {
  package let key: CohortKey
  /// Another salt gives other people the first place in the queue: use the rollout's name.
  package let salt: String
  package let groups: [CohortGroup]

  /// Hundredths of a percent.
  package static let everyone = 10_000

  /// Small named groups first, then more.
  package static let usual = [
    CohortGroup(name: "one percent", share: 100), CohortGroup(name: "five percent", share: 500),
    CohortGroup(name: "a quarter", share: 2_500), CohortGroup(name: "half", share: 5_000),
    CohortGroup(name: "everyone", share: everyone),
  ]

  package init(key: CohortKey, salt: String, groups: [CohortGroup] = Cohorts.usual) {
    self.key = key
    self.salt = salt
    self.groups = groups
  }

  /// Why nobody can be assigned by this; nil when it makes sense.
  package var problem: String? {
    if groups.isEmpty { return "there is no group" }
    for (index, group) in groups.enumerated() {
      if !(0...Self.everyone).contains(group.share) {
        return "group '\(group.name)': the share must be between 0 and \(Self.everyone) hundredths of a percent"
      }
      if index > 0, group.share < groups[index - 1].share {
        return "group '\(group.name)' is smaller than '\(groups[index - 1].name)' before it: people would go back"
      }
      if groups[..<index].contains(where: { $0.name == group.name }) {
        return "two groups are called '\(group.name)'"
      }
    }
    return nil
  }

  /// The place of a value in 0..<10,000, the same for all groups.
  package func slot(of value: String) -> Int {
    Self.slot(of: Array(salt.utf8) + [0] + Array(value.utf8))
  }

  /// The first group that holds a value: its index; nil where none does.
  package func firstGroup(of value: String) -> Int? {
    let slot = slot(of: value)
    return groups.firstIndex { slot < $0.share || $0.members.contains(value) }
  }

  /// Where a value belongs while the groups up to `index` are in. A request without the key: baseline.
  package func arm(of value: String?, upTo index: Int) -> Arm {
    guard problem == nil, let value, let first = firstGroup(of: value) else { return .baseline }
    return first <= index ? .canary : .baseline
  }

  /// FNV-1a (64 bit) and a final mix (the one of MurmurHash3), since the low digits of plain FNV-1a are uneven for
  /// values that differ at their end only.
  static func slot(of bytes: [UInt8]) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
    hash ^= hash >> 33
    return Int(hash % UInt64(everyone))
  }
}
