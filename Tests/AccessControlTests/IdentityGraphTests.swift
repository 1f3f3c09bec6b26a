import AccessControl
import FleetModel
import Testing

@Suite struct IdentityGraphTests {
  private static let rbac = "rbac.authorization.k8s.io"

  struct Case: Sendable, CustomStringConvertible {
    var description: String
    var rules: [PolicyRule]
    /// Nil binds in the whole cluster.
    var namespace: String? = "shop"
    var targets: Set<IdentityTarget>
  }

  static let cases: [Case] = [
    Case(
      description: "pods", rules: [rule(["create"], ["pods"])],
      targets: [.accounts(namespace: "shop"), .nodes]),
    Case(
      description: "pods where Pod Security is enforced", rules: [rule(["create"], ["pods"])], namespace: "safe",
      targets: [.accounts(namespace: "safe")]),
    Case(
      description: "pods everywhere", rules: [rule(["create"], ["pods"])], namespace: nil,
      targets: [.accounts(namespace: nil), .nodes]),
    Case(description: "exec", rules: [rule(["create"], ["pods/exec"])], targets: [.pods(namespace: "shop")]),
    Case(
      description: "changing pods", rules: [rule(["patch"], ["pods"])], targets: [.pods(namespace: "shop")]),
    Case(
      description: "changing templates", rules: [rule(["patch"], ["deployments"], groups: ["apps"])],
      targets: [.pods(namespace: "shop"), .accounts(namespace: "shop"), .nodes]),
    Case(
      description: "token secrets", rules: [rule(["get"], ["secrets"])],
      targets: [.subject(account("legacy"))]),
    Case(description: "another secret by name", rules: [rule(["get"], ["secrets"], names: ["tls"])], targets: []),
    Case(
      description: "token requests", rules: [rule(["create"], ["serviceaccounts/token"])],
      targets: [.accounts(namespace: "shop")]),
    Case(
      description: "token requests by name", rules: [rule(["create"], ["serviceaccounts/token"], names: ["b"])],
      targets: [.subject(account("b"))]),
    Case(description: "writing secrets blindly", rules: [rule(["create"], ["secrets"], groups: [""])], targets: []),
    Case(
      description: "writing and reading secrets", rules: [rule(["create", "update"], ["secrets"])],
      targets: [.accounts(namespace: "shop")]),
    Case(
      description: "impersonating by name", rules: [rule(["impersonate"], ["serviceaccounts"], names: ["b"])],
      targets: [.subject(account("b"))]),
    Case(
      description: "impersonating groups alone", rules: [rule(["impersonate"], ["groups"])], namespace: nil, targets: []
    ),
    Case(
      description: "impersonating users", rules: [rule(["impersonate"], ["users"])], namespace: nil,
      targets: [.subject(.masters)]),
    Case(
      description: "escalate without write", rules: [rule(["escalate"], ["clusterroles"], groups: [rbac])],
      namespace: nil, targets: []),
    Case(
      description: "escalate with write", rules: [rule(["escalate", "patch"], ["clusterroles"], groups: [rbac])],
      namespace: nil, targets: [.subject(.masters)]),
    Case(
      description: "bind in a namespace",
      rules: [rule(["bind"], ["clusterroles"], groups: [rbac]), rule(["create"], ["rolebindings"], groups: [rbac])],
      targets: [.accounts(namespace: "shop")]),
    Case(
      description: "cluster-scoped rights in a namespace",
      rules: [rule(["get"], ["nodes/proxy"]), rule(["create"], ["persistentvolumes"])], targets: []),
    Case(
      description: "nodes/proxy", rules: [rule(["get"], ["nodes/proxy"])], namespace: nil,
      targets: [.pods(namespace: nil), .nodes]),
    Case(
      description: "approval without a signer",
      rules: [rule(["update"], ["certificatesigningrequests/approval"], groups: ["certificates.k8s.io"])],
      namespace: nil, targets: []),
    Case(
      description: "approval",
      rules: [
        rule(["update"], ["certificatesigningrequests/approval"], groups: ["certificates.k8s.io"]),
        rule(["approve"], ["signers"], groups: ["certificates.k8s.io"], names: ["kubernetes.io/*"]),
      ], namespace: nil, targets: [.subject(.masters)]),
    Case(
      description: "relabelling and pods", rules: [rule(["patch"], ["namespaces"]), rule(["create"], ["pods"])],
      namespace: "safe", targets: [.accounts(namespace: "safe"), .nodes]),
  ]

