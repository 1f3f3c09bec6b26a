import Diagnostics
package import FleetModel
import IntentModel
import StandinProtocol

/// What came of one request from a workload's own pod to a port of another's.
package struct FlowAttempt: Sendable, Equatable {
  package enum Result: String, Sendable, Codable {
    /// The other workload answered.
    case reached
    /// Nothing answered, or somebody on the way refused.
    case refused
    /// It could not be tried.
    case unknown
  }
  package var result: Result
  package var seen: String
}

extension LocalTwin {
  /// One request from a ready pod of `caller`.
  /// - Parameters:
  ///   - port: of the container that is called.
  ///   - directly: to the pod's own address, past its service, as somebody would who has broken into the caller.
  ///   - patience: how long silence is waited out; refused packets vanish without a word.
  package func tryFlow(
    from caller: ObjectReference, to target: ObjectReference, port: Int, wireProtocol: WireProtocol, directly: Bool,
    patience: Duration
  ) async throws -> FlowAttempt {
    let isReady = { (pod: TwinPod) in pod.state == .ready }
    guard let from = players(of: caller).first(where: isReady), let link = links[from.id],
      let victim = players(of: target).first(where: isReady)
    else { return FlowAttempt(result: .unknown, seen: "no ready pod") }
    var place = (host: victim.address, port: port)
    if !directly {
      let view = NetworkView(pods: Array(pods.values), fleet: fleet, addresses: try running().addresses)
      guard let service = view.address(leadingTo: victim, targetPort: port) else {
        return FlowAttempt(result: .unknown, seen: "no service leads there")
      }
      place = service
    }
    let outcome = await link.attempt(
      host: place.host, port: place.port, path: "/healthz", tcp: wireProtocol == .tcp, limit: patience)
    guard let outcome else { return FlowAttempt(result: .unknown, seen: "the caller's process ended") }
    let seen = "\(outcome.kind.rawValue)\(outcome.status.map { " \($0)" } ?? ""): \(outcome.detail)"
    return switch outcome.kind {
    case .reached: FlowAttempt(result: .reached, seen: seen)
    case .impossible: FlowAttempt(result: .unknown, seen: seen)
    case .refused, .denied, .closed, .timedOut: FlowAttempt(result: .refused, seen: seen)
    }
  }
}
