import AccessControl
import Breach
import FleetModel
import Intake
import Testing

/// Vectors that are rights: each with a subject that has it, one that has not, and one of whom it cannot be said.
@Suite struct APIRightsTests {
  struct Case: Sendable, CustomStringConvertible {
    var code: String
    var what: String
    var yaml: String
    var verdict: APIFixture.Verdict
    var kubelet: String?
    var description: String { "\(code) \(what)" }

    init(_ code: String, _ what: String, _ yaml: String, _ verdict: APIFixture.Verdict, kubelet: String? = nil) {
      self.code = code
      self.what = what
      self.yaml = yaml
      self.verdict = verdict
      self.kubelet = kubelet
    }
  }

  private static func role(_ rules: String..., cluster: Bool = false) -> String {
    APIFixture.role(rules.joined(separator: ", "), cluster: cluster)
  }
  private static func rule(_ groups: String, _ resources: String, _ verbs: String, names: String = "") -> String {
    APIFixture.rule(groups, resources, verbs, names: names)
  }
  private static let rbac = "rbac.authorization.k8s.io"
  private static let certificates = "certificates.k8s.io"
  private static let admission = "admissionregistration.k8s.io"

  /// The right that makes it open, and one beside it that does not.
  static let rights: [Case] = [
    Case("K01", "pods", role(rule("''", "pods", "create")), .open),
    Case("K01", "any controller", role(rule("batch", "cronjobs", "create")), .open),
    Case("K01", "reading", role(rule("''", "pods", "get, list")), .closed),
    Case("K01", "edit", APIFixture.bind("ClusterRole", "edit"), .open),
    Case("K01", "view", APIFixture.bind("ClusterRole", "view"), .closed),
    Case(
      "K01", "Pod Security", APIFixture.namespace("shop", "restricted") + role(rule("''", "pods", "create")), .closed),
    Case(
      "K01", "privileged level",
      APIFixture.namespace("shop", "privileged") + role(rule("''", "pods", "create")), .open),
    Case(
      "K01", "Pod Security with a stronger neighbour",
      APIFixture.namespace("shop", "baseline") + role(rule("''", "pods", "create")) + "\n"
        + APIFixture.bind("ClusterRole", "admin", account: "boss"), .open),
    Case(
      "K01", "everywhere although one namespace is safe",
      APIFixture.namespace("shop", "restricted") + role(rule("''", "pods", "create"), cluster: true), .open),
    Case("K02", "patch", role(rule("''", "namespaces", "patch"), cluster: true), .open),
    Case("K02", "in its own namespace", role(rule("''", "namespaces", "update")), .open),
    Case("K02", "create", role(rule("''", "namespaces", "create"), cluster: true), .closed),
    Case("K03", "exec", role(rule("''", "pods/exec", "create")), .open),
    Case("K03", "all subresources by *", role(rule("''", "'*'", "create")), .open),
    Case("K03", "logs", role(rule("''", "pods/log", "get, create")), .closed),
    Case("K03", "get", role(rule("''", "pods/exec", "get")), .open),
    Case("K03", "get since 1.35", role(rule("''", "pods/exec", "get")), .closed, kubelet: "v1.35.0"),
    Case("K03", "create since 1.35", role(rule("''", "pods/exec", "create")), .open, kubelet: "v1.35.0"),
    Case("K04", "get", role(rule("''", "nodes/proxy", "get"), cluster: true), .open),
    Case("K04", "by a RoleBinding", role(rule("''", "nodes/proxy", "get")), .closed),
    Case("K04", "fine-grained", role(rule("''", "nodes/metrics, nodes/stats", "get"), cluster: true), .closed),
    Case("K06", "list", role(rule("''", "secrets", "list")), .open),
    Case("K06", "get one by name", role(rule("''", "secrets", "get", names: "tls")), .closed),
    Case("K06", "delete", role(rule("''", "secrets", "delete")), .closed),
    Case(
      "K06", "get a token by name",
      """
      apiVersion: v1
      kind: Secret
      type: kubernetes.io/service-account-token
      metadata: {name: old, namespace: shop, annotations: {kubernetes.io/service-account.name: boss}}
      ---

      """ + role(rule("''", "secrets", "get", names: "old")), .open),
    Case("K07", "token", role(rule("''", "serviceaccounts/token", "create")), .open),
    Case("K07", "secrets written and read", role(rule("''", "secrets", "create, get")), .open),
    Case("K07", "secrets written blindly", role(rule("''", "secrets", "create")), .closed),
    Case(
      "K07", "secrets written here and read there",
      role(rule("''", "secrets", "create")) + "\n" + APIFixture.role(rule("''", "secrets", "get"), account: "reader"),
      .closed),
    Case("K09", "escalate", role(rule(rbac, "roles", "escalate")), .open),
    Case("K09", "bind", role(rule(rbac, "clusterroles", "bind")), .open),
    Case("K09", "impersonate", role(rule("''", "serviceaccounts", "impersonate")), .open),
    Case("K09", "users in a namespace", role(rule("''", "users, groups", "impersonate")), .closed),
    Case("K09", "writing roles", role(rule(rbac, "roles, rolebindings", "create, update")), .closed),
    Case(
      "K10", "approval and signer",
      role(
        rule(certificates, "certificatesigningrequests/approval", "update"), rule(certificates, "signers", "approve"),
        cluster: true), .open),
    Case(
      "K10", "no signer", role(rule(certificates, "certificatesigningrequests/approval", "update"), cluster: true),
      .closed),
    Case(
      "K10", "a signer of one's own",
      role(
        rule(certificates, "certificatesigningrequests/approval", "update"),
        rule(certificates, "signers", "approve", names: "example.org/mine"), cluster: true), .closed),
    Case("K11", "patch", role(rule("apps", "statefulsets", "patch")), .open),
    Case("K11", "scale", role(rule("apps", "deployments/scale", "patch")), .closed),
    Case("K12", "webhooks", role(rule(admission, "mutatingwebhookconfigurations", "update"), cluster: true), .open),
    Case("K12", "webhooks by a RoleBinding", role(rule(admission, "'*'", "update")), .closed),
    Case("K12", "reading", role(rule(admission, "'*'", "get, list"), cluster: true), .closed),
    Case("K15", "services", role(rule("''", "services", "create")), .open),
    Case("K15", "reading services", role(rule("''", "services", "get")), .closed),
  ]

