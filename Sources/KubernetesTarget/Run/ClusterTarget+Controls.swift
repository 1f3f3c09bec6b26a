package import FleetModel
package import IntentModel
import KubernetesAPI
package import Trials

/// Known-bad attempts, made by the discovery server: it has no sidecar, it can sign what it needs, and its pod is where
/// nobody is let in from. The open door that every attempt must get through as well is in its own pod.
extension ClusterTarget: ControlRange {
  /// Those that can be tried from outside the workload's own pods: by the discovery server, where there is one.
  package static func controls(on mesh: Mesh = .envoy) -> [Control] {
    mesh == .envoy ? [.plaintextRefused, .wrongIdentityRefused, .unlistedCallerRefused] : []
  }

  package func openTwins(of targets: [ObjectReference]) async throws {}

  package func attempt(
    _ kind: Control.Kind, against target: ObjectReference, open: Bool
  ) async throws -> AttemptResult {
    guard hasDiscovery else { return .unknown("nothing here can try it on \(enrolment.mesh.title)") }
    let word: String
    switch kind {
    case .plaintextRefused: word = "plaintext"
    case .wrongIdentityRefused: word = "foreign"
    case .unlistedCallerRefused: word = "unlisted"
    case .egressRefused, .adminUnreachable: return .unknown("it cannot be tried from outside the pod")
    }
    var place = ("open", 1)
    if !open {
      let pods = try await view().seen(document()).filter { $0.workload == target && $0.isReady && $0.posture.enrolled }
      let victim = pods.first { $0.revision != nil && $0.revision == revisions[target] } ?? pods.first
      let port = document().workloads.first { $0.workload == target }?.inbound
        .first { $0.wireProtocol == .http }?.port
      guard let victim, let port else { return .unknown("no ready pod that speaks HTTP to attack") }
      place = (victim.address, port)
    }
    let answer = try await ask("attempt/\(word)/\(place.0)/\(place.1)")
    let seen = String((answer["seen"]?.string ?? "").prefix(200))
    switch answer["result"]?.string {
    case "reached": return .reached(seen)
    case "refused": return .refused(seen)
    default: return .unknown(seen)
    }
  }
}
