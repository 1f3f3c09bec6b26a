import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let reservedUser = Trap(
    code: "T6", title: "The sidecar's own user", severity: .high, level: .readyAfterFix, meshes: .sidecars,
    beforeChoice: true,
    why: """
      The capture rules tell the sidecar's own traffic by its user: Istio 1337 (and the group), Linkerd 2102, Consul \
      5995 and 5996. An application that runs as that user is never captured, and nothing says so.
      """,
    cure: "run it with another user and group than 1337",
    references: [
      "IST0144", "https://github.com/istio/istio/issues/4286",
      "https://istio.io/latest/docs/ops/deployment/application-requirements/",
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            securityContext: {runAsUser: 1337}
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    check: { pod, _ in
      let reserved: [(id: Int, group: Bool, meshes: Set<Mesh>)] = [
        (1337, true, [.istioSidecar, .envoy]), (2102, false, [.linkerd]), (5995, false, [.consul]),
        (5996, false, [.consul]),
      ]
      let shared = pod.pod.securityContext
      return pod.members.filter { !$0.belongsToMesh }.flatMap { member in
        let user = member.container.securityContext.runAsUser ?? shared.runAsUser
        let group = member.container.securityContext.runAsGroup ?? shared.runAsGroup
        return reserved.compactMap { entry -> TrapHit? in
          guard user == entry.id || (entry.group && group == entry.id) else { return nil }
          return TrapHit(
            "container \(member.container.name) runs as \(user == entry.id ? "user" : "group") \(entry.id), whose "
              + "traffic a sidecar lets pass unseen",
            fix: MeshText(
              pod.workload.containerPatch(
                member.container.name, isInit: member.role == .initial || member.role == .sidecar,
                "securityContext:\n  runAsUser: 10001\n  runAsGroup: 10001")),
            container: member.container.name, meshes: entry.meshes, location: member.container.location)
        }
      }
    })
}