  @Test(arguments: cases) func rightsLeadWhereTheyLead(_ test: Case) {
    var fixture = AccessFixture()
    var safe = Namespace(name: "safe", labels: [PodSecurityLabel.enforce: "restricted"], location: nowhere)
    safe.annotations = [:]
    fixture.fleet.namespaces = [safe]
    var secret = Secret(id: ObjectReference(kind: "Secret", namespace: "shop", name: "legacy-token"), location: nowhere)
    secret.type = "kubernetes.io/service-account-token"
    secret.annotations["kubernetes.io/service-account.name"] = "legacy"
    fixture.fleet.secrets = [secret]
    fixture.role("r", in: test.namespace, test.rules)
    fixture.bind([user("eve")], to: "r", kind: test.namespace == nil ? "ClusterRole" : "Role", in: test.namespace)
    let graph = IdentityGraph(fixture.fleet, fixture.index)
    #expect(Set(graph.edges(from: user("eve")).map(\.to)) == test.targets)
    for edge in graph.edges(from: user("eve")) {
      #expect(!edge.message.isEmpty && edge.binding.name == "b0" && edge.code.count == 3)
    }
  }

  /// exec → the pod's account → secrets … → everything.
  @Test func identitiesAreReachedStepByStep() {
    var fixture = AccessFixture()
    for name in ["a", "b", "c", "d"] { fixture.account(name, in: "shop") }
    fixture.account("z", in: "ops")
    fixture.workload("web", in: "shop", account: "b")
    fixture.workload("quiet", in: "shop", account: "d", automount: false)
    fixture.role("enter", in: "shop", [rule(["create"], ["pods/exec"])])
    fixture.role("token", in: "shop", [rule(["create"], ["serviceaccounts/token"], names: ["c"])])
    fixture.role("pods", in: "ops", [rule(["create"], ["pods"])])
    fixture.bind([account("a")], to: "enter", kind: "Role", in: "shop")
    fixture.bind([account("b")], to: "token", kind: "Role", in: "shop")
    fixture.bind([account("c")], to: "pods", kind: "Role", in: "ops")
    let graph = IdentityGraph(fixture.fleet, fixture.index)
    #expect(graph.reachable(from: account("a")) == [account("z", "ops"), account("b"), account("c")].sorted())
    #expect(graph.reachable(from: account("d")).isEmpty)
    #expect(graph.reachable(from: account("a"), limit: 1) == [account("b")])
  }

  @Test func administratorsAreOneEdgeAndMastersAreEverybody() {
    var fixture = AccessFixture()
    for number in 0..<50 { fixture.account("a\(number)", in: "shop") }
    for number in 0..<50 { fixture.bind([account("a\(number)")], to: "cluster-admin") }
    let graph = IdentityGraph(fixture.fleet, fixture.index)
    #expect(graph.edges.count == 50 + 3)
    #expect(graph.reachable(from: account("a1")) == [.masters])
    #expect(graph.reachable(from: .masters).count == 50)
    #expect(graph.members(of: .accounts(namespace: nil)).count == 50)
  }

  /// Two readings of the same objects in another order give the same edges.
  @Test func orderOfTheInputDoesNotMatter() {
    var fixture = AccessFixture()
    fixture.role("r", in: "shop", [rule(["create"], ["pods", "pods/exec"])])
    for number in 0..<20 {
      fixture.account("a\(number)", in: "shop")
      fixture.bind([account("a\(number)"), user("eve")], to: "r", kind: "Role", in: "shop", name: "b\(number)")
    }
    let first = IdentityGraph(fixture.fleet, fixture.index).edges
    fixture.fleet.roleBindings.reverse()
    fixture.fleet.serviceAccounts.reverse()
    #expect(IdentityGraph(fixture.fleet, fixture.index).edges == first)
  }
}
