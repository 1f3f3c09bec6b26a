import FleetModel

/// Confines system calls to the runtime's default profile; a profile of the user's own stays.
enum SeccompRuntimeDefault: HardeningRule {
  private static let codes = ["L07", "L27", "L28", "L29", "L34", "L35", "L36", "L37"]
  private static let why = "without a profile user namespaces, keyrings and rarely used kernel code are open to attack"

  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    var changes: [HardeningChange] = []
    let podProfile = pod.securityContext.seccomp
    if isOpen(podProfile) {
      pod.securityContext.seccomp = .runtimeDefault
      changes.append(change("spec", before: podProfile))
    }
    return changes
      + forEachContainer(of: &pod) { container, path in
        let own = container.securityContext.seccomp
        guard isOpen(own) || (own == nil && podProfile == nil) else { return [] }
        container.securityContext.seccomp = .runtimeDefault
        return [change(path, before: own)]
      }
  }

  /// No filter, or a type that Kubernetes refuses.
  private static func isOpen(_ profile: SeccompProfile?) -> Bool {
    switch profile {
    case .unconfined, .other: true
    case nil, .runtimeDefault, .localhost: false
    }
  }

  private static func written(_ profile: SeccompProfile?) -> String {
    switch profile {
    case nil: "unset"
    case .runtimeDefault: "RuntimeDefault"
    case .unconfined: "Unconfined"
    case .localhost(let profile): "Localhost \(profile)"
    case .other(let type): type
    }
  }

  private static func change(_ path: String, before: SeccompProfile?) -> HardeningChange {
    HardeningChange(
      path: "\(path).securityContext.seccompProfile", before: written(before),
      after: "RuntimeDefault", closes: codes, why: why)
  }
}
