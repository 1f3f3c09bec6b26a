package import FleetModel
import IntentModel
package import Reachability

/// What no manifest tells the solver.
package struct PolicyOptions: Sendable {
  package var target: PolicyTarget
  package var trustDomain = "cluster.local"
  /// Namespaces whose workloads get no policies: those of the cluster and of the meshes themselves, where a
  /// default-deny policy would take the cluster down.
  package var leftAlone: Set<String> = PolicyOptions.infrastructure
  /// Opens what is listed for a decision instead of cutting it, as far as it can be named.
  package var keepsUndecided = false
  /// The date (`2027-01-31`) on which exceptions from strict mutual TLS end; without one there are no exceptions.
  package var exceptionsEnd: String?
  /// Who answers for the exceptions.
  package var exceptionOwner: String?
  /// Where the ingress controller runs; nil opens the ports of Ingress objects to every pod of the cluster.
  package var ingressNamespace: String?
  /// Where Prometheus runs, if it is not in the input.
  package var scraperNamespace: String?
  /// Seconds since 1970, for the age of what was seen in traffic; nil leaves ages unknown.
  package var now: Int?
  /// The workloads that are in the mesh when the policies hold; nil for all that it takes.
  package var enrolled: Set<ObjectReference>?
  /// Workloads keep the service accounts that they have, shared or not.
  package var keepsAccounts = false
  /// Addresses (CIDR) from which the proxies' own counts are read; no policy closes their ports to them.
  package var watchers: [String] = []
  /// Calls seen in traffic, besides those of the fleet.
  package var observed: [ObservedCall] = []
  /// Observed calls older than this are listed for a decision.
  package var staleAfterDays = 90

  package init(target: PolicyTarget) { self.target = target }

  /// How what is written for `fleet` is read back.
  package func meshOptions(in fleet: Fleet) -> MeshOptions {
    var options = MeshOptions()
    options.trustDomain = trustDomain
    options.istioRootNamespace = MeshSettings(fleet).istioRootNamespace
    return options
  }

  package static let infrastructure = MeshMembership.infrastructureNamespaces
}

/// A call seen in traffic: to a port of a container, not of a service.
package struct ObservedCall: Sendable, Equatable {
  package var caller: ObjectReference
  package var target: ObjectReference
  package var port: Int
  package var transport: Transport
  package var times: Int
  package var lastSeenDays: Int
  /// Where it was seen, such as `hubble flows.json`.
  package var source: String

  package init(
    caller: ObjectReference, target: ObjectReference, port: Int, transport: Transport = .tcp, times: Int,
    lastSeenDays: Int = 0, source: String
  ) {
    self.caller = caller
    self.target = target
    self.port = port
    self.transport = transport
    self.times = times
    self.lastSeenDays = lastSeenDays
    self.source = source
  }
}
