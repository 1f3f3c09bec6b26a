import FleetModel

/// Every workload's namespace, labels and named ports as numbers: read once, so that classes can be formed anew in
/// milliseconds whenever a policy begins to look at another label.
struct PodTable: Sendable {
  private(set) var namespaceNames: [String] = []
  private(set) var namespaceLabels: [[String: String]] = []
  private(set) var namespaceIDs: [String: UInt32] = [:]

  /// Per pod: its namespace, and where its labels begin in `atoms`.
  private(set) var namespaceOfPod: [UInt32] = []
  private(set) var firstAtom: [Int32] = [0]
  /// Labels as numbers: one for each different pair of key and value.
  private(set) var atoms: [UInt32] = []
  private(set) var keyOfAtom: [UInt32] = []
  private(set) var namedPorts: [[NamedPort]] = []
  private(set) var usesHostNetwork: [Bool] = []
  private var keyIDs: [String: UInt32] = [:]
  private var atomIDs: [[String: UInt32]] = []

  init(_ fleet: Fleet) {
    let names = Set(fleet.workloads.lazy.map(\.id.namespace)).union(fleet.namespaces.map(\.name))
    namespaceNames = names.sorted()
    namespaceIDs = Dictionary(uniqueKeysWithValues: namespaceNames.enumerated().map { ($1, UInt32($0)) })
    let written = Dictionary(fleet.namespaces.map { ($0.name, $0.labels) }) { first, _ in first }
    namespaceLabels = namespaceNames.map { name in
      var labels = written[name] ?? [:]
      labels["kubernetes.io/metadata.name"] = name
      return labels
    }
    namespaceOfPod.reserveCapacity(fleet.workloads.count)
    firstAtom.reserveCapacity(fleet.workloads.count + 1)
    for workload in fleet.workloads { add(workload) }
  }

  var count: Int { namespaceOfPod.count }

  private mutating func add(_ workload: Workload) {
    namespaceOfPod.append(namespaceIDs[workload.id.namespace] ?? 0)
    let first = atoms.count
    for (key, value) in workload.podLabels { atoms.append(intern(key, value)) }
    atoms[first...].sort()
    firstAtom.append(Int32(atoms.count))
    namedPorts.append(workload.namedPorts)
    usesHostNetwork.append(workload.pod.hostNetwork)
  }

  private mutating func intern(_ key: String, _ value: String) -> UInt32 {
    let keyID: UInt32
    if let known = keyIDs[key] {
      keyID = known
    } else {
      keyID = UInt32(atomIDs.count)
      keyIDs[key] = keyID
      atomIDs.append([:])
    }
    if let known = atomIDs[Int(keyID)][value] { return known }
    let atom = UInt32(keyOfAtom.count)
    atomIDs[Int(keyID)][value] = atom
    keyOfAtom.append(keyID)
    return atom
  }

  func keyID(_ key: String) -> UInt32? { keyIDs[key] }
  func atom(_ keyID: UInt32, _ value: String) -> UInt32? { atomIDs[Int(keyID)][value] }
  var keyCount: Int { atomIDs.count }
}

/// What of the pods any rule looks at.
struct Attention: Sendable, Equatable {
  /// By key: rules look at whether it is there.
  private(set) var keys: [Bool]
  /// By atom: rules name this very value.
  private(set) var atoms: [Bool]
  private(set) var portNames: Set<String> = []

  init(_ table: PodTable) {
    keys = [Bool](repeating: false, count: table.keyCount)
    atoms = [Bool](repeating: false, count: table.keyOfAtom.count)
  }

  mutating func look(at selector: LabelSelector?, in table: PodTable) {
    for requirement in selector?.requirements ?? [] {
      guard let key = table.keyID(requirement.key) else { continue }
      keys[Int(key)] = true
      for value in requirement.values {
        if let atom = table.atom(key, value) { atoms[Int(atom)] = true }
      }
    }
  }

  mutating func look(at ports: PortSpecification) { for name in ports.named { portNames.insert(name.name) } }

  /// What either looks at.
  func union(_ other: Attention) -> Attention {
    var result = self
    for index in keys.indices where other.keys[index] { result.keys[index] = true }
    for index in atoms.indices where other.atoms[index] { result.atoms[index] = true }
    result.portNames.formUnion(other.portNames)
    return result
  }

  /// Whether classes formed under `other` tell apart everything that has to be told apart here.
  func isWithin(_ other: Attention) -> Bool {
    zip(keys, other.keys).allSatisfy { !$0 || $1 } && zip(atoms, other.atoms).allSatisfy { !$0 || $1 }
      && portNames.isSubset(of: other.portNames)
  }
}
