import FleetModel

/// Probes and lifecycle hooks, with the API's defaults.
enum ProbeReader {
  /// Nil, with a finding, when nothing says what to do.
  static func probe(_ field: Field) -> Probe? {
    guard let action = action(field) else {
      if !hasHandler(field) { field.problem("it says nothing to do", fix: "add httpGet, tcpSocket, grpc or exec") }
      return nil
    }
    var probe = Probe(action: action)
    probe.initialDelaySeconds = field["initialDelaySeconds"]?.integer(in: seconds) ?? 0
    probe.periodSeconds = number(field["periodSeconds"]) ?? 10
    probe.timeoutSeconds = number(field["timeoutSeconds"]) ?? 1
    probe.failureThreshold = number(field["failureThreshold"]) ?? 3
    return probe
  }

  private static let seconds = 0...Int(Int32.max)

  /// Zero means the default.
  private static func number(_ field: Field?) -> Int? {
    field?.integer(in: seconds).flatMap { $0 == 0 ? nil : $0 }
  }

  private static func hasHandler(_ field: Field) -> Bool {
    ["httpGet", "tcpSocket", "grpc", "exec", "sleep"].contains { field[$0] != nil }
  }

  private static func action(_ field: Field) -> Probe.Action? {
    if let http = field["httpGet"] {
      return http["port"].flatMap(port).map {
        .http(
          host: http["host"]?.string, port: $0, path: http["path"]?.string ?? "/",
          scheme: http["scheme"]?.string ?? "HTTP")
      }
    }
    if let tcp = field["tcpSocket"] {
      return tcp["port"].flatMap(port).map { .tcp(host: tcp["host"]?.string, port: $0) }
    }
    if let grpc = field["grpc"] { return grpc["port"]?.integer(in: 1...65_535).map { .grpc(port: $0) } }
    if let command = field["exec"] { return .exec(command["command"]?.strings ?? []) }
    return field["sleep"] == nil ? nil : .sleep
  }

  /// A number, quoted or not, or a port's name.
  static func port(_ field: Field) -> PortReference? {
    guard case .string(let text) = field.scalar else {
      return field.integer(in: 1...65_535).map { .number($0) }
    }
    if let number = Int(text), (1...65_535).contains(number) { return .number(number) }
    return .named(text)
  }
}
