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
    // By index: a loop over the elements would copy each workload whole.
    let workloads = fleet.workloads
    var names = Set(fleet.namespaces.map(\.name))
    var last: String?
    for index in workloads.indices where workloads[index].id.namespace != last {
      names.insert(workloads[index].id.namespace)
      last = workloads[index].id.namespace
    }
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
    var keys = RecentKey()
    for index in workloads.indices { add(workloads, index, &keys) }
  }

  var count: Int { namespaceOfPod.count }

  private mutating func add(_ workloads: [Workload], _ index: Int, _ recent: inout RecentKey) {
    if workloads[index].id.namespace != recent.text {
      recent = RecentKey(text: workloads[index].id.namespace, id: namespaceIDs[workloads[index].id.namespace])
    }
    namespaceOfPod.append(recent.id ?? 0)
    let first = atoms.count
    for (key, value) in workloads[index].podLabels { atoms.append(intern(key, value)) }
    atoms[first...].sort()
    firstAtom.append(Int32(atoms.count))
    namedPorts.append(workloads[index].pod.namedPorts)
    usesHostNetwork.append(workloads[index].pod.hostNetwork)
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

/// The text looked up last and what was found: the next one is mostly the same, and comparing is cheaper than hashing.
struct RecentKey: Sendable, Equatable {
  var text: String?
  var id: UInt32?

  mutating func find(_ other: String, _ search: (String) -> UInt32?) -> UInt32? {
    if text != other {
      text = other
      id = search(other)
    }
    return id
  }
}

/// What of the pods any rule looks at.
struct Attention: Sendable, Equatable {
  /// By key: rules look at whether it is there.
  private(set) var keys: [Bool]
  /// By atom: rules name this very value.
  private(set) var atoms: [Bool]
  private(set) var portNames: Set<String> = []
  private var recent = RecentKey()

  init(_ table: PodTable) {
    keys = [Bool](repeating: false, count: table.keyCount)
    atoms = [Bool](repeating: false, count: table.keyOfAtom.count)
  }

  mutating func look(at selector: LabelSelector?, in table: PodTable) {
    for requirement in selector?.requirements ?? [] {
      guard let key = recent.find(requirement.key, table.keyID) else { continue }
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
