import FleetModel

/// Istio's decision: which of istiod's webhooks is asked (`manifests/charts/istio-control/istio-discovery`, template
/// mutatingwebhook), and then what the injector says (`pkg/kube/inject`, `injectRequired`).
enum IstioInjection {
  static let key = "sidecar.istio.io/inject"

  static func sidecar(
    _ workload: Workload, _ namespace: [String: String], _ settings: MeshSettings
  ) -> MeshMembership.Standing? {
    let label = workload.podLabels[key]
    let podRevision = workload.podLabels["istio.io/rev"]
    let switched = namespace["istio-injection"]
    let revision = namespace["istio.io/rev"]
    let asksNamespace = switched == "enabled" || (switched == nil && revision != nil)
    let asksPod = label == "true" || (podRevision != nil && label != "false")
    if switched == "enabled", let revision, label != "false" {
      return .conflicting(
        .istioSidecar, labels: "the namespace has both istio-injection=enabled and istio.io/rev=\(revision)")
    }
    // Every webhook leaves out a namespace with another value; the pod's own label cannot overrule it.
    if let switched, switched != "enabled" {
      return asksPod || revision != nil
        ? .optedOut(.istioSidecar, by: "istio-injection=\(switched) on the namespace") : nil
    }
    if label == "false" { return asksNamespace ? .optedOut(.istioSidecar, by: "\(key)=false") : nil }
    guard asksNamespace || asksPod || settings.istioEverywhere else { return nil }
    return injector(workload, settings)
  }

  /// What the injector decides once it is asked: the label beats the annotation, and both beat the selectors.
  private static func injector(_ workload: Workload, _ settings: MeshSettings) -> MeshMembership.Standing {
    let wish = workload.podLabels[key] ?? workload.podAnnotations[key] ?? ""
    switch wish.lowercased() {
    case "y", "yes", "true", "on": return .member(.istioSidecar)
    case "": break
    default: return .optedOut(.istioSidecar, by: "\(key)=\(wish)")
    }
    if settings.istioNever.contains(where: { $0.matches(workload.podLabels) }) {
      return .optedOut(.istioSidecar, by: "a neverInjectSelector of istio-sidecar-injector")
    }
    if settings.istioAlways.contains(where: { $0.matches(workload.podLabels) }) { return .member(.istioSidecar) }
    return settings.istioPolicyOff
      ? .optedOut(.istioSidecar, by: "policy: disabled of istio-sidecar-injector") : .member(.istioSidecar)
  }

  /// istio.io, "Add workloads to the mesh": the pod's label beats the namespace's; a pod with a sidecar is left alone,
  /// which the order of questions takes care of.
  static func ambient(_ workload: Workload, _ namespace: [String: String]) -> MeshMembership.Standing? {
    let key = "istio.io/dataplane-mode"
    let asksNamespace = namespace[key] == "ambient"
    switch workload.podLabels[key] {
    case "none": return asksNamespace ? .optedOut(.istioAmbient, by: "\(key)=none") : nil
    case "ambient": return .member(.istioAmbient)
    default: return asksNamespace ? .member(.istioAmbient) : nil
    }
  }
}
