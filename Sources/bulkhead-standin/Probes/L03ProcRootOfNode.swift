import StandinProtocol

/// L03: through `/proc` into the node.
///
/// Tries: the fact `flagPath`, a root-only file on the node, by way of `/proc/1/root`; then the environment of every
/// other process, for a variable whose value is the nonce.
/// Success: the file holds exactly the nonce, or a variable does. Without hostPID `/proc/1/root` is the container's
/// own root and the file is not there.
/// Leaves: nothing; it only reads.
func probeProcRootOfNode(_ order: ProbeOrder) -> ProbeFinding {
  guard let flag = order.facts["flagPath"], flag.hasPrefix("/") else {
    return .inconclusive("order: no absolute flagPath")
  }
  let file = compare(fileAt: "/proc/1/root\(flag)", with: order.nonce)
  guard file.result != .escaped else { return file }
  let environment = scanEnvironments(for: order.nonce)
  // The file's refusal says more than that of a search.
  return environment.result == .contained ? file : environment
}
