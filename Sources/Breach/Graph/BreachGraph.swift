package import FleetModel

/// Who can be reached from whom once something has fallen: typed nodes, explained edges, in compressed rows.
///
/// The graph knows nothing of how its edges were found. An edge means: whoever holds `from` can take, enter or speak to
/// `to`. Node ids are positions in `nodes`; edge ids are positions in the arrays of edges, which are sorted by `from`.
package struct BreachGraph: Sendable {
  package let nodes: [BreachNode]
  /// The mitigations that remove edges, sorted.
  package let mitigations: [Mitigation]
  /// The nodes of the fleet's workloads, in the fleet's order.
  package let workloads: [Int32]
  /// The outside, where there is one.
  package let outside: Int32?

  let reasons: [BreachReason]
  /// Edges of node `n` are `offsets[n]..<offsets[n + 1]`.
  let offsets: [Int32]
  let targets: [Int32]
  let reasonOf: [Int32]
  let probabilities: [Double]
  /// Position in `mitigationSets`; set 0 is empty: nothing removes the edge.
  let setOf: [Int32]
  /// Each of a set's mitigations removes the edge by itself.
  let mitigationSets: [[Int32]]

  package var edgeCount: Int { targets.count }

  package func target(ofEdge edge: Int) -> Int32 { targets[edge] }
  package func reason(ofEdge edge: Int) -> BreachReason { reasons[Int(reasonOf[edge])] }
  package func probability(ofEdge edge: Int) -> Double { probabilities[edge] }
  package func edges(from node: Int32) -> Range<Int> { Int(offsets[Int(node)])..<Int(offsets[Int(node) + 1]) }
  package func mitigations(ofEdge edge: Int) -> [Mitigation] {
    mitigationSets[Int(setOf[edge])].map { mitigations[Int($0)] }
  }

  /// Which sets of mitigations are hit by some that are applied: an edge is there unless its set is.
  func blockedSets(applying applied: Set<Mitigation>) -> [Bool] {
    var isOn = [Bool](repeating: false, count: mitigations.count)
    for mitigation in applied { if let position = position(of: mitigation) { isOn[position] = true } }
    return blockedSets(isOn)
  }

  /// - Parameter isOn: by position in `mitigations`.
  func blockedSets(_ isOn: [Bool]) -> [Bool] { mitigationSets.map { set in set.contains { isOn[Int($0)] } } }

  /// Nil for a mitigation that removes nothing.
  func position(of mitigation: Mitigation) -> Int? {
    var low = 0
    var high = mitigations.count
    while low < high {
      let middle = (low + high) / 2
      if mitigations[middle] < mitigation { low = middle + 1 } else { high = middle }
    }
    return low < mitigations.count && mitigations[low] == mitigation ? low : nil
  }
}

package struct BreachNode: Sendable, Equatable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    case outside, service, pod, container, node, serviceAccount, identity, volume, secret, controlPlane, jewel
    /// Stands for many edges at once; never shown as a step.
    case hub
  }
  package var kind: Kind
  package var id: ObjectReference
  /// What lies inside it, such as a container's name.
  package var part: String?
  /// How many pods it stands for; 0 for everything that is no pod.
  package var pods: Int
  /// What an attacker gains by reaching it, in units of one ordinary pod.
  package var value: Double
  /// The chance that it falls once it is attacked: for workloads, from evidence about their images.
  package var chance: Double

  package init(
    _ kind: Kind, _ id: ObjectReference, part: String? = nil, pods: Int = 0, value: Double = 0, chance: Double = 0
  ) {
    self.kind = kind
    self.id = id
    self.part = part
    self.pods = pods
    self.value = value
    self.chance = chance
  }

  /// As documents name it: `namespace/name[Kind]`, with the container after a colon; `outside`; `control plane`.
  package var label: String {
    switch kind {
    case .outside: "outside"
    case .controlPlane: "control plane"
    case .node where id.name.isEmpty: "any node"
    default: id.description + (part.map { ":" + $0 } ?? "")
    }
  }
}

/// Why an edge is there.
package struct BreachReason: Sendable, Hashable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    case breakout, network, call, api, token, identity, volume, sameNode, member, entry, holds
  }
  package var kind: Kind
  /// The vector, such as `L17`; empty where no vector is involved.
  package var code: String
  /// One sentence part for people, without a full stop.
  package var message: String

  package init(_ kind: Kind, _ code: String = "", _ message: String) {
    self.kind = kind
    self.code = code
    self.message = message
  }
}

/// A change that removes edges: a rollout step of one workload, the fix of one vector in it, or a right taken away.
package struct Mitigation: Sendable, Hashable, Comparable, CustomStringConvertible {
  package enum Action: Sendable, Hashable {
    /// The pod's security context as Pod Security "restricted" wants it.
    case harden
    /// Mutual TLS alone, and only the callers that are known.
    case authorise
    /// Default-deny network policy with exactly the known calls, both ways.
    case isolate
    /// The fix of one vector that no step covers.
    case fix(code: String)
    /// A binding that is taken away or narrowed.
    case revoke(binding: String)
  }
  package var workload: ObjectReference
  package var action: Action

  package init(_ action: Action, _ workload: ObjectReference) {
    self.action = action
    self.workload = workload
  }

  /// `harden`, `authorise`, `isolate`, `fix L19`, `revoke NAMESPACE/NAME[RoleBinding]`.
  package var name: String {
    switch action {
    case .harden: "harden"
    case .authorise: "authorise"
    case .isolate: "isolate"
    case .fix(let code): "fix \(code)"
    case .revoke(let binding): "revoke \(binding)"
    }
  }
  package var description: String { "\(name) \(workload)" }

  package static func < (left: Mitigation, right: Mitigation) -> Bool {
    // Names are made where they are needed alone: a large fleet compares millions of times.
    left.workload == right.workload ? left.name < right.name : left.workload < right.workload
  }
}
