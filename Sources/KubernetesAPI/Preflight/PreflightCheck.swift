import IntentModel

/// One thing that a rollout needs of a cluster, and whether it is so.
package struct PreflightCheck: Sendable, Equatable {
  package enum Result: String, Sendable, CaseIterable {
    case pass, warning, fail
    /// Not tried, or not to be seen with these rights. Never the same as `pass`.
    case unknown
  }

  package enum Category: String, Sendable, CaseIterable {
    case api = "API server"
    case nodes = "Nodes"
    case admission = "Admission"
    case mesh = "Mesh"
    case network = "Network"
    case metrics = "Metrics"
  }

  /// Stable, such as `P06`; docs/preflight.md has a section for each.
  package var code: String
  package var category: Category
  /// What should be so.
  package var title: String
  package var result: Result
  /// What was found.
  package var detail: String
  /// What to do; empty where it is so.
  package var cure: String

  init(
    _ code: String, _ category: Category, _ title: String, _ result: Result, _ detail: String, cure: String = ""
  ) {
    (self.code, self.category, self.title, self.result) = (code, category, title, result)
    (self.detail, self.cure) = (detail, result == .pass ? "" : cure)
  }
}

/// All checks, in a fixed order.
package struct PreflightReport: Sendable, Equatable {
  package var checks: [PreflightCheck]

  package init(checks: [PreflightCheck]) { self.checks = checks }

  /// Warnings and unknowns do not keep a rollout from starting.
  package var isReady: Bool { !checks.contains { $0.result == .fail } }
}

/// What a preflight is told.
package struct PreflightPlan: Sendable {
  package enum Mesh: String, Sendable, CaseIterable {
    case istioSidecar, istioAmbient, linkerd, consul, envoy

    /// Whether its pods redirect their traffic by an init container with rights, unless a CNI plugin does it.
    var needsNetworkAdmin: Bool { self != .istioAmbient }
    var hasSidecars: Bool { self != .istioAmbient }
  }

  /// Nil: whichever is there.
  package var mesh: Mesh?
  /// Nil for all namespaces but those of Kubernetes, of meshes and of Bulkhead.
  package var namespace: String?
  /// What a sidecar asks for, in thousandths of a processor and in bytes.
  package var sidecarMilliCPU = 100
  package var sidecarBytes = 128 << 20

  package init() {}

  /// Whether workloads of a namespace are to get sidecars.
  func covers(_ name: String) -> Bool {
    if let namespace { return name == namespace }
    return !MeshMembership.infrastructureNamespaces.contains(name)
  }
}
