import FleetModel
import Policies

/// Weights and delays for Istio's sidecars. Of several VirtualServices for a host one counts, so that a service has one
/// of Bulkhead's at most.
enum IstioSplit {
  private static let group = "networking.istio.io/v1"

  static func name(_ service: ObjectReference) -> String { "bulkhead-canary-\(service.name)" }

  static func host(_ service: ObjectReference) -> String {
    "\(service.name).\(service.namespace).svc.cluster.local"
  }

  static func group(_ split: TrafficSplit, wide: Bool) -> ManifestObject {
    func subset(_ name: String, _ revision: String) -> DocumentValue {
      .map([
        "name": .string(name),
        "labels": .labels(wide ? split.service.selector : [ClusterNames.revision: revision]),
      ])
    }
    let id = split.service.id
    return object(
      "DestinationRule", id, "the revisions of \(id.name) while a canary runs",
      .map([
        "host": .string(host(id)),
        "subsets": .list([subset("stable", split.stable), subset("canary", split.canary)]),
      ]))
  }

  /// - Parameter shares: subsets with their weights; without any, all pods of the service.
  static func route(
    _ service: ObjectReference, shares: [(subset: String, weight: Int)], delays: [RouteDelay], purpose: String
  ) -> ManifestObject {
    let whole = DocumentValue.map(["destination": .map(["host": .string(host(service))])])
    let parts = shares.map { share -> DocumentValue in
      .map([
        "destination": .map(["host": .string(host(service)), "subset": .string(share.subset)]),
        "weight": .integer(share.weight),
      ])
    }
    let route = DocumentValue.list(parts.isEmpty ? [whole] : parts)
    let slow = delays.map { delay -> DocumentValue in
      .map([
        "match": .list([
          .map(["sourceLabels": .labels(delay.labels), "sourceNamespace": .string(delay.namespace)])
        ]),
        "fault": .map([
          "delay": .map([
            "percentage": .map(["value": .integer(100)]), "fixedDelay": .string(seconds(delay.milliseconds)),
          ])
        ]),
        "route": route,
      ])
    }
    return object(
      "VirtualService", service, purpose,
      .map(["hosts": .texts([host(service)]), "http": .list(slow + [.map(["route": route])])]))
  }

  /// A duration as protocol buffers have it: seconds alone.
  static func seconds(_ milliseconds: Int) -> String {
    let fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
    return "\(milliseconds / 1_000).\(fraction)s"
  }

  private static func object(
    _ kind: String, _ service: ObjectReference, _ purpose: String, _ spec: DocumentValue
  ) -> ManifestObject {
    ManifestObject(
      kind, group, namespace: service.namespace, name: name(service), for: service, purpose: purpose, spec: spec)
  }
}
