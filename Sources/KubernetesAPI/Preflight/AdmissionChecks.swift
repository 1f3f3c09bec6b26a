import FleetModel

/// Webhooks that could stop a rollout, and Pod Security that could refuse a sidecar.
struct AdmissionChecks {
  let facts: ClusterFacts
  let plan: PreflightPlan

  var checks: [PreflightCheck] { [webhooks, podSecurity] }

  private struct Hook {
    var name: String
    var service: String
    var timeout: Int
  }

  /// The hooks that must answer before a pod or an object of a workload is let in.
  private func blocking(_ configurations: [DocumentValue]) -> [Hook] {
    configurations.flatMap { configuration -> [Hook] in
      let owner = configuration[path: "metadata", "name"]?.string ?? "?"
      return (configuration["webhooks"]?.elements ?? []).compactMap { hook in
        // The default of v1 is Fail.
        guard hook["failurePolicy"]?.string ?? "Fail" == "Fail", touchesWorkloads(hook) else { return nil }
        let service = hook["clientConfig"]?["service"]
        let place = [service?["namespace"]?.string, service?["name"]?.string].compactMap(\.self).joined(separator: "/")
        return Hook(
          name: "\(owner)/\(hook["name"]?.string ?? "?")", service: place,
          timeout: hook["timeoutSeconds"]?.integer ?? 10)
      }
    }
  }

  private func touchesWorkloads(_ hook: DocumentValue) -> Bool {
    let wanted: Set<String> = [
      "*", "*/*", "pods", "pods/*", "deployments", "statefulsets", "daemonsets", "replicasets",
    ]
    func isMeant(_ rule: DocumentValue, _ key: String, _ wanted: Set<String>) -> Bool {
      rule[key]?.strings.contains(where: wanted.contains) ?? false
    }
    return (hook["rules"]?.elements ?? []).contains { rule in
      isMeant(rule, "resources", wanted) && isMeant(rule, "apiGroups", ["*", "", "apps"])
        && isMeant(rule, "operations", ["*", "CREATE", "UPDATE"])
    }
  }

  private var webhooks: PreflightCheck {
    let title = "admission webhooks answer"
    guard let configurations = facts.webhooks.value else {
      return PreflightCheck("P21", .admission, title, .unknown, facts.webhooks.why, cure: "see P03")
    }
    let hooks = blocking(configurations)
    guard let endpoints = facts.endpoints.value else {
      return PreflightCheck(
        "P21", .admission, title, hooks.isEmpty ? .pass : .unknown,
        "\(hooks.count) must answer; \(facts.endpoints.why)", cure: "ask for the right to list endpoints")
    }
    let alive = Set(endpoints.filter(Self.hasAddress).map(Self.place))
    let dead = hooks.filter { !$0.service.isEmpty && !alive.contains($0.service) }
    guard dead.isEmpty else {
      return PreflightCheck(
        "P21", .admission, title, .fail,
        "nothing answers for \(NodeChecks.some(dead.map(\.name))), and failurePolicy is Fail: pods may be refused",
        cure: "bring the service back, or remove the configuration of what is no longer installed")
    }
    let slow = hooks.filter { $0.timeout > 15 }
    guard slow.isEmpty else {
      return PreflightCheck(
        "P21", .admission, title, .warning, "\(NodeChecks.some(slow.map(\.name))) may hold up each pod for over 15 s",
        cure: "lower timeoutSeconds")
    }
    let detail = hooks.isEmpty ? "none must answer" : "\(hooks.count) with failurePolicy Fail, all with endpoints"
    return PreflightCheck("P21", .admission, title, .pass, detail)
  }

  static func place(_ object: DocumentValue) -> String {
    [object[path: "metadata", "namespace"]?.string, object[path: "metadata", "name"]?.string]
      .compactMap(\.self).joined(separator: "/")
  }

  static func hasAddress(_ endpoints: DocumentValue) -> Bool {
    (endpoints["subsets"]?.elements ?? []).contains { !($0["addresses"]?.elements ?? []).isEmpty }
  }

  /// The init container that redirects a pod's traffic needs NET_ADMIN, which Baseline refuses.
  private var podSecurity: PreflightCheck {
    let title = "Pod Security lets sidecars in"
    guard let namespaces = facts.namespaces.value else {
      return PreflightCheck(
        "P22", .admission, title, .unknown, facts.namespaces.why, cure: "ask for the right to list namespaces")
    }
    if let mesh = plan.mesh, !mesh.needsNetworkAdmin {
      return PreflightCheck("P22", .admission, title, .pass, "\(mesh.rawValue) adds nothing to pods")
    }
    if MeshChecks.hasPlugin(facts, for: plan.mesh) {
      return PreflightCheck("P22", .admission, title, .pass, "a CNI plugin redirects traffic; pods need no right")
    }
    let strict = namespaces.filter { namespace in
      let level = namespace[path: "metadata", "labels"]?.stringMap["pod-security.kubernetes.io/enforce"]
      return (level == "baseline" || level == "restricted") && plan.covers(Self.place(namespace))
    }
    guard !strict.isEmpty else {
      return PreflightCheck("P22", .admission, title, .pass, "no namespace enforces baseline or restricted")
    }
    return PreflightCheck(
      "P22", .admission, title, .fail,
      "\(NodeChecks.some(strict.map(Self.place))) would refuse an init container with NET_ADMIN",
      cure: plan.mesh == .envoy
        ? "plain Envoy has no CNI plugin: set the level to privileged while these are enrolled, or choose istioAmbient"
        : "install the mesh's CNI plugin, or choose istioAmbient; do not lower the level")
  }
}
