package import FleetModel
import KubernetesAPI

/// Who else writes an object again and again. A patch to such an object would be taken back, or fought over.
package enum Ownership {
  /// The program, in words; nil where nobody claims the object.
  package static func keeper(of object: DocumentValue) -> String? {
    let owners = object[path: "metadata", "ownerReferences"]?.elements ?? []
    if let owner = owners.first(where: { $0["controller"]?.bool == true }) {
      return [owner["kind"]?.string, owner["name"]?.string].compactMap(\.self).joined(separator: " ")
    }
    let labels = object[path: "metadata", "labels"]?.stringMap ?? [:]
    let annotations = object[path: "metadata", "annotations"]?.stringMap ?? [:]
    let keys = (Array(labels.keys) + Array(annotations.keys)).sorted()
    if keys.contains(where: { $0.hasPrefix("argocd.argoproj.io/") }) { return "Argo CD" }
    if keys.contains(where: { $0.hasPrefix("kustomize.toolkit.fluxcd.io/") }) { return "Flux (Kustomization)" }
    if keys.contains(where: { $0.hasPrefix("helm.toolkit.fluxcd.io/") }) { return "Flux (HelmRelease)" }
    if let release = annotations["meta.helm.sh/release-name"] { return "Helm (release \(release))" }
    if labels[ClusterNames.managedBy] == "Helm" { return "Helm" }
    return nil
  }
}
