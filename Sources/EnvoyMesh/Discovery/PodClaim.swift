/// Which pod somebody is, as the cluster vouches for it.
package struct PodClaim: Sendable, Equatable {
  package var namespace: String
  package var pod: String
  package var uid: String
  package var serviceAccount: String

  package init(namespace: String, pod: String, uid: String, serviceAccount: String) {
    (self.namespace, self.pod, self.uid, self.serviceAccount) = (namespace, pod, uid, serviceAccount)
  }
}

/// Ports of the discovery server in a cluster.
package enum DiscoveryPorts {
  /// Configuration and identities, over mutual TLS.
  package static let discovery = 15012
  /// Credentials for pods, over TLS: a token of the service account goes in.
  package static let credentials = 15013
  /// What sidecars count, over mutual TLS.
  package static let statistics = 15014
  /// What an operator asks for, in plaintext to the pod and behind a key.
  package static let status = 15016
}

/// What a discovery server in a cluster is told.
package struct MeshDiscoverySettings: Sendable {
  package var host = "0.0.0.0"
  /// 0 lets the system choose, for tests.
  package var discoveryPort = DiscoveryPorts.discovery
  package var credentialsPort = DiscoveryPorts.credentials
  package var statisticsPort = DiscoveryPorts.statistics
  package var statusPort = DiscoveryPorts.status
  /// By which names sidecars know the server.
  package var names: [String]
  /// The first part of every status path; whoever lacks it gets 404.
  package var statusKey: String
  package var trustDomain: String

  package init(names: [String], statusKey: String, trustDomain: String) {
    (self.names, self.statusKey, self.trustDomain) = (names, statusKey, trustDomain)
  }
}
