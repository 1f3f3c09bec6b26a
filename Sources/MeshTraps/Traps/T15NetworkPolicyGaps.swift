import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let networkPolicyGaps = Trap(
    code: "T15", title: "NetworkPolicies that cut the mesh's own traffic", severity: .high, level: .readyAfterFix,
    meshes: [.istioSidecar, .istioAmbient, .linkerd, .consul],
    why: """
      In a mesh traffic arrives on other ports than before, and proxies need their control plane. A NetworkPolicy \
      written for the application cuts the tunnel port, the control plane, DNS or the kubelet's probes: pods do not \
      get ready, or calls hang.
      """,
    cure: "admit the mesh's ports, the tunnel port from the same peers as the application's ports",
    references: [
      "https://istio.io/latest/docs/ambient/usage/networkpolicy/", "https://github.com/istio/istio/issues/52742",
      "https://github.com/istio/istio/issues/51034", "https://github.com/istio/istio/issues/56659",
      "https://linkerd.io/2/reference/iptables/",
    ],
    example: """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: cart, namespace: shop}
      spec:
        podSelector: {matchLabels: {app: cart}}
        policyTypes: [Ingress, Egress]
        ingress:
        - from: [{podSelector: {matchLabels: {app: web}}}]
          ports: [{port: 8080}]
        egress:
        - ports: [{protocol: UDP, port: 53}]
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            containers:
            - name: server
              image: example.com/cart:1
              ports: [{containerPort: 8080}]
              readinessProbe: {httpGet: {path: /ready, port: 8080}}
      """,
    check: { pod, context in
      let reach = PolicyReach(context.policies(selecting: pod.workload), pod.workload)
      return ambientGaps(pod, reach) + sidecarGaps(reach, pod.workload)
    })

  private static func ambientGaps(_ pod: EffectivePod, _ reach: PolicyReach) -> [TrapHit] {
    var hits: [TrapHit] = []
    func add(_ message: String, _ fix: String) {
      hits.append(TrapHit(message, fix: MeshText(fix), meshes: [.istioAmbient], location: reach.first))
    }
    // Whoever may call any port must reach the tunnel port, and nobody else should.
    switch reach.ingress(15008, .tcp) {
    case .nobody where reach.governsIngress && reach.admitsAnyIngress:
      add(
        "its NetworkPolicies do not admit port 15008, on which all traffic of the mesh arrives",
        reach.patch(ingress: "- from: <the same peers as for its ports>\n  ports: [{protocol: TCP, port: 15008}]"))
    case .everyone where reach.governsIngress && reach.restrictsIngress:
      add(
        "its NetworkPolicies open port 15008 to everyone, and with it every port of the pod",
        reach.patch(ingress: "- from: <the same peers as for its ports>\n  ports: [{protocol: TCP, port: 15008}]"))
    default: break
    }
    let probed = pod.pod.containers.flatMap { container in
      [container.livenessProbe, container.readinessProbe, container.startupProbe].compactMap { probe in
        probe.flatMap { port(of: $0, container) }
      }
    }
    if let port = probed.first(where: { !reach.admitsAddress([169, 254, 7, 127], port: $0) }), reach.governsIngress {
      add(
        "its NetworkPolicies do not admit 169.254.7.127, from which the kubelet's probes of port \(port) come",
        reach.patch(
          ingress: "- from: [{ipBlock: {cidr: 169.254.7.127/32}}]\n  ports: [{protocol: TCP, port: \(port)}]"))
    }
    if reach.governsEgress, reach.egress(15008, .tcp) == .nobody, reach.admitsAnyEgress {
      add(
        "its NetworkPolicies do not let it out to port 15008, through which it calls others in the mesh",
        reach.patch(egress: "- to: <the services it calls>\n  ports: [{protocol: TCP, port: 15008}]"))
    }
    return hits
  }

  private static func port(of probe: Probe, _ container: Container) -> Int? {
    switch probe.action {
    case .http(_, let port, _, _): port.number(in: container)
    case .tcp(_, let port): port.number(in: container)
    case .grpc(let port): port
    case .exec, .sleep: nil
    }
  }

  private struct Need {
    var mesh: Mesh
    var port: Int
    var transport: Transport = .tcp
    var what: String
    var namespace: String
  }

  /// What a sidecar must reach: ports of the control planes (istiod XDS over TLS; Linkerd identity, destination and
  /// policy; Consul servers' gRPC with TLS), and DNS.
  private static let needs: [Need] = [
    Need(mesh: .istioSidecar, port: 15012, what: "istiod", namespace: "istio-system"),
    Need(mesh: .linkerd, port: 8080, what: "Linkerd's identity service", namespace: "linkerd"),
    Need(mesh: .linkerd, port: 8086, what: "Linkerd's destination service", namespace: "linkerd"),
    Need(mesh: .linkerd, port: 8090, what: "Linkerd's policy service", namespace: "linkerd"),
    Need(mesh: .consul, port: 8502, what: "the Consul servers", namespace: "consul"),
  ]

  private static func sidecarGaps(_ reach: PolicyReach, _ workload: Workload) -> [TrapHit] {
    guard reach.governsEgress else { return inboundProxyPorts(reach) }
    let dns = Mesh.allCases.filter { $0 != .envoy }.map {
      Need(mesh: $0, port: 53, transport: .udp, what: "the cluster's DNS", namespace: "kube-system")
    }
    return (needs + dns).compactMap { need in
      guard reach.egress(need.port, need.transport) == .nobody else { return nil }
      return TrapHit(
        "its NetworkPolicies do not let it out to \(need.what) (port \(need.port))",
        fix: MeshText(
          reach.patch(
            egress: "- to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: \(need.namespace)}}}]\n"
              + "  ports: [{protocol: \(need.transport.rawValue), port: \(need.port)}]")),
        meshes: [need.mesh], location: reach.first)
    } + inboundProxyPorts(reach)
  }

  /// Consul's proxies listen on 20000 for the mesh; Linkerd's on 4143 where the client declared the port opaque.
  private static func inboundProxyPorts(_ reach: PolicyReach) -> [TrapHit] {
    guard reach.governsIngress, reach.admitsAnyIngress, reach.ingress(20000, .tcp) == .nobody else { return [] }
    return [
      TrapHit(
        "its NetworkPolicies do not admit port 20000, on which its proxy takes calls of the mesh",
        fix: MeshText(
          reach.patch(ingress: "- from: <the same peers as for its ports>\n  ports: [{protocol: TCP, port: 20000}]")),
        meshes: [.consul], location: reach.first)
    ]
  }
}
