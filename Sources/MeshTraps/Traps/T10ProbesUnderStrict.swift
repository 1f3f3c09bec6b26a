import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let probesUnderStrict = Trap(
    code: "T10", title: "Probes that fail under strict mTLS", severity: .high, level: .readyAfterFix,
    meshes: [.istioSidecar, .consul],
    why: """
      The kubelet has no certificate. Istio and Consul lead probes past the proxy, but not those of a fixed host, \
      not lifecycle hooks, in Consul none but HTTP, and none where the annotation says so: such pods never get ready.
      """,
    cure: "let the mesh rewrite the probes, or probe by a command",
    references: [
      "https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/",
      "https://github.com/istio/istio/issues/41010", "https://github.com/istio/istio/issues/4429",
      "https://developer.hashicorp.com/consul/docs/k8s/annotations-and-labels",
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart}
            annotations: {sidecar.istio.io/rewriteAppHTTPProbers: "false"}
          spec:
            containers:
            - name: server
              image: example.com/cart:1
              readinessProbe: {httpGet: {path: /ready, port: 8080}}
      """,
    check: { pod, _ in
      let notes = pod.workload.podAnnotations
      let rewrites: [Mesh: Bool] = [
        .istioSidecar: notes["sidecar.istio.io/rewriteAppHTTPProbers"] != "false",
        .consul: notes["consul.hashicorp.com/transparent-proxy-overwrite-probes"] != "false",
      ]
      return [Mesh.istioSidecar, .consul].flatMap { mesh in
        pod.members.filter { $0.role != .initial && !$0.belongsToMesh }.flatMap { member -> [TrapHit] in
          let container = member.container
          let probes: [(name: String, probe: Probe?, hook: Bool)] = [
            ("livenessProbe", container.livenessProbe, false), ("readinessProbe", container.readinessProbe, false),
            ("startupProbe", container.startupProbe, false), ("postStart", container.postStart, true),
            ("preStop", container.preStop, true),
          ]
          return probes.compactMap { entry in
            guard let probe = entry.probe,
              let reason = failure(probe, hook: entry.hook, mesh, rewritten: rewrites[mesh] ?? true)
            else { return nil }
            return TrapHit(
              "\(entry.name) of container \(container.name) \(reason)",
              fix: probeFix(pod.workload, container, entry.name),
              container: container.name, meshes: [mesh], location: container.location)
          }
        }
      }
    })

  private static func failure(_ probe: Probe, hook: Bool, _ mesh: Mesh, rewritten: Bool) -> String? {
    let host: String?
    switch probe.action {
    case .exec, .sleep: return nil
    case .http(let named, _, _, _):
      host = named
    case .tcp(let named, _):
      host = named
      if mesh == .consul, !hook { return "asks for a TCP connection, which Consul does not lead past the proxy" }
    case .grpc:
      host = nil
      if mesh == .consul { return "speaks gRPC, which Consul does not lead past the proxy" }
    }
    if hook { return "comes from the kubelet without a certificate, and no mesh leads lifecycle hooks past the proxy" }
    if !rewritten { return "is not led past the proxy: an annotation switches that off" }
    if let host, !host.isEmpty, host != "127.0.0.1", host != "localhost" {
      return "goes to the fixed host \(host), for which the proxy is not rewritten"
    }
    return nil
  }

  private static func probeFix(_ workload: Workload, _ container: Container, _ name: String) -> MeshText {
    let command = "[\"/bin/sh\", \"-c\", \"<the same check from inside>\"]"
    let isHook = name == "postStart" || name == "preStop"
    let byCommand = workload.containerPatch(
      container.name,
      isHook
        ? "lifecycle:\n  \(name):\n    httpGet: null\n    exec: {command: \(command)}"
        : "\(name):\n  httpGet: null\n  tcpSocket: null\n  grpc: null\n  exec: {command: \(command)}")
    let switchedOff = workload.podAnnotations["sidecar.istio.io/rewriteAppHTTPProbers"] == "false"
    return MeshText(
      byCommand,
      switchedOff && !isHook
        ? [.istioSidecar: workload.templatePatch(annotations: [("sidecar.istio.io/rewriteAppHTTPProbers", "true")])]
        : [:])
  }
}
