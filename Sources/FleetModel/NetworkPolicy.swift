package import Diagnostics

/// `networking.k8s.io/v1` NetworkPolicy with its defaults applied (policy types resolved, absent peers = all).
package struct NetworkPolicy: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  package var podSelector = LabelSelector()
  package var governsIngress = true
  package var governsEgress = false
  package var ingress: [Rule] = []
  package var egress: [Rule] = []

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }

  package struct Rule: Sendable, Equatable {
    /// Empty means every peer.
    package var peers: [Peer] = []
    /// Empty means every port.
    package var ports: [Port] = []

    package init(peers: [Peer] = [], ports: [Port] = []) {
      self.peers = peers
      self.ports = ports
    }
  }

  package enum Peer: Sendable, Equatable {
    /// A nil namespace selector means the policy's own namespace; a nil pod selector every pod.
    case pods(namespaces: LabelSelector?, pods: LabelSelector?)
    case block(cidr: String, except: [String])
  }

  package struct Port: Sendable, Equatable {
    package enum Number: Sendable, Equatable {
      case all
      case range(Int, Int)
      case named(String)
    }
    package var transport: Transport
    package var number: Number

    package init(transport: Transport = .tcp, number: Number) {
      self.transport = transport
      self.number = number
    }
  }
}

/// `matchLabels` and `matchExpressions`; an empty selector matches everything.
package struct LabelSelector: Sendable, Equatable, Hashable {
  package enum Operation: String, Sendable, Hashable {
    case isIn = "In", notIn = "NotIn", exists = "Exists", absent = "DoesNotExist"
  }
  package struct Requirement: Sendable, Equatable, Hashable {
    package var key: String
    package var operation: Operation
    package var values: [String]

    package init(key: String, operation: Operation, values: [String] = []) {
      self.key = key
      self.operation = operation
      self.values = values
    }
  }
  /// `matchLabels` become `In` requirements with one value.
  package var requirements: [Requirement]

  package init(_ requirements: [Requirement] = []) { self.requirements = requirements }

  package func matches(_ labels: [String: String]) -> Bool {
    requirements.allSatisfy { requirement in
      let value = labels[requirement.key]
      return switch requirement.operation {
      case .isIn: value.map(requirement.values.contains) ?? false
      case .notIn: value.map { !requirement.values.contains($0) } ?? true
      case .exists: value != nil
      case .absent: value == nil
      }
    }
  }
}
