import Diagnostics
import FleetModel
import Intake
import Testing

struct AdminPolicyTests {
  @Test func everyPeerAndPort() throws {
    let result = try Support.read(
      """
      apiVersion: policy.networking.k8s.io/v1alpha1
      kind: AdminNetworkPolicy
      metadata: {name: a}
      spec:
        priority: 7
        subject: {namespaces: {matchLabels: {team: x}}}
        ingress:
        - name: first
          action: Pass
          from: [{namespaces: {}}, {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: b}}}}]
          ports: [{portNumber: {protocol: UDP, port: 53}}, {portRange: {start: 1, end: 9}}, {namedPort: web}]
        egress:
        - {action: Deny, to: [{networks: [10.0.0.0/8]}, {nodes: {matchExpressions: [{key: k, operator: Exists}]}}]}
        - {action: Allow, to: [{domainNames: ["*.example.com"]}]}
      """)
    #expect(result.findings.isEmpty)
    let policy = try #require(result.fleet.adminPolicies.first)
    #expect(policy.id == ObjectReference(kind: "AdminNetworkPolicy", namespace: "", name: "a") && policy.priority == 7)
    let team = LabelSelector([.init(key: "team", operation: .isIn, values: ["x"])])
    let app = LabelSelector([.init(key: "app", operation: .isIn, values: ["b"])])
    #expect(policy.subject.kind == .namespaces(team))
    #expect(
      policy.ingress == [
        .init(
          name: "first", action: .pass,
          peers: [.init(.namespaces(LabelSelector())), .init(.pods(namespaces: LabelSelector(), pods: app))],
          ports: [
            .init(transport: .udp, number: .range(53, 53)), .init(transport: .tcp, number: .range(1, 9)),
            .init(transport: .tcp, number: .named("web")), .init(transport: .udp, number: .named("web")),
            .init(transport: .sctp, number: .named("web")),
          ])
      ])
    let nodes = LabelSelector([.init(key: "k", operation: .exists)])
    #expect(policy.egress.map(\.action) == [.deny, .allow] && policy.egress.allSatisfy { $0.ports == nil })
    #expect(policy.egress[0].peers.map(\.kind) == [.networks(["10.0.0.0/8"]), .nodes(nodes)])
    #expect(policy.egress[1].peers.map(\.kind) == [.domainNames(["*.example.com"])])
  }

  @Test(arguments: [
    ("{subject: {pods: {podSelector: {}}}, ingress: [{action: Allow, from: []}]}", 1, 0),
    ("{subject: {namespaces: {}}, ingress: [{action: Pass, from: []}, {action: Maybe}, {from: []}]}", 0, 3),
    ("{subject: {namespaces: {}}, egress: [{action: Deny, to: [{sameLabels: [a]}], ports: [{port: 1}]}]}", 0, 2),
    ("{subject: {}}", 0, 1), ("{}", 0, 1),
    ("{subject: {namespaces: {}}, priority: 5}", 0, 0),
  ])
  func baselines(_ spec: String, _ rules: Int, _ findings: Int) throws {
    let result = try Support.read(
      "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n---\n"
        + "{apiVersion: policy.networking.k8s.io/v1alpha1, kind: BaselineAdminNetworkPolicy, "
        + "metadata: {name: default}, spec: \(spec)}")
    #expect(result.findings.count == findings, "\(result.findings.map(\.message))")
    #expect((result.fleet.adminPolicies.first?.ingress.count ?? 0) == rules)
    #expect(result.fleet.adminPolicies.first?.priority == nil)
  }
}
