import FleetModel

/// A number of a class of pods, from 0; classes of one namespace follow each other.
package typealias ClassID = Int

/// Pods that no rule can tell apart: same namespace, same values of all labels that any selector looks at, same numbers
/// behind all port names that any rule uses.
package struct PodClass: Sendable {
  package var namespace: String
  /// Indexes into `Fleet.workloads`, ascending.
  package var members: [Int]
  /// On the node's network and, by option, beyond the reach of policies.
  package var isExempt: Bool
  var namespaceID: UInt32
  var signature: [UInt32]
  var namedPorts: [NamedPort]
}

struct PodClasses: Sendable {
  private(set) var classes: [PodClass] = []
  private(set) var classOfPod: [UInt32] = []
  /// By namespace: its first class, and one past the last.
  private(set) var rangeOfNamespace: [Range<Int>] = []
  private(set) var exempt = IntervalSet<UInt32>()
  /// By atom and by key: the classes whose pods have it, ascending.
  private var classesOfAtom: [UInt32: [UInt32]] = [:]
  private var classesOfKey: [UInt32: [UInt32]] = [:]
  /// Values that no rule names are all one, by key: its number above all atoms.
  private let firstOther: UInt32

  private struct Signature: Hashable {
    var namespace: UInt32
    var isExempt: Bool
    var labels: [UInt32]
    var ports: [NamedPort]
  }

  init(_ table: PodTable, _ attention: Attention, exemptHostNetwork: Bool) {
    firstOther = UInt32(table.keyOfAtom.count)
    var found: [Signature: Int] = [:]
    var members: [[Int]] = []
    var signatures: [Signature] = []
    var provisional: [Int] = []
    provisional.reserveCapacity(table.count)
    for pod in 0..<table.count {
      let signature = Self.signature(of: pod, table, attention, firstOther, exemptHostNetwork)
      if let known = found[signature] {
        members[known].append(pod)
        provisional.append(known)
      } else {
        found[signature] = members.count
        provisional.append(members.count)
        members.append([pod])
        signatures.append(signature)
      }
    }
    let order = members.indices.sorted { (signatures[$0].namespace, $0) < (signatures[$1].namespace, $1) }
    var rank = [UInt32](repeating: 0, count: order.count)
    for (position, index) in order.enumerated() { rank[index] = UInt32(position) }
    classOfPod = provisional.map { rank[$0] }
    classes = order.map { Self.podClass(signatures[$0], members[$0], table) }
    finish(table)
  }

  /// The same pods told apart by more than before: each class becomes one or several that follow each other in its
  /// place.
  ///
  /// - Parameter old: what these classes were formed under; `new` contains it.
  func refined(_ table: PodTable, from old: Attention, to new: Attention, exemptHostNetwork: Bool) -> PodClasses {
    var result = self
    var parts: [[[Int]]] = []
    parts.reserveCapacity(classes.count)
    let addedPorts = new.portNames.subtracting(old.portNames)
    for entry in classes {
      var found: [Difference: Int] = [:]
      var members: [[Int]] = []
      for pod in entry.members {
        var atoms: [UInt32] = []
        if !entry.isExempt {
          for atom in table.atoms[Int(table.firstAtom[pod])..<Int(table.firstAtom[pod + 1])] {
            let key = Int(table.keyOfAtom[Int(atom)])
            if new.atoms[Int(atom)] {
              if !old.atoms[Int(atom)] { atoms.append(atom) }
            } else if new.keys[key], !old.keys[key] {
              atoms.append(firstOther + UInt32(key))
            }
          }
        }
        let ports = addedPorts.isEmpty ? [] : table.namedPorts[pod].filter { addedPorts.contains($0.name) }.sorted()
        let difference = Difference(atoms: atoms, ports: ports)
        if let known = found[difference] {
          members[known].append(pod)
        } else {
          found[difference] = members.count
          members.append([pod])
        }
      }
      parts.append(members)
    }
    result.classes = []
    result.rangeOfNamespace = []
    result.classesOfAtom = [:]
    result.classesOfKey = [:]
    for members in parts.joined() {
      for pod in members { result.classOfPod[pod] = UInt32(result.classes.count) }
      let signature = Self.signature(of: members[0], table, new, firstOther, exemptHostNetwork)
      result.classes.append(Self.podClass(signature, members, table))
    }
    result.finish(table)
    return result
  }

  private struct Difference: Hashable {
    var atoms: [UInt32]
    var ports: [NamedPort]
  }

  private static func podClass(_ signature: Signature, _ members: [Int], _ table: PodTable) -> PodClass {
    PodClass(
      namespace: table.namespaceNames[Int(signature.namespace)], members: members, isExempt: signature.isExempt,
      namespaceID: signature.namespace, signature: signature.labels, namedPorts: signature.ports)
  }

