import StandinProtocol

/// K14: asking the cloud's metadata service for the node's credentials.
///
/// Tries: `GET` of the fact `path` (`/latest/meta-data/` when absent) from the facts `address` and `port`.
/// Success: the answer's body holds the nonce. Any pod with a route gets it; only a network rule prevents it, seen as
/// ETIMEDOUT (dropped) or ECONNREFUSED (rejected).
/// Leaves: nothing.
func probeMetadataService(_ order: ProbeOrder) -> ProbeFinding {
  guard let endpoint = order.endpoint else { return .inconclusive("order: no address and port") }
  let path = order.facts["path"] ?? "/latest/meta-data/"
  return get(path, from: .address(endpoint.address, endpoint.port), order: order)
}
