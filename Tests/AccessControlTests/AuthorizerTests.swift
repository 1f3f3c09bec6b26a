import AccessControl
import FleetModel
import Testing

/// Rules of the authorizer, one by one.
@Suite struct AuthorizerTests {
  struct Case: Sendable, CustomStringConvertible {
    var description: String
    var rule: PolicyRule
    var verb: String
    var resource: String
    var group = ""
    var name: String?
    var allowed: Bool
  }

  static let cases: [Case] = [
    Case(description: "plain", rule: rule(["get"], ["pods"]), verb: "get", resource: "pods", allowed: true),
    Case(description: "other verb", rule: rule(["get"], ["pods"]), verb: "list", resource: "pods", allowed: false),
    Case(
      description: "other group", rule: rule(["get"], ["deployments"], groups: ["apps"]), verb: "get",
      resource: "deployments", allowed: false),
    Case(description: "any verb", rule: rule(["*"], ["pods"]), verb: "escalate", resource: "pods", allowed: true),
    Case(
      description: "any group", rule: rule(["get"], ["pods"], groups: ["*"]), verb: "get", resource: "pods",
      group: "metrics.k8s.io", allowed: true),
    Case(
      description: "a resource is not its subresource", rule: rule(["create"], ["pods"]), verb: "create",
      resource: "pods/exec", allowed: false),
    Case(
      description: "a subresource is not its resource", rule: rule(["get"], ["pods/log"]), verb: "get",
      resource: "pods", allowed: false),
    Case(
      description: "any resource covers subresources", rule: rule(["create"], ["*"]), verb: "create",
      resource: "pods/exec", allowed: true),
    Case(
      description: "a subresource of anything", rule: rule(["update"], ["*/scale"], groups: ["*"]), verb: "update",
      resource: "deployments/scale", group: "apps", allowed: true),
    Case(
      description: "another subresource of anything", rule: rule(["update"], ["*/scale"]), verb: "update",
      resource: "pods/status", allowed: false),
    Case(
      description: "pods/* is no pattern", rule: rule(["create"], ["pods/*"]), verb: "create", resource: "pods/exec",
      allowed: false),
    Case(
      description: "by name", rule: rule(["get"], ["secrets"], names: ["tls"]), verb: "get", resource: "secrets",
      name: "tls", allowed: true),
    Case(
      description: "by another name", rule: rule(["get"], ["secrets"], names: ["tls"]), verb: "get",
      resource: "secrets", name: "db", allowed: false),
    Case(
      description: "any name where names are limited", rule: rule(["get"], ["secrets"], names: ["tls"]), verb: "get",
      resource: "secrets", allowed: true),
    Case(
      description: "create carries no name", rule: rule(["create"], ["secrets"], names: ["tls"]), verb: "create",
      resource: "secrets", name: "tls", allowed: false),
    Case(
      description: "nor does deletecollection", rule: rule(["deletecollection"], ["secrets"], names: ["tls"]),
      verb: "deletecollection", resource: "secrets", allowed: false),
    Case(
      description: "create of a subresource does", rule: rule(["create"], ["pods/exec"], names: ["web-0"]),
      verb: "create", resource: "pods/exec", name: "web-0", allowed: true),
    Case(
      description: "list can select one name", rule: rule(["list"], ["secrets"], names: ["tls"]), verb: "list",
      resource: "secrets", allowed: true),
    Case(
      description: "a rule without groups allows nothing", rule: rule(["*"], ["*"], groups: []), verb: "get",
      resource: "pods", allowed: false),
  ]

  @Test(arguments: cases) func ruleAllows(_ test: Case) {
    #expect(test.rule.allows(test.verb, test.resource, group: test.group, name: test.name) == test.allowed)
  }

  @Test(arguments: [
    ("*", "/metrics", true), ("/healthz", "/healthz", true), ("/healthz", "/healthz/etcd", false),
    ("/healthz/*", "/healthz/etcd", true), ("/healthz/*", "/healthz", false), ("/api*", "/apis", true),
    ("/a**", "/abc", true), ("/openapi/*", "/open", false),
  ])
  func pathsMatch(pattern: String, path: String, allowed: Bool) {
    let rule = PolicyRule(verbs: ["get"], nonResourceURLs: [pattern])
    #expect(rule.allows("get", path: path) == allowed)
    #expect(!rule.allows("post", path: path))
    #expect(!rule.allows("get", "pods", group: "", name: nil))
  }

  @Test func aRoleBindingGivesNothingOfTheCluster() {
    var fixture = AccessFixture()
    fixture.role("all", [rule(["*"], ["*"], groups: ["*"]), PolicyRule(verbs: ["*"], nonResourceURLs: ["*"])])
    fixture.bind([account("a")], to: "all", in: "shop")
    let rights = fixture.index.rights(of: account("a"))
    #expect(rights.may("get", "secrets", namespace: "shop"))
    #expect(!rights.may("get", "secrets", namespace: "other"))
    #expect(!rights.may("get", "nodes/proxy"))
    #expect(!rights.may("create", "clusterrolebindings", group: "rbac.authorization.k8s.io"))
    #expect(!rights.may("impersonate", "users"))
    #expect(rights.may("impersonate", "serviceaccounts", namespace: "shop"))
    #expect(rights.may("patch", "namespaces"), "a request for one namespace is authorised inside it")
    #expect(rights.may("bind", "clusterroles", group: "rbac.authorization.k8s.io"))
    #expect(rights.grants(allowing: "get", path: "/metrics").isEmpty)
    #expect(rights.everything == nil)
  }
}
