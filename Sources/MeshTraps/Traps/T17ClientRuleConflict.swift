import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let clientRuleConflict = Trap(
    code: "T17", title: "Clients are told something else than servers", severity: .high, level: .readyAfterFix,
    meshes: [.istioSidecar, .istioAmbient],
    why: """
      A DestinationRule tells clients whether to use the mesh's mTLS, a PeerAuthentication tells servers. Where they \
      differ every call fails, or the way to strict mTLS is blocked by clients that were told not to.
      """,
    cure: "set the DestinationRule's tls.mode to ISTIO_MUTUAL, or leave tls out",
    references: [
      "IST0113", "https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/",
    ],
    example: """
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata: {name: cart, namespace: shop}
      spec:
        host: cart
        trafficPolicy: {tls: {mode: DISABLE}}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: cart, namespace: shop}
      spec: {selector: {app: cart}, ports: [{port: 8080, name: http}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    check: { pod, context in
      let server = context.mutualTLS.mode(of: pod.workload)?.mode
      return context.services(of: pod.workload).flatMap { service in
        context.routes("DestinationRule", of: service).flatMap { rule in
          clientModes(rule).compactMap { client -> TrapHit? in
            let conflict: String
            switch (client.mode, server) {
            case ("ISTIO_MUTUAL", .disable?): conflict = "and the PeerAuthentication disables it"
            case ("ISTIO_MUTUAL", _): return nil
            case (_, .strict?): conflict = "and the PeerAuthentication is STRICT: calls fail"
            case (_, .disable?): return nil
            default: conflict = "so that strict mTLS would cut these clients off"
            }
            let port = client.port.map { " on port \($0)" } ?? ""
            return TrapHit(
              "DestinationRule \(rule.id.name) tells clients of \(service.id.name)\(port) to use \(client.mode), "
                + conflict,
              fix: "spec:\n  trafficPolicy:\n    tls:\n      mode: ISTIO_MUTUAL", location: rule.location)
          }
        }
      }
    })

  private static func clientModes(_ rule: CustomObject) -> [(mode: String, port: Int?)] {
    let policies = [rule.spec["trafficPolicy"]] + (rule.spec["subsets"]?.elements ?? []).map { $0["trafficPolicy"] }
    return policies.compactMap(\.self).flatMap { policy -> [(mode: String, port: Int?)] in
      let whole = policy["tls"]?["mode"]?.string.map { (mode: $0, port: Int?.none) }
      let ports = (policy["portLevelSettings"]?.elements ?? []).compactMap { setting in
        setting["tls"]?["mode"]?.string.map { (mode: $0, port: setting["port"]?["number"]?.integer) }
      }
      return [whole].compactMap(\.self) + ports
    }
  }
}
