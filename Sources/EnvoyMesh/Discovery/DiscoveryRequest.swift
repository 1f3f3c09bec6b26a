/// One poll of a sidecar (protobuf's JSON form of `envoy.service.discovery.v3.DiscoveryRequest`).
package struct DiscoveryRequest: Sendable, Equatable {
  package var key: ResourceKey
  /// The version the sidecar runs with; empty when it has none yet.
  package var version: String
  /// Why it refused the version offered last, where the sidecar says so.
  package var refusal: String?

  package init(key: ResourceKey, version: String, refusal: String? = nil) {
    self.key = key
    self.version = version
    self.refusal = refusal
  }

  /// Nil when path or body are not those of a discovery request.
  package init?(path: String, body: [UInt8]) {
    let prefix = "/v3/discovery:"
    guard path.hasPrefix(prefix), let kind = ResourceKey.Kind(rawValue: String(path.dropFirst(prefix.count))) else {
      return nil
    }
    var version = ""
    var names: [String] = []
    var refusal: String?
    var scanner = JSONScanner(body)
    do {
      try scanner.object { member, scanner in
        switch member {
        case "version_info", "versionInfo": version = try scanner.string()
        case "resource_names", "resourceNames": names = try scanner.strings()
        case "error_detail", "errorDetail":
          try scanner.object { detail, scanner in
            if detail == "message" { refusal = try scanner.string() } else { try scanner.skip() }
          }
        default: try scanner.skip()
        }
      }
      try scanner.end()
    } catch { return nil }
    switch kind {
    case .listeners, .clusters: self.init(key: ResourceKey(kind), version: version, refusal: refusal)
    case .routes, .endpoints, .secrets:
      guard names.count == 1 else { return nil }
      self.init(key: ResourceKey(kind, names[0]), version: version, refusal: refusal)
    }
  }
}