  @Test(arguments: rights) func rightsDecide(_ test: Case) throws {
    let facts = APIFixture.facts { $0.kubelet = test.kubelet.flatMap { Version($0) } }
    let context = try APIFixture.context(test.yaml, facts: facts)
    let found = try APIFixture.assessments(test.code, context)
      .filter { $0.who == "ServiceAccount shop/deployer" || $0.who.hasSuffix("Binding]") }
      .map { APIFixture.verdict($0.assessment) }
    let verdict: APIFixture.Verdict = found.contains(.open) ? .open : found.contains(.unknown) ? .unknown : .closed
    #expect(verdict == test.verdict)
  }

  /// Whoever may do everything has every right; whose role cannot be read may have any.
  @Test(arguments: ["K01", "K02", "K03", "K04", "K06", "K07", "K09", "K10", "K11", "K12"])
  func administratorsHaveAllAndStrangersMayHaveAny(code: String) throws {
    let all = try APIFixture.context(APIFixture.bind("ClusterRole", "cluster-admin", cluster: true))
    #expect(try APIFixture.verdict(code, all) == .open)
    let lost = try APIFixture.context(APIFixture.bind("ClusterRole", "nowhere-to-be-found"))
    #expect(try APIFixture.verdict(code, lost) == .unknown)
    #expect(try APIFixture.messages(code, lost)[0].contains("deployer-binding"))
    let none = try APIFixture.context(Self.role())
    #expect(try APIFixture.verdict(code, none) == .closed)
  }

  @Test func usersAndGroupsAreSubjectsAsWell() throws {
    let yaml = """
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata: {name: people}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
      subjects:
      - {kind: User, name: alice, apiGroup: rbac.authorization.k8s.io}
      - {kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}
      """
    let who = try APIFixture.assessments("K06", try APIFixture.context(yaml))
      .filter { APIFixture.verdict($0.assessment) == .open }.map(\.who)
    #expect(who == ["Group system:authenticated", "User alice"])
  }

  @Test func theFixTakesTheRightAwayAndKeepsTheRest() throws {
    let context = try APIFixture.context(
      Self.role(Self.rule("''", "pods, configmaps", "get, create"), Self.rule("apps", "deployments", "create")))
    guard case .open(let evidence)? = try APIFixture.assessments("K01", context).first?.assessment else {
      Issue.record("not open")
      return
    }
    let patch = evidence[0].fix
    let fixed = try APIFixture.context(patch + "---\n" + APIFixture.bind("Role", "deployer"))
    #expect(try APIFixture.verdict("K01", fixed) == .closed)
    let rights = fixed.rights(of: Subject(kind: .serviceAccount, namespace: "shop", name: "deployer"))
    #expect(rights.may("get", "pods") && rights.may("create", "configmaps"))
  }

  @Test func hostileNamesStayInert() throws {
    let yaml = """
      apiVersion: rbac.authorization.k8s.io/v1
      kind: RoleBinding
      metadata: {name: "x; rm -rf / #", namespace: shop}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
      subjects: [{kind: User, name: "eve' \\e[31m"}]
      """
    let context = AuditContext(
      try Intake().read([InputSource(name: "t.yaml", bytes: Array(yaml.utf8))]).fleet)
    for entry in try APIFixture.assessments("K06", context) {
      guard case .open(let evidence) = entry.assessment else { continue }
      #expect(evidence[0].fix.hasPrefix("kubectl delete rolebinding 'x; rm -rf / #' -n shop  # "))
      #expect(!evidence[0].fix.unicodeScalars.contains("\u{1B}"))
    }
  }
}
