import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let proxyUser = Vector(
    code: "M01", title: "Sending as the sidecar's own user", severity: .high,
    explanation: """
      A sidecar's capture rules let pass whatever its own user sends, or traffic would go in circles. A process of \
      that user (Istio 1337, Linkerd 2102, Consul 5995) or one that can become it talks past encryption, \
      authorisation and telemetry.
      """,
    mitigation: """
      Run containers as another user than the proxy's and without SETUID and SETGID; refuse the proxy's user by an \
      admission rule; deny egress by a NetworkPolicy, which holds for the proxy's user too.
      """,
    attack: ["T1562.004"],
    references: [
      "IST0144", "https://github.com/istio/istio/issues/4286",
      "https://istio.io/latest/docs/ops/deployment/application-requirements/",
    ],
    signature: [
      .call("setuid", arguments: "1337, 2102 or 5995 by another program than the proxy"),
      .call("setgid", arguments: "1337 by another program than the proxy"),
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
              securityContext: {runAsUser: 1337}
      """,
    rule: .pod { pod, _ in
      // Without a mesh nobody is bypassed yet, but who runs as 1337 could never be captured (trap T6).
      let mesh = pod.meshOrMaybe ?? pod.membership.askedMesh ?? .istioSidecar
      guard let user = mesh.proxyUser else { return .closed }
      return .from(
        pod.ownMembers.compactMap { member in
          proxyUserEvidence(member, pod, mesh, user: user)
        })
    })

  private static func proxyUserEvidence(
    _ member: EffectivePod.Member, _ pod: EffectivePod, _ mesh: Mesh, user: Int
  ) -> Evidence? {
    let effective = member.effective
    let patch = { (body: String) in
      pod.workload.containerPatch(member.container.name, isInit: member.role != .application, body)
    }
    // Only Istio's rules look at the group as well.
    if effective.uid == user || (user == 1337 && effective.gid == user) {
      let what = effective.uid == user ? "user" : "group"
      return Evidence(
        container: member.container.name,
        message: "it runs as \(what) \(user), whose traffic the capture rules of \(mesh.title) let pass",
        fix: patch("securityContext:\n  runAsUser: 10001\n  runAsGroup: 10001"), location: member.container.location)
    }
    guard pod.meshOrMaybe != nil, effective.running.has(.setuid) || (user == 1337 && effective.running.has(.setgid))
    else { return nil }
    return Evidence(
      container: member.container.name,
      message: "it runs as root with SETUID, so that it can become user \(user), whose traffic \(mesh.title) lets pass",
      fix: patch("securityContext:\n  runAsNonRoot: true\n  runAsUser: 10001\n  capabilities:\n    drop: [ALL]"),
      location: member.container.location)
  }
}
