import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let opaquePorts = Vector(
    code: "M30", title: "Beneath L7 policies through an opaque port", severity: .low,
    explanation: """
      On a port declared opaque the proxy passes bytes without reading them: rules about paths and methods do not \
      hold there, and retries and metrics are gone. Encryption and identity stay.
      """,
    mitigation: "Declare only ports of protocols that are no HTTP opaque, and review the list with each release.",
    attack: ["T1562.001"],
    references: [
      "https://linkerd.io/2/features/protocol-detection/", "https://github.com/linkerd/linkerd2/issues/15188",
    ],
    signature: [.state("HTTP on a port that the proxy handles as opaque")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart}
            annotations: {linkerd.io/inject: enabled, config.linkerd.io/opaque-ports: "8080"}
          spec:
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    rule: .fleet { context in
      guard context.mesh.inUse.contains(.linkerd) else { return [] }
      let pods = context.mesh.members(of: [.linkerd]).compactMap { member -> ObjectAssessment? in
        guard let ports = notServerFirst(member.workload.podAnnotations[opaqueKey]) else { return nil }
        return .open(
          member.workload, "ports \(ports) are opaque: policies about HTTP do not hold there",
          fix: member.workload.templatePatch(annotations: [(opaqueKey, nil)]))
      }
      let services = context.fleet.services.compactMap { service -> ObjectAssessment? in
        guard let ports = notServerFirst(service.annotations[opaqueKey]) else { return nil }
        return ObjectAssessment(
          resource: service.id, location: service.location, assessment: .open([opaqueEvidence(ports)]))
      }
      let namespaces = context.fleet.namespaces.compactMap { namespace -> ObjectAssessment? in
        guard let ports = notServerFirst(namespace.annotations[opaqueKey]) else { return nil }
        return .namespace(namespace.name, context, .open([opaqueEvidence(ports)]))
      }
      return pods + services + namespaces
    })

  private static let opaqueKey = "config.linkerd.io/opaque-ports"

  private static func opaqueEvidence(_ ports: String) -> Evidence {
    Evidence(
      message: "ports \(ports) are opaque: policies about HTTP do not hold there",
      fix: "metadata:\n  annotations:\n    \(opaqueKey): null")
  }

  /// The ports and ranges that are not the usual ones of protocols that are no HTTP.
  private static func notServerFirst(_ value: String?) -> String? {
    guard let value else { return nil }
    let ports = value.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { part in
      Int(part).map { !WireProtocol.serverFirstPorts.contains($0) } ?? !part.isEmpty
    }
    return ports.isEmpty ? nil : ports.joined(separator: ", ")
  }
}
