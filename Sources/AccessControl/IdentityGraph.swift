package import FleetModel

/// What a right leads to. Whole namespaces are one target, so that edges stay linear in the number of grants.
package enum IdentityTarget: Sendable, Equatable, Hashable {
  /// That very subject; `Subject.masters` stands for the whole cluster.
  case subject(Subject)
  /// Any service account of a namespace, or of all of them (nil).
  case accounts(namespace: String?)
  /// The inside of any pod of a namespace, or of all of them (nil): a command runs there.
  case pods(namespace: String?)
  /// Root on any node.
  case nodes
}

/// A right that yields another identity or a place to run commands: a step of an attack path.
package struct IdentityEdge: Sendable, Equatable {
  package var from: Subject
  package var to: IdentityTarget
  /// The vector.
  package var code: String
  /// One sentence: what is done, by which right, through which binding.
  package var message: String
  /// The binding that gives the right: removing it removes the edge.
  package var binding: ObjectReference

  package init(from: Subject, to: IdentityTarget, code: String, message: String, binding: ObjectReference) {
    self.from = from
    self.to = to
    self.code = code
    self.message = message
    self.binding = binding
  }
}

/// All such edges, and what follows from them step by step.
package struct IdentityGraph: Sendable {
  /// Sorted by subject, then in the order of the bindings. Each target once for each right and binding.
  package let edges: [IdentityEdge]
  private let outgoing: [Subject: Range<Int>]
  private let accounts: [String: [Subject]]
  private let tokens: [String: [Subject]]
  private let allAccounts: [Subject]
  private let allTokens: [Subject]

  package init(_ fleet: Fleet, _ index: AccessIndex) {
    var accounts: [String: [Subject]] = [:]
    for subject in index.subjects where subject.kind == .serviceAccount {
      accounts[subject.namespace, default: []].append(subject)
    }
    self.accounts = accounts
    allAccounts = accounts.values.flatMap(\.self).sorted()
    let tokens = TokenMounts(fleet).subjects
    self.tokens = tokens
    allTokens = tokens.values.flatMap(\.self).sorted()
    let finder = IdentityFinder(fleet)
    var edges: [IdentityEdge] = []
    var outgoing: [Subject: Range<Int>] = [:]
    for subject in Set(index.subjects + [.masters]).sorted() {
      let start = edges.count
      edges += finder.edges(of: index.rights(of: subject))
      if edges.count > start { outgoing[subject] = start..<edges.count }
    }
    self.edges = edges
    self.outgoing = outgoing
  }

  package func edges(from subject: Subject) -> ArraySlice<IdentityEdge> {
    outgoing[subject].map { edges[$0] } ?? []
  }

  /// The subjects that a target stands for; sorted. Of pods and nodes the accounts whose tokens lie there.
  package func members(of target: IdentityTarget) -> [Subject] {
    switch target {
    case .subject(let subject): [subject]
    case .accounts(let namespace): namespace.map { accounts[$0] ?? [] } ?? allAccounts
    case .pods(let namespace): namespace.map { tokens[$0] ?? [] } ?? allTokens
    case .nodes: allTokens
    }
  }

  /// Everyone a subject can become in any number of steps, without itself; sorted. Whoever becomes `Subject.masters` is
  /// everybody: what would follow from that is not listed.
  ///
  /// - Parameter limit: at most so many, the first ones found; nil for all.
  package func reachable(from subject: Subject, limit: Int? = nil) -> [Subject] {
    let most = limit ?? Int.max
    var found: Set<Subject> = [subject]
    var expanded: Set<IdentityTarget> = []
    var queue = [subject]
    var next = 0
    search: while next < queue.count {
      let current = queue[next]
      next += 1
      if current == .masters, current != subject { continue }
      for edge in edges(from: current) where expanded.insert(edge.to).inserted {
        for member in members(of: edge.to) where found.insert(member).inserted {
          queue.append(member)
          if queue.count > most { break search }
        }
      }
    }
    return queue.dropFirst().sorted()
  }
}
