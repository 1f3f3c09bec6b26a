import Composition
import Diagnostics
import Foundation

/// How the measured cost of sidecars is told.
struct SidecarCostOutput {
  let cost: SidecarCost

  var text: String {
    let rounds = cost.rounds.count
    let sidecars = cost.rounds.first?.sidecars ?? 0
    let median = rounds > 1 ? ", medians of \(rounds) rounds" : ""
    let head = "Measured here on a twin with Envoy in \(sidecars) pods, \(rate) users' requests/s\(median):\n"
    let lines = [
      "latency of a user's request   p50 \(signed(cost.addedP50)) ms, p99 \(signed(cost.addedP99)) ms",
      "processor                     \(fixed(cost.processorMillisecondsPerRequest)) ms for each request in all "
        + "sidecars together, \(fixed(cost.cores)) cores busy",
      "memory                        \(fixed(cost.bytesPerSidecar / 1_048_576)) MiB for each sidecar",
    ]
    let failed = cost.rounds.reduce(0) { $0 + $1.with.errors + $1.without.errors }
    let note = failed == 0 ? "" : "  \(failed) requests failed; what is above may say little\n"
    return head + lines.map { "  \($0)\n" }.joined() + note
      + "  The other meshes carry published figures and were not measured here.\n"
  }

  private var rate: String { String(format: "%g", cost.requestsPerSecond) }
  private func fixed(_ value: Double) -> String { String(format: "%.2f", value) }
  private func signed(_ value: Double) -> String { String(format: "%+.2f", value) }
}
