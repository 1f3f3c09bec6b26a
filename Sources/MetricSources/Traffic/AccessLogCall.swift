import FleetModel

/// A request of an Envoy's access log as a call.
enum AccessLogCall {
  enum Line {
    case call(TrafficKey, TrafficTally.Side, time: Double)
    /// Refused by a policy, or without a way to go.
    case denied
    /// Nothing in the line, or in how the log was named, says whose proxy wrote it.
    case ownerless
    case noCall
    case unreadable
  }

  /// - Parameter owner: whose proxy wrote it; nil where `kubectl logs --prefix` says so in each line.
  static func line(_ bytes: ArraySlice<UInt8>, owner: TrafficEnd?) -> Line {
    var (rest, owner) = (bytes, owner)
    if let (pod, after) = prefix(bytes) {
      rest = after
      owner = owner ?? TrafficEnd(pod: pod)
    }
    // Sidecars write more into their output than their access log.
    guard let entry = AccessLogEntry(rest) else { return .unreadable }
    switch entry.outcome {
    case .denied: return .denied
    default: break
    }
    guard let owner else { return .ownerless }
    let extra = Extra(rest)
    switch (entry.cluster ?? extra.cluster).map(EnvoyClusterName.init) {
    case .service(let callee, let port):
      return .call(
        TrafficKey(caller: owner, callee: callee, port: port, wireProtocol: .http), .caller, time: entry.ended)
    case .own(let port):
      guard let caller = extra.peer.flatMap(TrafficEnd.init(spiffe:)) else { return .noCall }
      let key = TrafficKey(caller: caller, callee: owner, port: .container(port), wireProtocol: .http)
      return .call(key, .callee, time: entry.ended)
    case .internalUse: return .noCall
    case .anything, .unknown, nil:
      guard let authority = entry.authority, let place = TrafficEnd.place(authority[...]) else { return .noCall }
      let key = TrafficKey(caller: owner, callee: place.end, port: place.port, wireProtocol: .http)
      return .call(key, .caller, time: entry.ended)
    }
  }

  /// `[pod/NAME/CONTAINER] ` before a line.
  private static func prefix(_ bytes: ArraySlice<UInt8>) -> (pod: String, rest: ArraySlice<UInt8>)? {
    guard bytes.starts(with: "[pod/".utf8), let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
    let name = bytes[bytes.index(bytes.startIndex, offsetBy: 5)..<close].prefix { $0 != UInt8(ascii: "/") }
    guard !name.isEmpty, name.count <= 253 else { return nil }
    return (String(decoding: name, as: UTF8.self), bytes[(close + 1)...].drop { $0 == 0x20 })
  }

  /// What only this reader wants of a line.
  private struct Extra {
    var cluster: String?
    var peer: String?

    init(_ line: ArraySlice<UInt8>) {
      if line.first == UInt8(ascii: "{") {
        peer = (try? JSONTree(Array(line)))?["downstream_peer_uri_san"]?.text
        return
      }
      // Istio's text format goes on after the quoted upstream host: cluster, addresses, name, route.
      let after = line[(line.lastIndex(of: UInt8(ascii: "\"")).map { $0 + 1 } ?? line.endIndex)...]
      let word = after.drop { $0 == 0x20 }.prefix { $0 != 0x20 }
      cluster = word.isEmpty || word.elementsEqual("-".utf8) ? nil : String(decoding: word, as: UTF8.self)
    }
  }
}

extension TrafficEnd {
  /// `spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT`.
  init?(spiffe text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard text.utf8.count <= 2_048, parts.count == 7, parts[0] == "spiffe:", parts[3] == "ns", parts[5] == "sa" else {
      return nil
    }
    self.init(namespace: parts[4])
    account = parts[6]
  }
}
