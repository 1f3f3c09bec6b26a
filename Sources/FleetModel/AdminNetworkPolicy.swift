package import Diagnostics

/// `policy.networking.k8s.io/v1alpha1` AdminNetworkPolicy, or BaselineAdminNetworkPolicy (which has no priority).
package struct AdminNetworkPolicy: Sendable, Equatable {
  package enum Action: String, Sendable { case allow = "Allow", deny = "Deny", pass = "Pass" }

  /// Pods by the labels of their namespaces and their own; a nil pod selector means every pod.
  package struct Peer: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      case namespaces(LabelSelector)
      case pods(namespaces: LabelSelector, pods: LabelSelector)
      case nodes(LabelSelector)
      case networks([String])
      case domainNames([String])
    }
    package var kind: Kind

    package init(_ kind: Kind) { self.kind = kind }
  }

  package struct Rule: Sendable, Equatable {
    package var name: String?
    package var action: Action
    package var peers: [Peer]
    /// Nil means every port.
    package var ports: [NetworkPolicy.Port]?

    package init(name: String? = nil, action: Action, peers: [Peer], ports: [NetworkPolicy.Port]? = nil) {
      self.name = name
      self.action = action
      self.peers = peers
      self.ports = ports
    }
  }

  package var id: ObjectReference
  package var location: SourceLocation
  /// Lower goes first; nil for the baseline.
  package var priority: Int?
  package var subject: Peer
  package var ingress: [Rule] = []
  package var egress: [Rule] = []

  package init(id: ObjectReference, location: SourceLocation, subject: Peer) {
    self.id = id
    self.location = location
    self.subject = subject
  }
}
