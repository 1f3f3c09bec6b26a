import Diagnostics
import FleetModel

/// Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob and Pod.
enum WorkloadReader {
  /// Nil, with a finding, when there is nothing that could run.
  static func workload(_ root: Field, _ id: ObjectReference) -> ParsedWorkload? {
    var parsed = ParsedWorkload(workload: Workload(id: id, location: root.location))
    let metadata = root["metadata"]
    parsed.workload.labels = NamedObjectReader.labels(metadata)
    parsed.workload.annotations = NamedObjectReader.annotations(metadata)
    addOwners(metadata, &parsed)
    guard let spec = root["spec"] else {
      root.problem("the \(id.kind) has no spec", fix: "add one", code: .unusable)
      return nil
    }
    guard let template = template(root, spec, id) else { return nil }
    guard let podSpec = template["spec"] else {
      spec.problem("the \(id.kind) has no pod template with a spec", fix: "add \(path(id.kind))", code: .unusable)
      return nil
    }
    let podMetadata = id.kind == "Pod" ? metadata : template["metadata"]
    parsed.workload.podLabels = id.kind == "Pod" ? parsed.workload.labels : NamedObjectReader.labels(podMetadata)
    parsed.workload.podAnnotations =
      id.kind == "Pod" ? parsed.workload.annotations : NamedObjectReader.annotations(podMetadata)
    parsed.workload.pod = PodReader.pod(podSpec, &parsed)
    if parsed.workload.pod.containers.isEmpty {
      podSpec.problem("there is no container to run; Kubernetes refuses the pod", fix: "add spec.containers")
    }
    own(root, spec, &parsed.workload)
    return parsed
  }

  /// The part that holds the pod's metadata and spec: for a pod the object itself.
  private static func template(_ root: Field, _ spec: Field, _ id: ObjectReference) -> Field? {
    let found: Field? =
      switch id.kind {
      case "Pod": root
      case "CronJob": spec["jobTemplate"]?["spec"]?["template"]
      default: spec["template"]
      }
    if found == nil {
      spec.problem("the \(id.kind) has no pod template with a spec", fix: "add \(path(id.kind))", code: .unusable)
    }
    return found
  }

  private static func path(_ kind: String) -> String {
    kind == "CronJob" ? "spec.jobTemplate.spec.template.spec" : "spec.template.spec"
  }

  /// What one kind alone has.
  private static func own(_ root: Field, _ spec: Field, _ workload: inout Workload) {
    let counts = 0...Int(Int32.max)
    switch workload.id.kind {
    case "Pod":
      guard let status = root["status"] else { return }
      let listed = (status["podIPs"]?.elements ?? []).compactMap { $0["ip"]?.string }
      workload.addresses = listed.isEmpty ? [status["podIP"]?.string].compactMap(\.self) : listed
    case "DaemonSet": return
    case "Job": workload.replicas = spec["parallelism"]?.integer(in: counts) ?? 1
    case "CronJob": workload.replicas = spec["jobTemplate"]?["spec"]?["parallelism"]?.integer(in: counts) ?? 1
    default:
      workload.replicas = spec["replicas"]?.integer(in: counts) ?? 1
      guard workload.id.kind == "StatefulSet" else { return }
      workload.serviceName = spec["serviceName"]?.string
      workload.claimTemplates = (spec["volumeClaimTemplates"]?.elements ?? []).compactMap {
        $0["metadata"]?["name"]?.string
      }
    }
  }

  /// An owner without a kind counts as a pod when the workload is named by its owner, and owns nothing.
  private static func addOwners(_ metadata: Field?, _ parsed: inout ParsedWorkload) {
    for owner in metadata?["ownerReferences"]?.elements ?? [] {
      guard let name = owner["name"]?.string, !name.isEmpty else {
        owner.problem("the owner has no name and is left out", fix: "add kind and name")
        continue
      }
      let kind = owner["kind"]?.string ?? ""
      if kind.isEmpty { owner.problem("the owner has no kind; Kubernetes refuses the object", fix: "add it") }
      let reference = ObjectReference(
        kind: kind.isEmpty ? "Pod" : kind, namespace: parsed.workload.id.namespace, name: name)
      if parsed.workload.firstOwner == nil { parsed.workload.firstOwner = reference }
      if !kind.isEmpty { parsed.owners.append(reference) }
    }
  }
}
