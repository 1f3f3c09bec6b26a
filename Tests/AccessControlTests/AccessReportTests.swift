import AccessControl
import FleetModel
import Testing

@Suite struct AccessReportTests {
  struct Case: Sendable, CustomStringConvertible {
    var right: RiskyRight
    var has: PolicyRule
    var hasNot: PolicyRule
    var description: String { right.rawValue }
  }

  private static let rbac = "rbac.authorization.k8s.io"

  static let cases: [Case] = [
    Case(
      right: .createWorkloads, has: rule(["create"], ["cronjobs"], groups: ["batch"]),
      hasNot: rule(["create"], ["cronjobs"])),
    Case(
      right: .changeWorkloads, has: rule(["patch"], ["deployments"], groups: ["apps"]),
      hasNot: rule(["patch"], ["deployments/scale"], groups: ["apps"])),
    Case(right: .enterPods, has: rule(["create"], ["pods/attach"]), hasNot: rule(["create"], ["pods/log"])),
    Case(
      right: .debugPods, has: rule(["patch"], ["pods/ephemeralcontainers"]),
      hasNot: rule(["get"], ["pods/ephemeralcontainers"])),
    Case(
      right: .nodeProxy, has: rule(["get"], ["nodes/*", "nodes/proxy"]),
      hasNot: rule(["get"], ["nodes/*", "nodes/stats"])),
    Case(right: .readSecrets, has: rule(["watch"], ["secrets"]), hasNot: rule(["delete"], ["secrets"])),
    Case(
      right: .requestTokens, has: rule(["create"], ["serviceaccounts/token"]),
      hasNot: rule(["create"], ["serviceaccounts"])),
    Case(right: .writeSecrets, has: rule(["create"], ["secrets"]), hasNot: rule(["create"], ["secrets"], names: ["a"])),
    Case(
      right: .escalateRoles, has: rule(["escalate"], ["clusterroles"], groups: [rbac]),
      hasNot: rule(["update"], ["clusterroles"], groups: [rbac])),
    Case(
      right: .bindRoles, has: rule(["bind"], ["roles"], groups: [rbac]),
      hasNot: rule(["bind"], ["rolebindings"], groups: [rbac])),
    Case(right: .impersonate, has: rule(["impersonate"], ["groups"]), hasNot: rule(["impersonate"], ["pods"])),
    Case(
      right: .writeRoles, has: rule(["create"], ["rolebindings"], groups: [rbac]),
      hasNot: rule(["get"], ["rolebindings"], groups: [rbac])),
    Case(
      right: .approveCertificates,
      has: rule(["update"], ["certificatesigningrequests/approval"], groups: ["certificates.k8s.io"]),
      hasNot: rule(["update"], ["certificatesigningrequests/status"], groups: ["certificates.k8s.io"])),
    Case(right: .relabelNamespaces, has: rule(["patch"], ["namespaces"]), hasNot: rule(["delete"], ["namespaces"])),
    Case(
      right: .rewriteAdmission, has: rule(["create"], ["apiservices"], groups: ["apiregistration.k8s.io"]),
      hasNot: rule(["create"], ["apiservices"])),
    Case(
      right: .createVolumes, has: rule(["create"], ["persistentvolumes"]),
      hasNot: rule(["create"], ["persistentvolumeclaims"])),
    Case(
      right: .writeServices, has: rule(["patch"], ["services/status"]), hasNot: rule(["create"], ["services/proxy"])),
    Case(
      right: .mapCloudUsers, has: rule(["patch"], ["configmaps"], names: ["aws-auth"]),
      hasNot: rule(["patch"], ["configmaps"], names: ["coredns"])),
  ]

  @Test func everyRightHasACase() { #expect(Set(Self.cases.map(\.right)) == Set(RiskyRight.allCases)) }

  @Test(arguments: cases) func rightsAreFoundAndOthersAreNot(_ test: Case) {
    for (rule, expected) in [(test.has, true), (test.hasNot, false)] {
      var fixture = AccessFixture()
      fixture.role("r", [rule])
      fixture.bind([user("eve")], to: "r")
      let row = AccessReport(fixture.fleet, fixture.index).rows.first
      #expect((row?.capabilities.contains { $0.right == test.right } ?? false) == expected)
      if expected { #expect(row?.capabilities.first { $0.right == test.right }?.scope == .cluster) }
    }
  }

  @Test func scopesAndOriginsAreNamed() throws {
    var fixture = AccessFixture()
    fixture.role(
      "deploy", in: "shop", [rule(["create", "get"], ["pods"]), rule(["create"], ["jobs"], groups: ["batch"])])
    fixture.bind([account("ci")], to: "deploy", kind: "Role", in: "shop", name: "ci")
    fixture.bind([account("ci")], to: "edit", in: "ops", name: "ci-edit")
    fixture.workload("ci", in: "shop", account: "ci")
    fixture.workload("quiet", in: "shop", account: "ci", automount: false)
    let rows = AccessReport(fixture.fleet, fixture.index).rows
    let row = try #require(rows.first)
    #expect(rows.count == 1 && row.subject == account("ci"))
    #expect(row.tokenIn.map(\.name) == ["ci"])
    let creates = try #require(row.capabilities.first { $0.right == .createWorkloads })
    #expect(creates.scope == .namespaces(["ops", "shop"]))
    #expect(creates.uses.count == 2)
    let own = try #require(creates.uses.last)
    #expect(own.actions == "create pods, jobs.batch")
    #expect(own.place == "in namespace shop")
    #expect(own.origin == "through RoleBinding shop/ci (Role deploy)")
    #expect(creates.uses[0].origin == "through RoleBinding ops/ci-edit (ClusterRole edit, built in)")
  }

  @Test func builtInSubjectsAndSubjectsWithoutRiskAreLeftOut() {
    var fixture = AccessFixture()
    fixture.bind([user("system:kube-controller-manager")], to: "system:kube-controller-manager")
    fixture.bind([user("reader")], to: "view")
    fixture.bind([user("lost")], to: "gone")
    #expect(AccessReport(fixture.fleet, fixture.index).rows.map(\.subject) == [user("lost")])
    let all = AccessReport(fixture.fleet, fixture.index, includingBuiltIn: true).rows
    #expect(all.map(\.subject) == [user("lost"), user("system:kube-controller-manager")])
    #expect(all[1].isBuiltIn)
  }

  @Test func aHugeRoleIsBounded() {
    var fixture = AccessFixture()
    fixture.role("huge", (0..<50_000).map { rule(["get", "create"], ["secrets"], names: ["n\($0)"]) })
    fixture.bind([user("eve")], to: "huge")
    let rights = fixture.index.rights(of: user("eve"))
    #expect(rights.uses(of: .readSecrets).count == 50_000)
    #expect(rights.uses(of: .writeSecrets).isEmpty)
  }
}
