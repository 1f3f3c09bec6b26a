/// Traffic that an annotation keeps away from the pod's proxy: neither encrypted nor authorised.
package struct CaptureExclusion: Sendable, Equatable, Hashable {
  package enum Direction: String, Sendable, Hashable { case inbound, outbound, both }
  package var direction: Direction
  package var annotation: String
  package var value: String
  /// The namespace carries the annotation, not the pod.
  package var fromNamespace: Bool

  package init(direction: Direction, annotation: String, value: String, fromNamespace: Bool = false) {
    self.direction = direction
    self.annotation = annotation
    self.value = value
    self.fromNamespace = fromNamespace
  }

  private struct Key {
    var name: String
    var direction: Direction
    /// Captures only what is listed, so that any value but this one leaves something out.
    var everything: String?
  }

  private static let istio: [Key] = [
    Key(name: "traffic.sidecar.istio.io/excludeInboundPorts", direction: .inbound),
    Key(name: "traffic.sidecar.istio.io/excludeOutboundPorts", direction: .outbound),
    Key(name: "traffic.sidecar.istio.io/excludeOutboundIPRanges", direction: .outbound),
    Key(name: "traffic.sidecar.istio.io/excludeInterfaces", direction: .both),
    Key(name: "traffic.sidecar.istio.io/includeInboundPorts", direction: .inbound, everything: "*"),
    Key(name: "traffic.sidecar.istio.io/includeOutboundIPRanges", direction: .outbound, everything: "*"),
    Key(name: "sidecar.istio.io/interceptionMode", direction: .both, everything: "REDIRECT TPROXY"),
  ]
  private static let ambient: [Key] = [
    Key(name: "ambient.istio.io/bypass-inbound-capture", direction: .inbound, everything: "false")
  ]
  private static let linkerd: [Key] = [
    Key(name: "config.linkerd.io/skip-inbound-ports", direction: .inbound),
    Key(name: "config.linkerd.io/skip-outbound-ports", direction: .outbound),
    Key(name: "config.linkerd.io/skip-subnets", direction: .both),
  ]
  private static let consul: [Key] = [
    Key(name: "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports", direction: .inbound),
    Key(name: "consul.hashicorp.com/transparent-proxy-exclude-outbound-ports", direction: .outbound),
    Key(name: "consul.hashicorp.com/transparent-proxy-exclude-outbound-cidrs", direction: .outbound),
    Key(name: "consul.hashicorp.com/transparent-proxy-exclude-uids", direction: .outbound),
    Key(name: "consul.hashicorp.com/transparent-proxy", direction: .both, everything: "true"),
  ]

  /// In the order of the tables above. Linkerd's annotations count on the namespace too, where the pod has none.
  static func all(in pod: [String: String], _ namespace: [String: String], _ mesh: Mesh) -> [CaptureExclusion] {
    let keys: [Key] =
      switch mesh {
      case .istioSidecar: istio
      case .istioAmbient: ambient
      case .linkerd: linkerd
      case .consul: consul
      case .envoy: []
      }
    return keys.compactMap { key in
      let inherited = mesh == .linkerd ? namespace[key.name] : nil
      guard let value = pod[key.name] ?? inherited else { return nil }
      if let everything = key.everything {
        if everything.split(separator: " ").contains(Substring(value)) { return nil }
      } else if value.isEmpty {
        return nil
      }
      return CaptureExclusion(
        direction: key.direction, annotation: key.name, value: value, fromNamespace: pod[key.name] == nil)
    }
  }
}
