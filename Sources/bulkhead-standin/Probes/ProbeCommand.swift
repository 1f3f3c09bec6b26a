import Diagnostics
import Glibc
import StandinProtocol

/// Runs each order in turn and prints one outcome a line. All orders are read before the first is carried out.
/// - Parameter message: also written there, for a kubelet that tells what a container said last.
func probe(orders: [String], message: String? = nil) throws {
  guard !orders.isEmpty else { throw BulkheadError(.usage, "no --order given", cure: usage) }
  let decoded = try orders.map { try decode(ProbeOrder.self, from: Array($0.utf8), named: "an order") }
  let copy = message.map { open($0, O_WRONLY | O_CLOEXEC) } ?? -1
  for order in decoded {
    let line = try jsonLine(outcome(of: order))
    writeFully(line, to: 1)
    if copy >= 0 { writeFully(line, to: copy) }
  }
}

private func outcome(of order: ProbeOrder) -> ProbeOutcome {
  let safe = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
  // The nonce becomes part of a file's name; and a short one may be met by accident.
  guard order.nonce.count >= 8, order.nonce.allSatisfy(safe.contains) else {
    return ProbeOutcome(vector: order.vector, result: .inconclusive, step: "order: nonce unusable")
  }
  let finding: ProbeFinding
  switch order.vector {
  case "L03": finding = probeProcRootOfNode(order)
  case "L17": finding = probeWritableHostPath(order)
  case "L18": finding = probeTokenFromHostPath(order)
  case "L20": finding = probeRuntimeSocket(order)
  case "L23": finding = probeHostNetworkLoopback(order)
  case "L25": finding = probeProcessEnvironment(order)
  case "K08": finding = probeServiceAccountToken(order)
  case "K14": finding = probeMetadataService(order)
  default: finding = .inconclusive("order: no probe for this vector")
  }
  return ProbeOutcome(
    vector: order.vector, result: finding.result, step: finding.step, errno: finding.errno.map(errnoName))
}

/// What a probe, or one of its tries, came to.
struct ProbeFinding {
  var result: ProbeOutcome.Result
  var step: String
  var errno: Int32?

  static func escaped(_ step: String) -> ProbeFinding { ProbeFinding(result: .escaped, step: step) }

  static func inconclusive(_ step: String, _ number: Int32? = nil) -> ProbeFinding {
    ProbeFinding(result: .inconclusive, step: step, errno: number)
  }

  static func contained(_ step: String) -> ProbeFinding { ProbeFinding(result: .contained, step: step) }

  /// A refused system call. Where it was refused for lack of memory, descriptors or space, nothing was tried.
  static func refused(_ step: String, _ number: Int32) -> ProbeFinding {
    let exhausted: Set<Int32> = [EAGAIN, ENOMEM, ENOBUFS, EMFILE, ENFILE, ENOSPC, EDQUOT, EIO, EINTR]
    return exhausted.contains(number)
      ? inconclusive(step, number) : ProbeFinding(result: .contained, step: step, errno: number)
  }

  /// One answer for several tries: any escape is an escape; an inconclusive try leaves the whole inconclusive, since
  /// it might have been the way out; else the first refusal.
  static func of(_ tries: [ProbeFinding]) -> ProbeFinding {
    tries.first { $0.result == .escaped } ?? tries.first { $0.result == .inconclusive } ?? tries.first
      ?? inconclusive("order: nothing to try")
  }
}

extension ProbeOrder {
  /// The newline-separated fact `paths`.
  var paths: [String] { (facts["paths"] ?? "").split(separator: "\n").map(String.init) }

  /// The facts `address` (numeric) and `port`.
  var endpoint: (address: String, port: UInt16)? {
    guard let address = facts["address"], !address.isEmpty, let port = facts["port"].flatMap(UInt16.init), port > 0
    else { return nil }
    return (address, port)
  }

  /// Limit of each connection and of each answer; 2 s unless the fact `timeoutMilliseconds` says otherwise.
  var timeoutMilliseconds: Int {
    guard let wanted = facts["timeoutMilliseconds"].flatMap({ Int($0) }) else { return 2000 }
    return min(max(wanted, 1), 60_000)
  }
}
