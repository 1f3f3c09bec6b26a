import Judgement

/// How a request ended. Shared by metrics and access logs, so that both count alike.
enum RequestClass: Equatable {
  case success, client, server, unanswered, denied, injected

  /// - Parameters:
  ///   - code: the HTTP status, 0 where none was sent; or its class as one digit.
  ///   - flags: Envoy's response flags, `-` or empty for none.
  ///   - details: Envoy's response code details.
  ///   - grpc: the gRPC status, which a failed call gives with HTTP status 200.
  init?(code: Int, flags: String = "", details: String = "", grpc: Int? = nil) {
    let flags = flags.split(whereSeparator: { $0 == "," || $0 == " " })
    func has(_ wanted: Set<Substring>) -> Bool { flags.contains(where: wanted.contains) }
    // A delay fault alone (DI) leaves the answer as it was.
    if has(["FI"]) { self = .injected; return }
    if details.hasPrefix("rbac_access_denied") || has(["UAEX"]) { self = .denied; return }
    if has(["UH", "UF", "UC", "UT", "LR", "UR", "UPE"]) { self = .unanswered; return }
    if code == 0 {
      // The caller hung up before the answer.
      self = has(["DC"]) ? .client : .unanswered
      return
    }
    guard let digit = code < 10 ? code : (100...599).contains(code) ? code / 100 : nil, (1...5).contains(digit) else {
      return nil
    }
    switch digit {
    case 4: self = .client
    case 5: self = .server
    default: self = grpc.map(Self.init(grpc:)) ?? .success
    }
  }

  /// Statuses that OpenTelemetry's conventions count as a server's errors: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED,
  /// INTERNAL, UNAVAILABLE, DATA_LOSS.
  private init(grpc status: Int) {
    switch status {
    case 0: self = .success
    case 7: self = .denied
    case 2, 4, 12, 13, 14, 15: self = .server
    default: self = .client
    }
  }
}

extension ErrorCounts {
  /// All known to be zero, to count up from.
  static var none: ErrorCounts { ErrorCounts(client: 0, server: 0, unanswered: 0, denied: 0, injected: 0) }

  mutating func add(_ count: Double, _ kind: RequestClass) {
    switch kind {
    case .success: break
    case .client: client = (client ?? 0) + count
    case .server: server = (server ?? 0) + count
    case .unanswered: unanswered = (unanswered ?? 0) + count
    case .denied: denied = (denied ?? 0) + count
    case .injected: injected = (injected ?? 0) + count
    }
  }
}
