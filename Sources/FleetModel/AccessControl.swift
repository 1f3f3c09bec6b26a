package import Diagnostics

/// Role or ClusterRole; a ClusterRole's namespace is empty.
package struct Role: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  package var labels: [String: String] = [:]
  package var rules: [PolicyRule] = []
  /// `aggregationRule.clusterRoleSelectors`: the rules of the ClusterRoles they match are this role's too.
  package var aggregates: [LabelSelector] = []

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }
}

/// One rule of a role; `*` stands for everything, a resource may name a subresource (`pods/exec`, `*/scale`).
package struct PolicyRule: Sendable, Equatable, Hashable {
  package var verbs: [String]
  package var apiGroups: [String]
  package var resources: [String]
  /// Empty means every name.
  package var resourceNames: [String]
  package var nonResourceURLs: [String]

  package init(
    verbs: [String], apiGroups: [String] = [], resources: [String] = [], resourceNames: [String] = [],
    nonResourceURLs: [String] = []
  ) {
    self.verbs = verbs
    self.apiGroups = apiGroups
    self.resources = resources
    self.resourceNames = resourceNames
    self.nonResourceURLs = nonResourceURLs
  }
}

/// RoleBinding or ClusterRoleBinding; the latter's namespace is empty.
package struct RoleBinding: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  package var roleKind: String = "Role"
  package var roleName: String = ""
  package var subjects: [Subject] = []

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }
}

/// Who a binding speaks of. A service account has a namespace; users and groups have none.
package struct Subject: Sendable, Equatable, Hashable, Comparable, Codable {
  package enum Kind: String, Sendable, Codable {
    case user = "User", group = "Group", serviceAccount = "ServiceAccount"
  }

  package var kind: Kind
  package var namespace: String
  package var name: String

  package init(kind: Kind, namespace: String = "", name: String) {
    self.kind = kind
    self.namespace = namespace
    self.name = name
  }

  package static func < (left: Subject, right: Subject) -> Bool {
    (left.kind.rawValue, left.namespace, left.name) < (right.kind.rawValue, right.namespace, right.name)
  }
}

/// A secret's name and the names of its keys; its values are never read.
package struct Secret: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  package var type: String = "Opaque"
  package var keys: [String] = []
  package var annotations: [String: String] = [:]
  package var labels: [String: String] = [:]

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }
}
