import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let serverFirstPort = Trap(
    code: "T7", title: "A server-first port without its protocol", severity: .medium, level: .readyAfterFix,
    meshes: [.istioSidecar, .linkerd, .envoy], beforeChoice: true,
    why: """
      A proxy that does not know a port's protocol waits for the client's first bytes to guess it. Where the server \
      speaks first both wait: connections hang, or take ten seconds each in Linkerd.
      """,
    cure: "name the service's port tcp-… or set appProtocol: tcp",
    references: [
      "https://istio.io/latest/docs/ops/deployment/application-requirements/",
      "https://linkerd.io/2/features/protocol-detection/",
    ],
    example: """
      apiVersion: v1
      kind: Service
      metadata: {name: ledger, namespace: shop}
      spec: {selector: {app: ledger}, ports: [{port: 3306}, {port: 27017, name: db}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: ledger, namespace: shop}
      spec:
        selector: {matchLabels: {app: ledger}}
        template:
          metadata: {labels: {app: ledger}}
          spec:
            containers: [{name: server, image: "mysql:8"}]
      """,
    check: { pod, context in
      context.services(of: pod.workload).flatMap { service in
        service.ports.filter { $0.transport == .tcp && $0.isServerFirst }.compactMap { port -> TrapHit? in
          var meshes: Set<Mesh> = port.declaresProtocol ? [] : [.istioSidecar, .envoy]
          if !isOpaque(port, service, pod) { meshes.insert(.linkerd) }
          guard !meshes.isEmpty else { return nil }
          return TrapHit(
            "service \(service.id.name) offers port \(port.port), on which the server speaks first, and does not "
              + "say so",
            fix: MeshText(
              "spec:\n  ports:\n  - port: \(port.port)\n    appProtocol: tcp",
              [.linkerd: "metadata:\n  annotations:\n    config.linkerd.io/opaque-ports: \"\(port.port)\""]),
            meshes: meshes, location: service.location)
        }
      }
    })

  /// Linkerd's default list (`proxy.opaquePorts`), or an annotation of service, pod or namespace.
  private static func isOpaque(_ port: ServicePort, _ service: Service, _ pod: EffectivePod) -> Bool {
    let key = "config.linkerd.io/opaque-ports"
    let said = service.annotations[key] ?? pod.workload.podAnnotations[key] ?? pod.namespaceAnnotations[key]
    let list = said ?? "25,587,3306,4444,5432,6379,9300,11211"
    let numbers = [port.port, port.targetPort(in: pod.workload) ?? port.port]
    return list.split(separator: ",").contains { part in
      let bounds = part.split(separator: "-").compactMap { Int($0.filter(\.isNumber)) }
      guard let low = bounds.first, let high = bounds.last else { return false }
      return numbers.contains { low <= $0 && $0 <= high }
    }
  }
}

extension ServicePort {
  var isServerFirst: Bool {
    if WireProtocol.serverFirstPorts.contains(port) { return true }
    if case .number(let number) = target { return WireProtocol.serverFirstPorts.contains(number) }
    return false
  }

  /// True when `appProtocol` or the name's first part is one that meshes know.
  var declaresProtocol: Bool {
    if let appProtocol { return !appProtocol.isEmpty }
    let known: Set<String> = [
      "http", "http2", "https", "grpc", "grpc-web", "tcp", "tls", "udp", "mongo", "mysql", "redis",
    ]
    guard let name = name?.lowercased() else { return false }
    return known.contains(String(name.prefix { $0 != "-" })) || name.hasPrefix("grpc-web")
  }
}
