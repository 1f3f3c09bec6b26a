import Diagnostics
import FleetModel

extension Vector {
  package static let localhostRouting = Vector(
    code: "K16", title: "Reaching a node's loopback services from outside", severity: .medium,
    explanation: """
      kube-proxy sets route_localnet, and kubelets of old versions do not drop what arrives for 127.0.0.1 from \
      outside. \
      Containers of the node and machines beside it then reach services that trust the loopback address.
      """,
    mitigation: """
      Update the kubelet to 1.16.11, 1.17.7, 1.18.4 or later; until then drop packets for 127.0.0.0/8 that do not come \
      from the loopback interface.
      """,
    attack: ["T1210"],
    references: ["CVE-2020-8558", "https://github.com/kubernetes/kubernetes/issues/92315"],
    signature: [.connect("127.0.0.0/8 from another interface")],
    example: """
      apiVersion: v1
      kind: Node
      metadata:
        name: worker-1
      status:
        nodeInfo:
          kubeletVersion: v1.18.3

      """,
    rule: .fleet { context in
      if context.fleet.nodes.isEmpty {
        return [
          ObjectAssessment(resource: RightsRule.cluster, location: nil, assessment: assess(context.nodeFacts))
        ]
      }
      return context.fleet.nodes.map { node in
        var facts = node.facts
        // Facts given by flags hold for every node.
        facts.routeLocalnet = context.nodeFacts.routeLocalnet ?? facts.routeLocalnet
        facts.kubelet = facts.kubelet ?? context.nodeFacts.kubelet
        return ObjectAssessment(
          resource: ObjectReference(kind: "Node", namespace: "", name: node.name), location: node.location,
          assessment: assess(facts))
      }
    }
  )

  private static func assess(_ facts: NodeFacts) -> Assessment {
    if facts.routeLocalnet == false { return .closed }
    guard let kubelet = facts.kubelet else { return .unknown(because: "the kubelet's version is not in the input") }
    guard isVulnerable(kubelet) else { return .closed }
    return .open([
      Evidence(
        message: "kubelet \(kubelet) does not drop outside traffic for 127.0.0.1, and kube-proxy routes it",
        fix: "iptables -I INPUT --dst 127.0.0.0/8 ! --src 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT"
          + " -j DROP  # until the kubelet is 1.16.11, 1.17.7, 1.18.4 or later\n")
    ])
  }

  /// Fixed in 1.16.11, 1.17.7 and 1.18.4 (kubernetes/kubernetes#92315).
  private static func isVulnerable(_ kubelet: Version) -> Bool {
    for fixed in ["1.16.11", "1.17.7", "1.18.4"].compactMap({ Version($0) })
    where kubelet.numbers.prefix(2) == fixed.numbers.prefix(2) { return kubelet < fixed }
    return Version("1.16").map { kubelet < $0 } ?? false
  }
}
