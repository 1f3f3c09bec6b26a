import FleetModel

/// The API server itself: version, clock, what it lets us see; and metrics, which are an API too.
struct APIChecks {
  let facts: ClusterFacts

  var checks: [PreflightCheck] { [version, clock, rights] }

  static func version(_ facts: ClusterFacts) -> Version? {
    facts.version.value?["gitVersion"]?.string.flatMap { Version($0) }
  }

  private var version: PreflightCheck {
    let title = "the API server's version is supported"
    guard let version = Self.version(facts), version.numbers.count > 1, version.numbers[0] == 1 else {
      let why = facts.version.why.isEmpty ? "it does not say its version" : facts.version.why
      return PreflightCheck("P01", .api, title, .unknown, why, cure: "see kubectl version")
    }
    switch version.numbers[1] {
    case ..<20:
      return PreflightCheck(
        "P01", .api, title, .fail, "\(version): server-side apply is not ready there", cure: "update to 1.29 or later")
    case ..<29:
      return PreflightCheck(
        "P01", .api, title, .warning, "\(version): sidecars cannot be native init containers before 1.29",
        cure: "update to 1.29 or later; until then Jobs with sidecars do not end by themselves")
    default: return PreflightCheck("P01", .api, title, .pass, "\(version)")
    }
  }

  /// The header Date has whole seconds, and the answer takes its time.
  private var clock: PreflightCheck {
    let title = "the clocks agree"
    guard let skew = facts.clockSkew else {
      return PreflightCheck("P02", .api, title, .unknown, "the server does not say its time", cure: "compare date -u")
    }
    let detail = "the server is \(abs(skew)) s \(skew < 0 ? "behind" : "ahead")"
    switch abs(skew) {
    case ...3: return PreflightCheck("P02", .api, title, .pass, "within 3 s")
    case ...60: return PreflightCheck("P02", .api, title, .warning, detail, cure: "let NTP set both clocks")
    default:
      return PreflightCheck(
        "P02", .api, title, .fail, "\(detail): certificates and leases would end too early or too late",
        cure: "let NTP set both clocks")
    }
  }

  private var rights: PreflightCheck {
    let title = "all that is checked can be read"
    let asked: [(String, String)] = [
      ("discovery", facts.discovery.why), ("nodes", facts.nodes.why), ("pods", facts.pods.why),
      ("namespaces", facts.namespaces.why), ("webhook configurations", facts.webhooks.why),
      ("services", facts.services.why), ("endpoints", facts.endpoints.why),
      ("deployments and daemonsets", facts.controllers.why),
    ]
    let denied = asked.filter { !$0.1.isEmpty }
    guard let first = denied.first else { return PreflightCheck("P03", .api, title, .pass, "nothing was refused") }
    return PreflightCheck(
      "P03", .api, title, .warning, "not read: \(denied.map(\.0).joined(separator: ", ")) (\(first.1))",
      cure: "ask for a role that may get and list them, such as the ClusterRole view with nodes added")
  }

  // MARK: - Metrics

  var metrics: [PreflightCheck] { [resourceMetrics, metricSource] }

  private var resourceMetrics: PreflightCheck {
    let title = "the metrics API answers"
    let cure = "install metrics-server, without which no autoscaler knows what sidecars take"
    guard let discovery = facts.discovery.value else {
      return PreflightCheck("P51", .metrics, title, .unknown, facts.discovery.why, cure: cure)
    }
    if let failure = discovery.failures.first(where: { $0.group == "metrics.k8s.io" }) {
      return PreflightCheck("P51", .metrics, title, .warning, failure.why, cure: cure)
    }
    return discovery.resource("PodMetrics", group: "metrics.k8s.io") != nil
      ? PreflightCheck("P51", .metrics, title, .pass, "metrics.k8s.io")
      : PreflightCheck("P51", .metrics, title, .warning, "there is no metrics.k8s.io", cure: cure)
  }

  private var metricSource: PreflightCheck {
    let title = "there is a source of metrics"
    guard let services = facts.services.value else {
      return PreflightCheck("P52", .metrics, title, .unknown, facts.services.why, cure: "name it with --prometheus")
    }
    let found = services.filter { service in
      let labels = service[path: "metadata", "labels"]?.stringMap ?? [:]
      let name = labels["app.kubernetes.io/name"] ?? labels["app"] ?? service[path: "metadata", "name"]?.string ?? ""
      return name == "prometheus" || name == "prometheus-server" || name == "prometheus-operated"
    }
    guard let first = found.first else {
      return PreflightCheck(
        "P52", .metrics, title, .warning, "no Prometheus was recognised",
        cure: "a rollout's own gates need none; give its address to 'judge watch --prometheus' and '--traffic'")
    }
    let names = [first[path: "metadata", "namespace"]?.string, first[path: "metadata", "name"]?.string]
    return PreflightCheck("P52", .metrics, title, .pass, names.compactMap(\.self).joined(separator: "/"))
  }
}
