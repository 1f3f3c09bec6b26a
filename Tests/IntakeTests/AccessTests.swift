import Diagnostics
import FleetModel
import Intake
import Testing

struct AccessTests {
  @Test func rolesAndBindings() throws {
    let result = try Support.read(
      """
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata: {name: "system:view", namespace: ignored, labels: {a: b}}
      aggregationRule: {clusterRoleSelectors: [{matchLabels: {x: z}}, {matchExpressions: [{key: z, operator: Exists}]}]}
      rules:
      - {verbs: [get, "*"], apiGroups: ["", apps], resources: [pods/exec], resourceNames: [a]}
      - {verbs: [get], nonResourceURLs: [/metrics]}
      ---
      {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: shop}}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: RoleBinding
      metadata: {name: b, namespace: shop}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:view"}
      subjects:
      - {kind: ServiceAccount, name: sa, namespace: m}
      - {kind: User, name: "me@example.com", apiGroup: rbac.authorization.k8s.io}
      - {kind: Group, name: "system:masters"}
      - {kind: ServiceAccount, name: home}
      - {kind: Robot, name: x}
      - {kind: User}
      - {name: who}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata: {name: c}
      roleRef: {kind: ClusterRole, name: cluster-admin}
      """)
    let fleet = result.fleet
    #expect(fleet.roles.map(\.id.description) == ["/system:view[ClusterRole]", "shop/r[Role]"])
    let role = fleet.roles[0]
    #expect(role.labels == ["a": "b"] && role.aggregates.count == 2 && role.aggregates[1].matches(["z": ""]))
    #expect(
      role.rules == [
        PolicyRule(verbs: ["get", "*"], apiGroups: ["", "apps"], resources: ["pods/exec"], resourceNames: ["a"]),
        PolicyRule(verbs: ["get"], nonResourceURLs: ["/metrics"]),
      ])
    #expect(fleet.roleBindings.map(\.id.description) == ["/c[ClusterRoleBinding]", "shop/b[RoleBinding]"])
    #expect(fleet.roleBindings.map(\.roleKind) == ["ClusterRole", "ClusterRole"])
    #expect(fleet.roleBindings.map(\.roleName) == ["cluster-admin", "system:view"])
    #expect(
      fleet.roleBindings[1].subjects == [
        Subject(kind: .serviceAccount, namespace: "m", name: "sa"), Subject(kind: .user, name: "me@example.com"),
        Subject(kind: .group, name: "system:masters"), Subject(kind: .serviceAccount, namespace: "shop", name: "home"),
      ])
    // The account without a namespace, the unknown kind, the missing name and the missing kind.
    #expect(result.findings.map(\.code) == Array(repeating: "BH-INTAKE-005", count: 4))
  }

  @Test func ofASecretOnlyNamesAreKept() throws {
    let result = try Support.read(
      """
      apiVersion: v1
      kind: Secret
      type: kubernetes.io/tls
      metadata:
        name: s
        labels: {a: b}
        annotations:
          note: kept
          kubectl.kubernetes.io/last-applied-configuration: '{"data":{"k":"aHVudGVyMg=="}}'
      data: {tls.key: aHVudGVyMg==, tls.crt: 12345678901, broken: [aHVudGVyMg==]}
      stringData: {plain: hunter2, tls.key: hunter2}
      ---
      {apiVersion: v1, kind: Secret, metadata: {name: t}}
      """)
    let secret = try #require(result.fleet.secrets.first)
    #expect(secret.keys == ["broken", "plain", "tls.crt", "tls.key"])
    #expect(secret.type == "kubernetes.io/tls" && secret.labels == ["a": "b"] && secret.annotations == ["note": "kept"])
    #expect(result.fleet.secrets.map(\.type) == ["kubernetes.io/tls", "Opaque"])
    for value in ["hunter2", "aHVudGVyMg", "12345678901"] { #expect(!"\(result)".contains(value)) }
  }

  @Test func accountsAndNamespacesKeepTheirAnnotations() throws {
    let fleet = try Support.read(
      """
      apiVersion: v1
      kind: ServiceAccount
      metadata: {name: s, annotations: {eks.amazonaws.com/role-arn: "arn:x"}}
      automountServiceAccountToken: false
      ---
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {a: b}, annotations: {linkerd.io/inject: enabled}}
      """
    ).fleet
    #expect(fleet.serviceAccounts[0].annotations == ["eks.amazonaws.com/role-arn": "arn:x"])
    #expect(fleet.serviceAccounts[0].automountServiceAccountToken == false)
    #expect(fleet.namespaces[0].annotations == ["linkerd.io/inject": "enabled"])
  }

  @Test func aHundredThousandRulesAreRead() throws {
    let rule = #"{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}"#
    let rules = Array(repeating: rule, count: 60_000).joined(separator: ",")
    let role =
      #"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"r"},"#
      + #""rules":[\#(rules)]}"#
    #expect(try Support.read(role).fleet.roles.first?.rules.count == 60_000)
    let ports = (1...100_000).map { #"{"ports":[{"port":\#($0 % 60_000 + 1)}]}"# }.joined(separator: ",")
    let policy =
      #"{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"p"},"#
      + #""spec":{"podSelector":{},"ingress":[\#(ports)]}}"#
    #expect(try Support.read(policy).fleet.networkPolicies.first?.ingress.count == 100_000)
  }
}
