import AccessControl
import FleetModel
import Testing

@Suite struct RoleTests {
  private static func label(_ name: String) -> LabelSelector {
    LabelSelector([.init(key: name, operation: .isIn, values: ["true"])])
  }

  @Test func aggregationIsTransitiveAndEndsOnCycles() {
    var fixture = AccessFixture()
    fixture.role("top", [], labels: ["c": "true"], collecting: [Self.label("a")])
    fixture.role("middle", [], labels: ["a": "true"], collecting: [Self.label("b")])
    fixture.role("leaf", [rule(["get"], ["pods"])], labels: ["b": "true"], collecting: [Self.label("c")])
    fixture.role("other", [rule(["get"], ["secrets"])], labels: ["d": "true"])
    fixture.bind([account("a")], to: "top", in: "shop")
    let rights = fixture.index.rights(of: account("a"))
    #expect(rights.may("get", "pods", namespace: "shop"))
    #expect(!rights.may("get", "secrets"))
    let grant = rights.grants(allowing: "get", "pods")[0]
    #expect(grant.role.name == "top" && grant.writtenIn.name == "leaf" && !grant.isBuiltIn)
  }

  @Test func aRoleIsCollectedByTheBuiltInOnes() {
    var fixture = AccessFixture()
    fixture.role(
      "crd-edit", [rule(["patch"], ["gadgets"], groups: ["example.org"])],
      labels: ["rbac.authorization.k8s.io/aggregate-to-edit": "true"])
    fixture.bind([account("editor")], to: "edit", in: "shop")
    fixture.bind([account("viewer")], to: "view", in: "shop")
    fixture.bind([account("boss")], to: "admin", in: "shop")
    let index = fixture.index
    #expect(index.rights(of: account("editor")).may("patch", "gadgets", group: "example.org"))
    #expect(index.rights(of: account("boss")).may("patch", "gadgets", group: "example.org"))
    #expect(!index.rights(of: account("viewer")).may("patch", "gadgets", group: "example.org"))
  }

  struct Known: Sendable, CustomStringConvertible {
    var role: String
    var verb: String
    var resource: String
    var group = ""
    var allowed: Bool
    var description: String { "\(role): \(verb) \(resource)" }
  }

  @Test(arguments: [
    Known(role: "view", verb: "list", resource: "pods", allowed: true),
    Known(role: "view", verb: "list", resource: "secrets", allowed: false),
    Known(role: "edit", verb: "list", resource: "secrets", allowed: true),
    Known(role: "edit", verb: "create", resource: "pods/exec", allowed: true),
    Known(role: "edit", verb: "create", resource: "deployments", group: "apps", allowed: true),
    Known(role: "edit", verb: "create", resource: "rolebindings", group: "rbac.authorization.k8s.io", allowed: false),
    Known(role: "admin", verb: "create", resource: "rolebindings", group: "rbac.authorization.k8s.io", allowed: true),
    Known(role: "admin", verb: "escalate", resource: "roles", group: "rbac.authorization.k8s.io", allowed: false),
    Known(role: "admin", verb: "list", resource: "pods", allowed: true),
    Known(role: "cluster-admin", verb: "anything", resource: "every/thing", group: "x", allowed: true),
    Known(role: "system:kubelet-api-admin", verb: "get", resource: "nodes/proxy", allowed: true),
    Known(
      role: "system:auth-delegator", verb: "create", resource: "tokenreviews", group: "authentication.k8s.io",
      allowed: true),
    Known(
      role: "system:controller:clusterrole-aggregation-controller", verb: "escalate", resource: "clusterroles",
      group: "rbac.authorization.k8s.io", allowed: true),
    Known(role: "system:kube-controller-manager", verb: "create", resource: "serviceaccounts/token", allowed: true),
    Known(role: "system:kube-controller-manager", verb: "watch", resource: "secrets", allowed: true),
  ])
  func builtInRolesAreKnown(_ known: Known) {
    var fixture = AccessFixture()
    fixture.bind([account("a")], to: known.role)
    let rights = fixture.index.rights(of: account("a"))
    #expect(rights.unresolved.isEmpty)
    #expect(!rights.grants.contains { !$0.isBuiltIn })
    #expect(rights.may(known.verb, known.resource, group: known.group) == known.allowed)
  }

  @Test func builtInRolesHaveNamesOnceAndNoEmptyRule() {
    let names = BuiltInRoles.all.map(\.id.name)
    #expect(Set(names).count == names.count)
    #expect(names.count > 60)
    for role in BuiltInRoles.all {
      #expect(!role.rules.isEmpty || !role.aggregates.isEmpty, "\(role.id)")
      for rule in role.rules {
        #expect(
          !rule.verbs.isEmpty && rule.verbs.allSatisfy { $0 == "*" || $0.allSatisfy(\.isLowercase) }, "\(role.id)")
        #expect(rule.resources.isEmpty != rule.nonResourceURLs.isEmpty, "\(role.id)")
        #expect(rule.resources.isEmpty == rule.apiGroups.isEmpty, "\(role.id)")
      }
    }
  }

  @Test func aRoleOfTheInputWinsOverTheBuiltInOne() {
    var fixture = AccessFixture()
    fixture.role("view", [rule(["get"], ["pods"])])
    fixture.bind([account("a")], to: "view")
    let rights = fixture.index.rights(of: account("a"))
    #expect(rights.grants.count == 1 && !rights.grants[0].isBuiltIn)
    #expect(!rights.may("list", "pods"))
  }

  @Test func aRoleThatIsNowhereIsUnknown() {
    var fixture = AccessFixture()
    fixture.bind([account("a"), group("devs")], to: "gone", kind: "Role", in: "shop", name: "lost")
    fixture.role("here", in: "shop", [])
    fixture.bind([account("b")], to: "here", kind: "Role", name: "cluster-binding-to-a-role")
    let index = fixture.index
    #expect(index.rights(of: account("a")).unresolved.map(\.name) == ["lost"])
    #expect(index.rights(of: group("devs")).unresolved.map(\.name) == ["lost"])
    #expect(index.rights(of: account("b")).unresolved.count == 1)
  }
}
