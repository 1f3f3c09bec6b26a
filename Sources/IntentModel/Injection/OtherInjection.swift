import FleetModel

/// Linkerd's decision (linkerd2 `pkg/inject`): the namespace's annotation decides unless the pod says `disabled`; in
/// other namespaces the pod's own. A value that Linkerd does not know takes the pod out.
enum LinkerdInjection {
  static let key = "linkerd.io/inject"

  private static func asks(_ value: String) -> Bool { value == "enabled" || value == "ingress" }

  static func standing(
    _ workload: Workload, _ labels: [String: String], _ annotations: [String: String]
  ) -> MeshMembership.Standing? {
    let namespace = annotations[key] ?? ""
    let own = workload.podAnnotations[key] ?? ""
    guard asks(namespace) || asks(own) else { return nil }
    // Linkerd's webhook selects namespaces by this label (chart linkerd-control-plane, proxyInjector).
    if labels["config.linkerd.io/admission-webhooks"] == "disabled" {
      return .optedOut(.linkerd, by: "config.linkerd.io/admission-webhooks=disabled on the namespace")
    }
    if !namespace.isEmpty, !asks(namespace), namespace != "disabled" {
      return .optedOut(.linkerd, by: "the unknown value \(key)=\(namespace) on the namespace")
    }
    if own.isEmpty || asks(own) { return .member(.linkerd) }
    return .optedOut(.linkerd, by: "\(key)=\(own)")
  }
}

/// Consul's decision (consul-k8s, connect-inject webhook): pods opt in by annotation unless the injector's default is
/// to take everything.
enum ConsulInjection {
  static let key = "consul.hashicorp.com/connect-inject"

  static func standing(_ workload: Workload, _ settings: MeshSettings) -> MeshMembership.Standing? {
    let own = workload.podAnnotations[key].map { ["1", "t", "T", "true", "TRUE", "True"].contains($0) }
    guard own ?? settings.consulByDefault else {
      return settings.consulByDefault ? .optedOut(.consul, by: "\(key)=false") : nil
    }
    if settings.consulDenied.contains(workload.id.namespace) {
      return .optedOut(.consul, by: "the injector's -deny-k8s-namespace=\(workload.id.namespace)")
    }
    return .member(.consul)
  }
}
