import Foundation
import Testing

/// The roles of `deploy/`, on a real API server: nothing that is missing, and nothing that is too much.
@Suite(
  "Rights on a cluster", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Image.envoy != nil, "needs Envoy: run Scripts/bootstrap, or set BULKHEAD_ENVOY"), .clusterForRollouts)
struct RightsTests {
  private static let deploy = Tool.project + "/deploy"
  private static let shop = RolloutShop.namespace

  // MARK: - Planner

  @Test("the planner reads what is read and no more: without a rule, its kinds are named as not read")
  func planner() async throws {
    let cluster = try Cluster.current()
    try await cluster.kubectl("apply", "-f", Self.deploy + "/planner.yaml")
    try await withFolder { folder in
      let rules = try await cluster.rules("bulkhead-planner")
      try await makeKinds(of: rules, cluster)
      let rollout = Rollout(cluster: try await cluster.asAccount("bulkhead-planner", in: folder), folder: folder)
      // Secrets are left out on purpose: who may list their names may read them.
      try await expectNotRead(["secrets"], rollout)
      let planned = try await rollout.bulkhead("plan", "--kube", "-A", "--mesh", "envoy", "-o", "yaml")
      #expect(planned.code == 0, "\(planned.messages)")

      for (index, rule) in rules.enumerated() {
        var others = rules
        others.remove(at: index)
        try await cluster.setRules(others, ofClusterRole: "bulkhead-planner")
        let kinds = rule.rights.map { $0.resource == "*" ? "things.\($0.group)" : $0.kind }
        try await expectNotRead(Set(kinds + ["secrets"]), rollout)
      }
      try await cluster.setRules(rules, ofClusterRole: "bulkhead-planner")
      #expect(rules.allSatisfy { $0.verbs == ["list"] && !$0.resources.contains("secrets") })
    }
  }

  /// What `survey` and `preflight` say that they could not read, which takes a moment to follow a change of rules.
  private func expectNotRead(_ kinds: Set<String>, _ rollout: Rollout) async throws {
    var seen: Set<String> = []
    let isSo = try await eventually(within: .seconds(20)) {
      seen = try await notRead(rollout)
      return seen == kinds
    }
    #expect(isSo, "not read: \(seen.sorted()), and should be: \(kinds.sorted())")
  }

  private func notRead(_ rollout: Rollout) async throws -> Set<String> {
    struct Survey: Decodable {
      struct Finding: Decodable {
        var code: String
        var message: String
      }
      var findings: [Finding]
    }
    struct Preflight: Decodable {
      struct Category: Decodable { var checks: [Check] }
      struct Check: Decodable {
        var code: String
        var detail: String
      }
      var categories: [Category]
    }
    let survey = try await rollout.bulkhead("survey", "--kube", "-A", "-o", "json")
    try #require(survey.code == 0, "\(survey.messages)")
    let findings = try JSONDecoder().decode(Survey.self, from: Data(survey.output.utf8)).findings
    var kinds = Set(
      findings.filter { $0.code == "BH-INTAKE-014" }.compactMap {
        $0.message.split(separator: ":").first.map(String.init)
      })
    let preflight = try await rollout.bulkhead("preflight", "-o", "json")
    let checks = try JSONDecoder().decode(Preflight.self, from: Data(preflight.output.utf8)).categories.flatMap(
      \.checks)
    // Endpoints are read by preflight alone.
    if checks.contains(where: { $0.code == "P03" && $0.detail.contains("endpoints") }) {
      kinds.insert("endpoints")
    }
    return kinds
  }

  /// One kind for each group that this API server lacks, so that there is something to read.
  private func makeKinds(of rules: [Rule], _ cluster: Cluster) async throws {
    let rights = rules.flatMap(\.rights)
    let kinds =
      rights.filter { $0.resource == "*" }.map { ($0.group, "things", "Thing") }
      + [
        ("policy.networking.k8s.io", "adminnetworkpolicies", "AdminNetworkPolicy"),
        ("policy.networking.k8s.io", "baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy"),
      ]
    let definitions = kinds.map { group, plural, kind in
      """
      {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"\(plural).\(group)",
       "annotations":{"api-approved.kubernetes.io":"unapproved, for a test"}},
       "spec":{"group":"\(group)","scope":"Cluster","names":{"plural":"\(plural)","kind":"\(kind)"},
        "versions":[{"name":"v1","served":true,"storage":true,
         "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}
      """
    }
    try await cluster.kubectl("apply", "-f", "-", input: definitions.joined(separator: "\n"))
    try await cluster.kubectl(
      "wait", "--for=condition=Established", "customresourcedefinitions", "--all", "--timeout=60s")
  }

