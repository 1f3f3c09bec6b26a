import Diagnostics
import FleetModel

/// Deployment, StatefulSet, DaemonSet, ReplicaSet and Pod.
enum WorkloadReader {
  /// Nil, with a finding, when there is nothing that could run.
  static func workload(_ root: Field, _ id: ObjectReference) -> ParsedWorkload? {
    var parsed = ParsedWorkload(workload: Workload(id: id, location: root.location))
    let metadata = root["metadata"]
    parsed.workload.labels = metadata?["labels"]?.stringMap ?? [:]
    parsed.owners = owners(metadata)
    guard let spec = root["spec"] else {
      root.problem("the \(id.kind) has no spec", fix: "add one", code: .unusable)
      return nil
    }
    var podMetadata = metadata
    var podSpec: Field? = spec
    if id.kind != "Pod" {
      let template = spec["template"]
      podMetadata = template?["metadata"]
      podSpec = template?["spec"]
      if id.kind != "DaemonSet", let replicas = spec["replicas"]?.integer(in: 0...Int(Int32.max)) {
        parsed.workload.replicas = replicas
      }
    }
    guard let podSpec else {
      spec.problem("the \(id.kind) has no pod template with a spec", fix: "add spec.template.spec", code: .unusable)
      return nil
    }
    parsed.workload.podLabels = podMetadata?["labels"]?.stringMap ?? [:]
    parsed.workload.podAnnotations = podMetadata?["annotations"]?.stringMap ?? [:]
    parsed.workload.pod = PodReader.pod(podSpec, &parsed)
    guard !parsed.workload.pod.containers.isEmpty else {
      podSpec.problem("there is no container to run", fix: "add spec.containers", code: .unusable)
      return nil
    }
    return parsed
  }

  private static func owners(_ metadata: Field?) -> [ParsedWorkload.Owner] {
    (metadata?["ownerReferences"]?.elements ?? []).compactMap { owner in
      guard let kind = owner["kind"]?.string, let name = owner["name"]?.string else { return nil }
      return ParsedWorkload.Owner(kind: kind, name: name)
    }
  }
}
