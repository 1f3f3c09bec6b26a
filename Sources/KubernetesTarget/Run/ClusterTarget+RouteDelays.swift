import FleetModel
import IntentModel
import KubernetesAPI
import Policies

/// Delays by Istio's own fault injection: the caller's sidecar holds its requests to one service up. They last until
/// they are taken back, since a VirtualService knows no end.
extension ClusterTarget {
  /// What is written of an object that only a fault needs.
  private static let step = "fault"

  /// The delays that last on calls to a service.
  func routeDelays(_ service: ObjectReference) -> [RouteDelay] {
    guard enrolment.mesh == .istioSidecar else { return [] }
    return delays.filter { delay in
      fleet.workload(delay.target).map { fleet.services(of: $0).contains { $0.id == service } } ?? false
    }.compactMap { delay in
      fleet.workload(delay.caller).map {
        RouteDelay(labels: $0.podLabels, namespace: $0.id.namespace, milliseconds: delay.milliseconds)
      }
    }
  }

  /// Brings the routes of a workload's services in line with the delays that last and the shares of a canary.
  func writeRoutes(_ target: ObjectReference) async throws {
    for service in Self.delayable(target, fleet) {
      let lasting = routeDelays(service.id)
      if let split = splits[service.id] {
        for object in split.routes(lasting) { try await place(object, step: Self.step) }
        continue
      }
      let object = IstioSplit.route(
        service.id, shares: [], delays: lasting, purpose: "some calls to \(service.id.name) are held up")
      if lasting.isEmpty {
        try await remove(try MeshKinds.name(of: object))
      } else {
        try await place(object, step: Self.step)
      }
    }
  }

  /// Those of a run that is no more as well.
  func removeRouteDelays() async throws {
    let resource = APIResource(
      group: "networking.istio.io", version: "v1", kind: "VirtualService", plural: "virtualservices",
      isNamespaced: true)
    for namespace in namespaces {
      for live in try await client.list(resource, namespace: namespace).items
      where isOurs(live) && live[path: "metadata", "annotations"]?[ClusterNames.step]?.string == Self.step {
        guard let name = live[path: "metadata", "name"]?.string else { continue }
        try await remove(ObjectName(resource, namespace: namespace, name: name))
      }
    }
  }
}
