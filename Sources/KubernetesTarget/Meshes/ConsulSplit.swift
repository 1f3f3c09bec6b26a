import FleetModel
import KubernetesAPI
import Policies

/// Weights by Consul's splitter between subsets of a service, which are told apart by what its instances say of
/// themselves: each pod tells its revision in an annotation.
enum ConsulSplit {
  private static let group = "consul.hashicorp.com/v1alpha1"
  /// A name that Consul's filters take without quotes.
  static let meta = "bulkhead_revision"
  /// On pods: what the injector registers.
  static let annotation = "consul.hashicorp.com/service-meta-\(meta)"

  static func group(_ split: TrafficSplit, wide: Bool) -> ManifestObject {
    func subset(_ revision: String) -> DocumentValue {
      .map(["filter": .string(wide ? "" : "Service.Meta.\(meta) == \"\(revision)\"")])
    }
    return object(
      "ServiceResolver", split, "the revisions of \(split.service.id.name) while a canary runs",
      .map(["subsets": .map(["stable": subset(split.stable), "canary": subset(split.canary)])]))
  }

  static func route(_ split: TrafficSplit) -> ManifestObject {
    func share(_ subset: String, _ weight: Int) -> DocumentValue {
      .map(["weight": .integer(weight), "serviceSubset": .string(subset)])
    }
    return object(
      "ServiceSplitter", split, split.purpose,
      .map(["splits": .list([share("stable", 100 - split.percent), share("canary", split.percent)])]))
  }

  /// Whether Consul has it.
  static func isSynced(_ live: DocumentValue) -> Bool {
    (live[path: "status", "conditions"]?.elements ?? []).contains {
      $0["type"]?.string == "Synced" && $0["status"]?.string == "True"
    }
  }

  private static func object(
    _ kind: String, _ split: TrafficSplit, _ purpose: String, _ spec: DocumentValue
  ) -> ManifestObject {
    let id = split.service.id
    return ManifestObject(kind, group, namespace: id.namespace, name: id.name, for: id, purpose: purpose, spec: spec)
  }
}
