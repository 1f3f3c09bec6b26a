import StandinProtocol

/// L23: services that the node offers to itself alone.
///
/// Tries: `GET /` from the facts `address` (of the node's loopback) and `port`.
/// Success: the answer's body holds the nonce. A pod with a network namespace of its own has another loopback, where
/// nobody listens.
/// Leaves: nothing.
func probeHostNetworkLoopback(_ order: ProbeOrder) -> ProbeFinding {
  guard let endpoint = order.endpoint else { return .inconclusive("order: no address and port") }
  return get("/", from: .address(endpoint.address, endpoint.port), order: order)
}
