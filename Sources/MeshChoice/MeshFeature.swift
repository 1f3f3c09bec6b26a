/// What an organisation may need of a mesh, beyond mutual TLS and authorisation by identity, which all of them have.
package enum MeshFeature: String, Sendable, Codable, CaseIterable {
  case requestAuthorisation, dryRun, trafficSplit, faultInjection, retries, circuitBreaking, jwt, rateLimit
  case multiCluster, virtualMachines, egressControl, openSourceReleases, noProxyInPods, noRestart

  package var title: String {
    switch self {
    case .requestAuthorisation: "authorisation by method and path"
    case .dryRun: "a dry run of authorisation"
    case .trafficSplit: "weighted traffic"
    case .faultInjection: "fault injection"
    case .retries: "retries and timeouts"
    case .circuitBreaking: "outlier detection"
    case .jwt: "JWT checks in the proxy"
    case .rateLimit: "rate limits in the proxy"
    case .multiCluster: "several clusters"
    case .virtualMachines: "virtual machines"
    case .egressControl: "control of calls to the outside"
    case .openSourceReleases: "stable releases under an open-source licence"
    case .noProxyInPods: "no proxy beside the application"
    case .noRestart: "enrolment without restarting pods"
    }
  }
}

package enum Support: String, Sendable, Codable { case yes, partly, no }

/// A statement about a project that can grow old.
package struct DatedFact: Sendable, Equatable {
  package var text: String
  /// When it was true or published: a year, month or day.
  package var date: String
  package var source: String
}

/// What a project, or somebody who measured it, published about its cost. Nothing of it was measured here.
package struct PublishedCost: Sendable, Equatable {
  /// Cores for 1,000 requests per second through one proxy.
  package var coresPerThousandRequests: Double
  /// Memory of one proxy, in megabytes.
  package var proxyMegabytes: Double
  /// One proxy for each pod; one for each node otherwise.
  package var perPod: Bool
  /// Added latency, in words: the published ones were measured in different ways and cannot be compared.
  package var latency: String
  package var sources: [DatedFact]
}
