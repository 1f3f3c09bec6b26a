package import FleetModel
package import IntentModel

/// What a wave makes of a workload's pod template, and nothing else: the body of an apply that owns exactly these
/// fields.
package struct PodTemplate: Sendable, Equatable {
  package var workload: ObjectReference
  package var posture: Posture
  package var revision: String
  /// Fields of the pod's own containers that hardening sets.
  package var hardening: DocumentValue
  /// What the mesh adds: metadata, and fields of the specification.
  package var additions: DocumentValue

  package init(
    workload: ObjectReference, posture: Posture, revision: String, hardening: DocumentValue = .mapping([]),
    additions: DocumentValue = .mapping([])
  ) {
    (self.workload, self.posture, self.revision) = (workload, posture, revision)
    (self.hardening, self.additions) = (hardening, additions)
  }

  /// `spec.template` of the apply.
  package var template: DocumentValue {
    var labels = [ClusterNames.revision: revision]
    if posture.isolated { labels[ClusterNames.isolated] = "true" }
    let metadata = DocumentValue.map([
      "labels": .labels(labels), "annotations": .labels([ClusterNames.posture: PostureText.of(posture)]),
    ])
    return DocumentValue.map(["metadata": metadata, "spec": hardening])
      .merging(posture.enrolled ? additions : .mapping([]))
  }

  /// The body of an apply to the workload. Without a template it gives up every field that an earlier one owned.
  package static func apply(
    _ workload: ObjectReference, annotations: [String: String], template: DocumentValue?
  ) -> DocumentValue {
    .map([
      "apiVersion": .string("apps/v1"), "kind": .string(workload.kind),
      "metadata": .map([
        "name": .string(workload.name), "namespace": .string(workload.namespace),
        "annotations": annotations.isEmpty ? nil : .labels(annotations),
      ]),
      "spec": template.map { .map(["template": $0]) },
    ])
  }
}
