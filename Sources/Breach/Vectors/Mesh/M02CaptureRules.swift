import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let captureRules = Vector(
    code: "M02", title: "Removing the capture rules from inside the pod", severity: .high,
    explanation: """
      The rules that lead traffic to the proxy are in the pod's own network namespace. A container with NET_ADMIN \
      deletes them; in ambient mode it marks its packets as the node proxy's own.
      """,
    mitigation: """
      Drop all capabilities in application containers, and let the mesh's CNI plugin set up the rules, so that nobody \
      in the namespace needs NET_ADMIN.
      """,
    attack: ["T1562.004"],
    references: [
      "https://istio.io/latest/docs/ops/best-practices/security/",
      "https://istio.io/latest/docs/setup/additional-setup/cni/",
    ],
    signature: [
      .call("setsockopt", arguments: "IPT_SO_SET_REPLACE, or SO_MARK 0x539"),
      .call("socket", arguments: "AF_NETLINK, NETLINK_NETFILTER"), .execute("iptables"), .execute("nft"),
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart, sidecar.istio.io/inject: "true"}
          spec:
            containers:
            - name: server
              image: example.com/cart:1
              securityContext: {capabilities: {add: [NET_ADMIN]}}
      """,
    rule: .pod { pod, context in
      guard let mesh = pod.meshOrMaybe else { return .closed }
      let evidence = pod.ownMembers.filter { member in
        // As another user than root it takes a program with file capabilities; who may escalate can have one.
        member.effective.capabilities.has(.netAdmin) && (member.effective.uid == 0 || member.mayEscalate)
      }.map { member in
        Evidence(
          container: member.container.name,
          message: "it has NET_ADMIN and can delete the rules that lead its traffic to \(mesh.title)",
          fix: captureRulesFix(member, pod), location: member.container.location)
      }
      guard evidence.isEmpty, mesh == .istioAmbient else { return .from(evidence) }
      return markingPackets(pod, context)
    })

  /// Since Linux 5.17 NET_RAW is enough for SO_MARK (commit 079925cce1d0), and ztunnel's mark is no secret.
  private static func markingPackets(_ pod: EffectivePod, _ context: AuditContext) -> Assessment {
    let able = pod.ownMembers.filter { $0.effective.running.has(.netRaw) }
    guard !able.isEmpty else { return .closed }
    guard let kernel = context.nodeFacts.kernel else {
      return .unknown(because: "since Linux 5.17 NET_RAW is enough to mark packets as ztunnel's; the kernel is unknown")
    }
    guard kernel.numbers.lexicographicallyPrecedes([5, 17]) else {
      return .open(
        able.map { member in
          Evidence(
            container: member.container.name,
            message: "it has NET_RAW, with which Linux \(kernel) lets it mark its packets as the node proxy's own",
            fix: captureRulesFix(member, pod), location: member.container.location)
        })
    }
    return .closed
  }

  private static func captureRulesFix(_ member: EffectivePod.Member, _ pod: EffectivePod) -> String {
    pod.workload.containerPatch(
      member.container.name, isInit: member.role != .application,
      "securityContext:\n  allowPrivilegeEscalation: false\n  capabilities:\n    add: null\n    drop: [ALL]")
  }
}
