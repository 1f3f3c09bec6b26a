import FleetModel

/// Finds what selectors mean; each different one is looked up once.
struct SelectorCache {
  private struct Key: Hashable {
    /// Nil means the namespace with the number `own`.
    var namespaces: LabelSelector?
    var own: UInt32
    var pods: LabelSelector
  }
  let table: PodTable
  let classes: PodClasses
  private var namespaceSets: [LabelSelector: IntervalSet<UInt32>] = [:]
  private var found: [Key: IntervalSet<UInt32>] = [:]
  /// By namespace and label value, for the commonest form: one namespace by its name, pods by one label.
  private var simple: [UInt64: IntervalSet<UInt32>] = [:]
  private var recentKey = RecentKey()
  private var recentNamespace = RecentKey()
  private var recentOwn = RecentKey()

  init(_ table: PodTable, _ classes: PodClasses) {
    self.table = table
    self.classes = classes
  }

  mutating func namespaces(_ selector: LabelSelector) -> IntervalSet<UInt32> {
    if let known = namespaceSets[selector] { return known }
    let result: IntervalSet<UInt32>
    if let names = Self.names(selector) {
      result = IntervalSet(ascending: Set(names.compactMap { table.namespaceIDs[$0] }).sorted())
    } else {
      result = IntervalSet(
        ascending: table.namespaceLabels.indices.filter { selector.matches(table.namespaceLabels[$0]) }
          .map { UInt32($0) })
    }
    namespaceSets[selector] = result
    return result
  }

  private mutating func code(_ namespaces: LabelSelector?, _ pods: LabelSelector, _ own: UInt32?) -> UInt64? {
    guard pods.requirements.count == 1, let only = pods.requirements.first, only.operation == .isIn,
      only.values.count == 1, let key = recentKey.find(only.key, table.keyID),
      let atom = table.atom(key, only.values[0])
    else { return nil }
    guard let namespaces else { return own.map { UInt64($0) << 32 | UInt64(atom) } }
    guard let names = Self.names(namespaces), names.count == 1,
      let id = recentNamespace.find(names[0], { table.namespaceIDs[$0] })
    else { return nil }
    return UInt64(id) << 32 | UInt64(atom)
  }

  /// The names meant by a selector that looks at the automatic label alone.
  private static func names(_ selector: LabelSelector) -> [String]? {
    guard selector.requirements.count == 1, let only = selector.requirements.first,
      only.key == "kubernetes.io/metadata.name", only.operation == .isIn
    else { return nil }
    return only.values
  }

  /// - Parameter namespaces: nil means the namespace named `own`.
  mutating func pods(
    namespaces: LabelSelector?, pods: LabelSelector, own: String
  ) -> IntervalSet<UInt32> {
    let ownID = recentOwn.find(own) { table.namespaceIDs[$0] }
    if let code = code(namespaces, pods, ownID) {
      if let known = simple[code] { return known }
      let namespace = UInt32(code >> 32)
      let result = classes.matching(pods, in: IntervalSet(namespace, namespace), table)
      simple[code] = result
      return result
    }
    let key = Key(namespaces: namespaces, own: namespaces == nil ? ownID ?? .max : 0, pods: pods)
    if let known = found[key] { return known }
    let scope: IntervalSet<UInt32>
    if let namespaces {
      scope = self.namespaces(namespaces)
    } else {
      scope = ownID.map { IntervalSet($0, $0) } ?? IntervalSet()
    }
    let result = classes.matching(pods, in: scope, table)
    found[key] = result
    return result
  }
}
