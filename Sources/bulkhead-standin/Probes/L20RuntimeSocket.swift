import StandinProtocol

/// L20: giving orders to the container runtime.
///
/// Tries: `GET /containers/json` on every unix socket of the fact `paths` (newline-separated, inside the container).
/// A read-only mount of a socket does not prevent a connection.
/// Success: the answer's body holds the nonce.
/// Leaves: nothing; the request only lists.
func probeRuntimeSocket(_ order: ProbeOrder) -> ProbeFinding {
  .of(order.paths.map { get("/containers/json", from: .socket($0), order: order) })
}