  // MARK: - Executor

  @Test("the executor rolls out and back with its rights, uses each of them, and has none elsewhere")
  func executor() async throws {
    let cluster = try Cluster.current()
    try await prepareShop(cluster)
    try await withFolder { folder in
      let rollout = Rollout(cluster: try await cluster.asAccount("bulkhead-executor", in: folder), folder: folder)
      let plan = try rollout.write("plan.yaml", Plans.enrolKinds)
      // A second is too short for a verdict: the canary comes, and goes again.
      let ending = try await rollout.start(plan: plan, out: "run", "--skip-trials", "--deadline", "1")
      #expect(ending.code == 80, "\(ending.messages)")
      try await expectRestricted(Rollout(cluster: cluster, folder: folder))
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")

      let events = try cluster.audit(of: "bulkhead-executor")
      let refused = events.filter { $0.responseStatus?.code == 403 }
      #expect(refused.isEmpty, "refused: \(refused.map { "\($0.verb) \($0.requestURI)" })")
      let places: [(namespace: String?, role: String, isCluster: Bool)] = [
        (nil, "bulkhead-executor", true), ("bulkhead", "bulkhead-executor", false),
        (Self.shop, "bulkhead-executor-enrolled", true),
      ]
      for place in places {
        let rules = try await cluster.rules(place.role, in: place.isCluster ? nil : place.namespace)
        // The log names a namespace as being in itself.
        let own = events.filter {
          $0.objectRef?.namespace == place.namespace || place.namespace == nil && $0.objectRef?.resource == "namespaces"
        }
        let unused = rules.flatMap(\.rights).filter { right in !own.contains { $0.uses(right) } }
        let due = (Self.passedOn[place.namespace ?? ""] ?? []).union(place.namespace == Self.shop ? Self.isolating : [])
        #expect(Set(unused) == due, "granted to \(place) and not used: \(unused)")
      }
      try await expectNothingElsewhere(cluster)
      try await expectPassedOnIsNeeded(cluster, rollout)
      let stray = Plans.enrolOnly.split(separator: Self.shop + "/").joined(separator: "default/")
      let strayed = try await rollout.start(plan: try rollout.write("stray.yaml", stray), out: "stray")
      #expect(strayed.code == 77, "\(strayed.code): \(strayed.messages)")
    }
  }

  /// Rights that are only held because the discovery server gets them, by namespace.
  private static let passedOn: [String: Set<Right>] = [
    "": [Right(group: "authentication.k8s.io", resource: "tokenreviews", verb: "create", name: "")],
    "bulkhead": Set(
      ["list", "watch"].map { Right(group: "", resource: "configmaps", verb: $0, name: "bulkhead-mesh") }),
    shop: Set(["pods", "services"].map { Right(group: "", resource: $0, verb: "watch", name: "") }),
  ]

  /// Written by waves that isolate a workload, which the rollout of this test does not come to.
  private static let isolating = Set(
    ["create", "patch", "delete"].map {
      Right(group: "networking.k8s.io", resource: "networkpolicies", verb: $0, name: "")
    })

  private func prepareShop(_ cluster: Cluster) async throws {
    try await cluster.kubectl("apply", "-f", Self.deploy + "/planner.yaml", "-f", Self.deploy + "/executor.yaml")
    let shop = [RolloutShop.manifests, RolloutShop.store, RolloutShop.agent].joined(separator: "\n")
    try await cluster.kubectl("apply", "-f", "-", input: shop)
    try await cluster.kubectl("apply", "-n", Self.shop, "-f", Self.deploy + "/enrolled-namespace.yaml")
    // What stand-ins have counted is read through the API server; applications are not asked.
    try await cluster.kubectl("-n", Self.shop, "create", "role", "standins", "--verb=get", "--resource=pods/proxy")
    try await cluster.kubectl(
      "-n", Self.shop, "create", "rolebinding", "standins", "--role=standins",
      "--serviceaccount=bulkhead:bulkhead-executor")
    for workload in ["deployment/cart", "deployment/users", "statefulset/store", "daemonset/agent"] {
      try await cluster.kubectl("-n", Self.shop, "rollout", "status", workload, "--timeout=120s")
    }
  }

