import FleetModel
import IntentModel
import Policies

/// A canary's share of the requests to one service by weights, in the objects of its mesh.
///
/// Groups tell the pods of the two revisions apart, routes say how many requests each group gets. Groups are there,
/// with pods in them, before routes are. When a split ends, both groups are made wide first: whoever still follows a
/// route finds every pod of the service in either of them. Then the routes go, then pods are exchanged, and the groups
/// go last.
struct TrafficSplit: Sendable {
  /// Who reads the objects.
  enum Form: Sendable, Equatable {
    /// Istio's sidecars.
    case istio
    /// Linkerd's proxies and Istio's waypoints, in the version of `HTTPRoute` that the cluster serves.
    case gateway(version: String)
    case consul
  }

  var form: Form
  var service: Service
  /// The revisions of the pods that stand and of the canary's.
  var stable: String
  var canary: String
  /// The canary's.
  var percent: Int

  /// What is to be removed of a split, whatever it was.
  static func remains(_ form: Form, _ service: Service) -> TrafficSplit {
    TrafficSplit(form: form, service: service, stable: "", canary: "", percent: 0)
  }

  /// In the order in which they are applied.
  /// - Parameter wide: both groups hold all pods of the service.
  func groups(wide: Bool = false) -> [ManifestObject] {
    switch form {
    case .istio: [IstioSplit.group(self, wide: wide)]
    case .gateway: GatewaySplit.groups(self, wide: wide)
    case .consul: [ConsulSplit.group(self, wide: wide)]
    }
  }

  /// - Parameter delays: faults that last meanwhile; only Istio's sidecars know any.
  func routes(_ delays: [RouteDelay] = []) -> [ManifestObject] {
    switch form {
    case .istio:
      [
        IstioSplit.route(
          service.id, shares: [("stable", 100 - percent), ("canary", percent)], delays: delays,
          purpose: purpose)
      ]
    case .gateway(let version): GatewaySplit.routes(self, version: version)
    case .consul: [ConsulSplit.route(self)]
    }
  }

  var purpose: String { "\(percent) % of the requests to \(service.id.name) go to the canary" }

  /// The services of a workload that are split: all of their ports speak HTTP, nothing else is behind them, and
  /// whoever calls is in the mesh.
  static func services(
    of workload: Workload, _ fleet: Fleet, _ policies: PostureObjects, enrolled: Set<ObjectReference>
  ) -> [Service] {
    guard policies.mesh != .envoy, let need = policies.need(of: workload.id),
      !policies.members(calling: workload.id).isEmpty,
      policies.callers(of: workload.id, notIn: enrolled).isEmpty,
      need.inbound.allSatisfy({ !$0.takesPlaintext })
    else { return [] }
    let fitting = candidates(of: workload, fleet).filter { fleet.workloads(behind: $0).map(\.id) == [workload.id] }
    guard policies.mesh == .consul else { return fitting }
    // Consul splits what it knows as HTTP, and knows a pod by one service.
    guard need.inbound.allSatisfy({ $0.transport != .tcp || $0.wireProtocol == .http }) else { return [] }
    return fitting.filter { $0.id.name == policies.consulService(of: workload) }
  }

  /// Those that may ever have been split, sorted.
  static func candidates(of workload: Workload, _ fleet: Fleet) -> [Service] {
    fleet.services(of: workload).filter { service in
      !service.headless && service.externalName == nil && !service.selector.isEmpty && !service.ports.isEmpty
        && service.ports.allSatisfy { $0.wireProtocol == .http && $0.transport == .tcp }
    }.sorted { $0.id < $1.id }
  }

  /// Whether the mesh says of an object that it has taken it; a mesh that says nothing of its objects is taken at none.
  func isTaken(_ live: DocumentValue) -> Bool {
    switch form {
    case .istio: true
    case .gateway: GatewaySplit.isAccepted(live)
    case .consul: ConsulSplit.isSynced(live)
    }
  }
}

/// Calls of one workload that are held up on their way.
struct RouteDelay: Sendable, Equatable {
  /// Of the caller's pods.
  var labels: [String: String]
  var namespace: String
  var milliseconds: Int
}
