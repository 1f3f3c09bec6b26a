import FleetModel

/// What the name of an Envoy's cluster says about where it leads.
enum EnvoyClusterName: Equatable {
  case service(TrafficEnd, port: TrafficPort)
  /// The pod's own application, on a port.
  case own(port: Int)
  /// Whatever the caller asked for: the name tells nothing.
  case anything
  /// The proxy's own business: its control plane, statistics, tracing.
  case internalUse
  case unknown

  private static let passing: Set<Substring> = ["PassthroughCluster", "passthrough", "original-destination"]
  private static let internalNames: Set<Substring> = [
    "BlackHoleCluster", "InboundPassthroughCluster", "InboundPassthroughClusterIpv4", "InboundPassthroughClusterIpv6",
    "xds-grpc", "sds-grpc", "prometheus_stats", "agent", "zipkin", "local_agent", "nowhere", "self", "local_app",
    "dataplane", "consul-dataplane", "envoy_prometheus_metrics_backend", "prometheus_backend", "self_admin",
  ]

  /// Istio's `outbound|PORT|SUBSET|HOST` and `inbound|PORT||`, Bulkhead's own `out|NAMESPACE/NAME|PORT`, Consul's
  /// `NAME.default.NAMESPACE.DATACENTER.internal.TRUSTDOMAIN.consul`, and names that are hosts.
  init(_ name: String) {
    guard name.utf8.count <= 1_024 else {
      self = .unknown
      return
    }
    let parts = name.split(separator: "|", omittingEmptySubsequences: false)
    switch parts.first {
    case "outbound" where parts.count == 4, "outbound_" where parts.count == 4:
      guard let port = TrafficPort.number(parts[1]), !parts[3].isEmpty else {
        self = .unknown
        return
      }
      self = .service(TrafficEnd(host: String(parts[3])), port: .service(port))
    case "inbound" where parts.count >= 2: self = TrafficPort.number(parts[1]).map { .own(port: $0) } ?? .internalUse
    case "out" where parts.count == 3:
      let place = parts[1].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard place.count == 2, let port = TrafficPort.number(parts[2]) else {
        self = .unknown
        return
      }
      self = .service(TrafficEnd(namespace: place[0], service: place[1]), port: .service(port))
    default: self = Self.plain(name[...])
    }
  }

  private static func plain(_ name: Substring) -> EnvoyClusterName {
    if passing.contains(name) { return .anything }
    if internalNames.contains(name) || name.hasPrefix("in_") || name.hasPrefix("bulkhead_") { return .internalUse }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    // A subset comes first; without one there are six labels.
    if labels.last == "consul", let mark = labels.lastIndex(of: "internal"), mark >= 4 {
      let namespace = labels[mark - 2]
      return .service(
        TrafficEnd(namespace: namespace == "default" ? nil : namespace, service: labels[mark - 4]), port: .unknown)
    }
    return TrafficEnd.place(name).map { .service($0.end, port: $0.port) } ?? .unknown
  }
}

extension TrafficPort {
  static func number(_ text: Substring) -> Int? {
    guard text.utf8.count <= 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(text),
      (1...65_535).contains(port)
    else { return nil }
    return port
  }
}

extension TrafficEnd {
  /// `HOST` or `HOST:PORT`; nil for what is neither a name nor an address.
  static func place(_ text: Substring) -> (end: TrafficEnd, port: TrafficPort)? {
    var host = text
    var port: TrafficPort = .unknown
    if let colon = text.lastIndex(of: ":") {
      guard let number = TrafficPort.number(text[text.index(after: colon)...]) else { return nil }
      (host, port) = (text[..<colon], .service(number))
    }
    let isHost = host.utf8.allSatisfy {
      switch $0 {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
      default: false
      }
    }
    guard isHost, !host.isEmpty, host.utf8.count <= 253 else { return nil }
    return (TrafficEnd(host: host.lowercased()), port)
  }
}