  /// The discovery server's pod, by Bulkhead's own reading of the Pod Security standards.
  private func expectRestricted(_ rollout: Rollout) async throws {
    struct Audit: Decodable {
      struct Entry: Decodable {
        struct Resource: Decodable {
          var kind: String
          var name: String
        }
        var resource: Resource
        var level: String
      }
      var podSecurity: [Entry]
    }
    let audited = try await rollout.bulkhead("audit", "--kube", "-n", "bulkhead", "-o", "json")
    let entries = try JSONDecoder().decode(Audit.self, from: Data(audited.output.utf8)).podSecurity
    let server = entries.first { $0.resource.kind == "Deployment" && $0.resource.name == "bulkhead-discovery" }
    #expect(server?.level == "restricted", "\(entries)")
  }

  /// By the API server's own word, in a namespace that is not enrolled, and in the whole cluster.
  private func expectNothingElsewhere(_ cluster: Cluster) async throws {
    let rights =
      try await cluster.rules("bulkhead-executor-enrolled").flatMap(\.rights)
      + cluster.rules("bulkhead-executor", in: "bulkhead").flatMap(\.rights)
      + ["impersonate", "escalate", "bind"].map {
        Right(group: "rbac.authorization.k8s.io", resource: "clusterroles", verb: $0, name: "cluster-admin")
      }
    let kinds = ["deployments.apps", "daemonsets.apps", "secrets", "services/proxy", "pods/exec", "nodes"].flatMap {
      kind in
      let parts = kind.split(separator: ".", maxSplits: 1).map(String.init)
      return ["get", "list", "create", "patch", "update", "delete"].map {
        Right(group: parts.dropFirst().joined(), resource: parts[0], verb: $0, name: "")
      }
    }
    for place in ["default", "kube-system", nil] {
      let permitted = try await cluster.permitted(rights + kinds, to: "bulkhead-executor", in: place)
      #expect(permitted.isEmpty, "in \(place ?? "the whole cluster"): \(permitted)")
    }
    // The check itself can tell.
    let own = try await cluster.permitted(rights, to: "bulkhead-executor", in: Self.shop)
    #expect(own.count >= 20)
  }

  /// Without what it passes on, the discovery server's role is refused.
  private func expectPassedOnIsNeeded(_ cluster: Cluster, _ rollout: Rollout) async throws {
    let role = "bulkhead-executor-enrolled"
    let rules = try await cluster.rules(role)
    let manifest = try rollout.write(
      "role.json",
      """
      {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role",
       "metadata":{"name":"bulkhead-discovery","namespace":"\(Self.shop)"},
       "rules":[{"apiGroups":[""],"resources":["pods","services"],"verbs":["list","watch"]}]}
      """)
    func attempt() async throws -> Tool.Ending {
      try await rollout.cluster.tryKubectl(["apply", "--server-side", "--validate=false", "-f", manifest])
    }
    for resource in ["pods", "services"] {
      let fewer = rules.map { rule -> Rule in
        var rule = rule
        if rule.verbs == ["watch"] { rule.resources.removeAll { $0 == resource } }
        return rule
      }
      try await cluster.setRules(fewer, ofClusterRole: role)
      var last = Tool.Ending(code: 0, output: "", messages: "")
      let isRefused = try await eventually(within: .seconds(20)) {
        last = try await attempt()
        try await cluster.kubectl("-n", Self.shop, "delete", "role", "bulkhead-discovery", "--ignore-not-found")
        return last.code != 0
      }
      #expect(isRefused && last.messages.contains("attempting to grant RBAC permissions"), "\(last.messages)")
    }
    try await cluster.setRules(rules, ofClusterRole: role)
    #expect(try await eventually(within: .seconds(20)) { try await attempt().code == 0 })
    try await cluster.kubectl("-n", Self.shop, "delete", "role", "bulkhead-discovery")
  }
}
