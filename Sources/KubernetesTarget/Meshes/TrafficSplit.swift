import FleetModel
import IntentModel
import Policies

/// A canary's share by weights: Istio's sidecars split what their applications send, where all callers have one and
/// both revisions of the workload bear labels. Elsewhere the share is by number of pods.
enum TrafficSplit {
  private static let group = "networking.istio.io/v1"

  /// The services of a workload that are split: all of their ports speak HTTP, nothing else is behind them, and
  /// whoever calls is in the mesh.
  static func services(
    of workload: Workload, _ fleet: Fleet, _ policies: PostureObjects, enrolled: Set<ObjectReference>
  ) -> [ObjectReference] {
    guard policies.mesh == .istioSidecar, let need = policies.need(of: workload.id),
      !policies.members(calling: workload.id).isEmpty,
      policies.callers(of: workload.id, notIn: enrolled).isEmpty,
      need.inbound.allSatisfy({ !$0.takesPlaintext })
    else { return [] }
    return fleet.services(of: workload).filter { service in
      !service.headless && service.externalName == nil && !service.ports.isEmpty
        && service.ports.allSatisfy { $0.wireProtocol == .http }
        && fleet.workloads(behind: service).map(\.id) == [workload.id]
    }.map(\.id).sorted()
  }

  /// In the order in which they are applied; they are removed in the reverse one.
  static func objects(
    _ service: ObjectReference, stable: String, canary: String, percent: Int
  ) -> [ManifestObject] {
    func subset(_ name: String, _ revision: String) -> DocumentValue {
      .map(["name": .string(name), "labels": .labels([ClusterNames.revision: revision])])
    }
    func share(_ name: String, _ weight: Int) -> DocumentValue {
      .map([
        "destination": .map(["host": .string(host(service)), "subset": .string(name)]), "weight": .integer(weight),
      ])
    }
    return [
      object(
        "DestinationRule", service, "the revisions of \(service.name) while a canary runs",
        .map([
          "host": .string(host(service)), "subsets": .list([subset("stable", stable), subset("canary", canary)]),
        ])),
      object(
        "VirtualService", service, "\(percent) % of the requests to \(service.name) go to the canary",
        .map([
          "hosts": .texts([host(service)]),
          "http": .list([.map(["route": .list([share("stable", 100 - percent), share("canary", percent)])])]),
        ])),
    ]
  }

  static func host(_ service: ObjectReference) -> String {
    "\(service.name).\(service.namespace).svc.cluster.local"
  }

  /// Whether an object of somebody else's says where calls to a service go.
  static func governs(_ object: DocumentValue, _ service: ObjectReference) -> Bool {
    let spec = object["spec"] ?? .mapping([])
    let names = [
      service.name, "\(service.name).\(service.namespace)", "\(service.name).\(service.namespace).svc", host(service),
    ]
    let hosts = (spec["hosts"]?.strings ?? []) + [spec["host"]?.string].compactMap(\.self)
    return hosts.contains {
      $0 == "*" || names.contains($0) || ($0.hasPrefix("*.") && host(service).hasSuffix($0.dropFirst()))
    }
  }

  private static func object(
    _ kind: String, _ service: ObjectReference, _ purpose: String, _ spec: DocumentValue
  ) -> ManifestObject {
    ManifestObject(
      kind, group, namespace: service.namespace, name: "bulkhead-canary-\(service.name)", for: service,
      purpose: purpose, spec: spec)
  }
}
