/// `seLinuxOptions`; nil means not written.
package struct SELinuxOptions: Sendable, Equatable {
  package var user: String?
  package var role: String?
  package var type: String?
  package var level: String?

  package init(user: String? = nil, role: String? = nil, type: String? = nil, level: String? = nil) {
    self.user = user
    self.role = role
    self.type = type
    self.level = level
  }
}

/// `appArmorProfile` (since Kubernetes 1.30); before that an annotation on the pod.
package enum AppArmorProfile: Sendable, Equatable, Hashable {
  case runtimeDefault
  case unconfined
  case localhost(String)
  /// A type that Kubernetes does not know, as written.
  case other(String)
}
