import StandinProtocol

/// K14: asking the cloud's metadata service for the node's credentials. Also how other addresses that should be out of
/// reach are tried.
///
/// Tries: `GET` of the fact `path` (`/latest/meta-data/` when absent) from the facts `address` and `port`, once
/// something listens on the fact `readyPort` of that address, where there is one.
/// Success: the answer's body holds the nonce; with the fact `anyAnswer`, whatever answers in HTTP is enough. Any pod
/// with a route gets it; only a network rule prevents it, seen as ETIMEDOUT (dropped) or ECONNREFUSED (rejected).
/// Leaves: nothing.
func probeMetadataService(_ order: ProbeOrder) -> ProbeFinding {
  guard let endpoint = order.endpoint else { return .inconclusive("order: no address and port") }
  if let port = order.facts["readyPort"].flatMap(UInt16.init), !answers(endpoint.address, port) {
    return .inconclusive("nothing listens on \(endpoint.address):\(port)")
  }
  let path = order.facts["path"] ?? "/latest/meta-data/"
  return get(path, from: .address(endpoint.address, endpoint.port), order: order)
}