  private mutating func finish(_ table: PodTable) {
    exempt = IntervalSet(ascending: classes.indices.filter { classes[$0].isExempt }.map { UInt32($0) })
    index(table)
  }

  private static func signature(
    of pod: Int, _ table: PodTable, _ attention: Attention, _ firstOther: UInt32, _ exemptHostNetwork: Bool
  ) -> Signature {
    let isExempt = exemptHostNetwork && table.usesHostNetwork[pod]
    var labels: [UInt32] = []
    // Selectors pass an exempt pod by, so its labels tell nothing.
    if !isExempt {
      for atom in table.atoms[Int(table.firstAtom[pod])..<Int(table.firstAtom[pod + 1])] {
        let key = table.keyOfAtom[Int(atom)]
        if attention.atoms[Int(atom)] {
          labels.append(atom)
        } else if attention.keys[Int(key)] {
          labels.append(firstOther + key)
        }
      }
      labels.sort()
    }
    let ports =
      attention.portNames.isEmpty ? [] : table.namedPorts[pod].filter { attention.portNames.contains($0.name) }
    return Signature(
      namespace: table.namespaceOfPod[pod], isExempt: isExempt, labels: labels, ports: ports.sorted())
  }

  private mutating func index(_ table: PodTable) {
    var position = 0
    for namespace in table.namespaceNames.indices {
      let start = position
      while position < classes.count, classes[position].namespaceID == UInt32(namespace) { position += 1 }
      rangeOfNamespace.append(start..<position)
    }
    for (number, entry) in classes.enumerated() {
      for atom in entry.signature {
        classesOfAtom[atom, default: []].append(UInt32(number))
        let key = atom < firstOther ? table.keyOfAtom[Int(atom)] : atom - firstOther
        classesOfKey[key, default: []].append(UInt32(number))
      }
    }
  }

  var everything: IntervalSet<UInt32> {
    classes.isEmpty ? IntervalSet() : IntervalSet(0, UInt32(classes.count - 1))
  }

  /// The classes of these namespaces that a pod selector matches; exempt pods are never selected.
  func matching(
    _ selector: LabelSelector, in namespaces: IntervalSet<UInt32>, _ table: PodTable
  ) -> IntervalSet<UInt32> {
    var tests: [Test] = []
    var candidates: [UInt32]?
    for requirement in selector.requirements {
      guard let key = table.keyID(requirement.key) else {
        // No pod has the key.
        if requirement.operation == .isIn || requirement.operation == .exists { return IntervalSet() }
        continue
      }
      let values = requirement.values.compactMap { table.atom(key, $0) }
      tests.append(Test(key: key, values: values, operation: requirement.operation))
      let positive: [UInt32]? =
        switch requirement.operation {
        case .isIn:
          values.count == 1 ? classesOfAtom[values[0]] ?? [] : values.flatMap { classesOfAtom[$0] ?? [] }.sorted()
        case .exists: classesOfKey[key] ?? []
        case .notIn, .absent: nil
        }
      if let positive, positive.count < candidates?.count ?? Int.max { candidates = positive }
    }
    let result: IntervalSet<UInt32>
    if let candidates {
      result = IntervalSet(
        ascending: candidates.lazy.filter { number in
          let entry = self.classes[Int(number)]
          return namespaces.contains(entry.namespaceID) && tests.allSatisfy { self.passes(entry, $0, table) }
        })
    } else {
      result = scan(tests, in: namespaces, table)
    }
    return result.subtracting(exempt)
  }

  private struct Test {
    var key: UInt32
    var values: [UInt32]
    var operation: LabelSelector.Operation
  }

  private func scan(_ tests: [Test], in namespaces: IntervalSet<UInt32>, _ table: PodTable) -> IntervalSet<UInt32> {
    var parts: [IntervalSet<UInt32>.Interval] = []
    for interval in namespaces.intervals {
      let first = rangeOfNamespace[Int(interval.low)].lowerBound
      let end = rangeOfNamespace[Int(interval.high)].upperBound
      if tests.isEmpty {
        if first < end { parts.append(.init(UInt32(first), UInt32(end - 1))) }
      } else {
        for number in first..<end where tests.allSatisfy({ passes(classes[number], $0, table) }) {
          parts.append(.init(UInt32(number), UInt32(number)))
        }
      }
    }
    return IntervalSet(normalising: parts)
  }

  private func passes(_ entry: PodClass, _ test: Test, _ table: PodTable) -> Bool {
    let own = entry.signature.first {
      ($0 < firstOther ? table.keyOfAtom[Int($0)] : $0 - firstOther) == test.key
    }
    return switch test.operation {
    case .isIn: own.map(test.values.contains) ?? false
    case .notIn: own.map { !test.values.contains($0) } ?? true
    case .exists: own != nil
    case .absent: own == nil
    }
  }
}
