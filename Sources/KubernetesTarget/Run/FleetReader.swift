package import FleetModel
import Intake
package import KubernetesAPI

/// The cluster's objects as they would be without Bulkhead: what a plan is about, and what a rollout derives calls
/// from.
package enum FleetReader {
  /// One JSON document each, for the intake to read and for a run's folder to keep.
  /// - Parameter namespaces: those of the plan.
  package static func text(_ client: KubernetesClient, namespaces: [String]) async throws -> String {
    let discovery = try await client.discover { Intake.reads(group: $0) }
    // Pods and what owns them between are seen through the workloads; secrets are nobody's business.
    let passedOver: Set<String> = ["Secret", "Pod", "ReplicaSet", "Endpoints", "EndpointSlice", "Node", "Event"]
    var documents: [String] = []
    for resource in discovery.resources
    where resource.isNamespaced && !passedOver.contains(resource.kind) && resource.group != "extensions"
      && Intake.reads(kind: resource.kind, group: resource.group)
    {
      for namespace in namespaces {
        do {
          let items = try await client.list(resource, namespace: namespace).items
          documents += items.compactMap { stripped($0, resource) }.map { JSONText($0).text }
        } catch let failure as APIFailure where failure.kind == .notFound {
          // Gone since it was discovered. What may not be read is an error: calls would be missing from the policies.
          continue
        }
      }
    }
    for name in namespaces {
      let namespace = try await client.get(ObjectName(.namespaces, namespace: nil, name: name))
      documents.append(JSONText(stripped(namespace, .namespaces) ?? .mapping([])).text)
    }
    return documents.joined(separator: "\n---\n") + "\n"
  }

  /// Nil for what is Bulkhead's own.
  package static func stripped(_ object: DocumentValue, _ resource: APIResource) -> DocumentValue? {
    let metadata = object["metadata"] ?? .mapping([])
    guard metadata["labels"]?[ClusterNames.managedBy]?.string != ClusterNames.program else { return nil }
    var kept = object.without(["status", "metadata"])
    kept = kept.setting(["apiVersion"], to: .string(resource.apiVersion))
      .setting(["kind"], to: .string(resource.kind))
      .setting(["metadata"], to: cleaned(metadata))
    if let template = object[path: "spec", "template"] {
      let pod = template["spec"] ?? .mapping([])
      var spec = pod
      for list in ["containers", "initContainers", "volumes"] {
        guard let elements = pod[list]?.elements else { continue }
        let own = elements.filter { $0["name"]?.string?.hasPrefix(ClusterNames.prefix) != true }
        spec = own.isEmpty ? spec.without([list]) : spec.setting([list], to: .list(own))
      }
      let clean = template.setting(["spec"], to: spec)
        .setting(["metadata"], to: cleaned(template["metadata"] ?? .mapping([])))
      kept = kept.setting(["spec", "template"], to: clean)
    }
    return kept
  }

  private static func cleaned(_ metadata: DocumentValue) -> DocumentValue {
    var result = metadata.without(["managedFields", "creationTimestamp", "selfLink", "generation", "resourceVersion"])
    for key in ["labels", "annotations"] {
      guard let map = result[key] else { continue }
      let own = map.entries.filter {
        !$0.key.hasPrefix("bulkhead.dev/") && $0.key != "kubectl.kubernetes.io/last-applied-configuration"
          && $0.key != "deployment.kubernetes.io/revision" && $0.key != "deprecated.daemonset.template.generation"
      }
      result = own.isEmpty ? result.without([key]) : result.setting([key], to: .mapping(own))
    }
    return result
  }
}
