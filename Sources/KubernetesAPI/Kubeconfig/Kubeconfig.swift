package import Diagnostics

/// Bytes that stand in a kubeconfig, or in a file that it names.
package enum KubeconfigData: Sendable, Equatable {
  case bytes([UInt8])
  /// An absolute path: relative ones count from the folder of the kubeconfig.
  case file(String)
}

/// A server, as `clusters[]` describes it.
package struct KubeconfigCluster: Sendable, Equatable {
  package var server: String
  package var authority: KubeconfigData?
  package var tlsServerName: String?
  package var skipsVerification = false
  package var proxy: String?
  package var disablesCompression = false
  package var location: SourceLocation
}

/// A program that prints credentials.
package struct KubeconfigExec: Sendable, Equatable {
  package var command: String
  package var arguments: [String] = []
  package var environment: [String: String] = [:]
  package var apiVersion: String
  package var installHint: String?
  package var providesClusterInfo = false
  package var location: SourceLocation
}

/// Why a user's credentials are not used.
package struct KubeconfigRefusal: Sendable, Equatable {
  package var message: String
  package var cure: String
  package var location: SourceLocation
}

/// Credentials, as `users[]` describes them. Its description shows none of them.
package struct KubeconfigUser: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  package var certificate: KubeconfigData?
  package var key: KubeconfigData?
  package var token: String?
  package var tokenFile: String?
  package var username: String?
  package var password: String?
  package var exec: KubeconfigExec?
  package var refusal: KubeconfigRefusal?
  package var impersonation = Impersonation()
  package var location: SourceLocation

  package var description: String { "(the user at \(location))" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// For whom to act: `--as` and its like.
package struct Impersonation: Sendable, Equatable {
  package var user: String?
  package var groups: [String] = []
  package var uid: String?
  package var extra: [String: [String]] = [:]

  package init(user: String? = nil, groups: [String] = [], uid: String? = nil) {
    (self.user, self.groups, self.uid) = (user, groups, uid)
  }
}

package struct KubeconfigContext: Sendable, Equatable {
  package var cluster: String
  package var user: String
  package var namespace: String?
  package var location: SourceLocation
}

/// One or several kubeconfigs, merged as kubectl merges them: the first file to name a cluster, user or context defines
/// all of it.
package struct Kubeconfig: Sendable, Equatable {
  package var clusters: [String: KubeconfigCluster] = [:]
  package var users: [String: KubeconfigUser] = [:]
  package var contexts: [String: KubeconfigContext] = [:]
  package var currentContext: String?
  package var files: [String] = []

  package init() {}

  /// Adds what another file says where nothing is said yet.
  package mutating func merge(_ other: Kubeconfig) {
    clusters.merge(other.clusters) { first, _ in first }
    users.merge(other.users) { first, _ in first }
    contexts.merge(other.contexts) { first, _ in first }
    currentContext = currentContext ?? other.currentContext
    files += other.files
  }
}
