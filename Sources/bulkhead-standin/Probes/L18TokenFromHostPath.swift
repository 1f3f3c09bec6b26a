import StandinProtocol

/// L18: reading other pods' secrets below a mounted folder of the node.
///
/// Tries: to read every file of the fact `paths` (newline-separated, inside the container).
/// Success: one of them holds exactly the nonce.
/// Leaves: nothing; it only reads.
func probeTokenFromHostPath(_ order: ProbeOrder) -> ProbeFinding {
  .of(order.paths.map { compare(fileAt: $0, with: order.nonce) })
}
