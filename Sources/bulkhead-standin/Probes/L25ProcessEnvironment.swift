import StandinProtocol

/// L25: reading the secrets of a neighbour container's processes.
///
/// Tries: the environment of every process it can see but its own.
/// Success: a variable whose whole value is the nonce. With a process namespace of its own there is no such process;
/// with a shared one and another uid the reading is refused.
/// Leaves: nothing; it only reads.
func probeProcessEnvironment(_ order: ProbeOrder) -> ProbeFinding { scanEnvironments(for: order.nonce) }
