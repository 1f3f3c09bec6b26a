import Diagnostics
package import FleetModel
import IntentModel
import StandinProtocol
package import Trials

/// Known-bad attempts against the wave's pods, and the same against deliberately open twins of them.
extension LocalTwin: ControlRange {
  package func openTwins(of targets: [ObjectReference]) async throws {
    var missing: [TwinPod] = []
    for target in targets where openTwin(of: target) == nil {
      guard let workload = fleet.workload(target) else { continue }
      let reference = ObjectReference(kind: "OpenTwin", namespace: target.namespace, name: "\(target.name)-open")
      let intent = settings.derivation.intent(of: workload, posture: .untouched)
      missing.append(
        try tester(
          reference, role: .openTwin(of: target), posture: Posture(mutualTLS: .permissive),
          wrongs: [.open, .adminExposed], inbound: intent.inbound))
    }
    guard !missing.isEmpty else { return }
    try await start(missing)
  }

  func closeOpenTwins() async throws {
    let twins = pods.values.filter { if case .openTwin = $0.role { true } else { false } }.sorted { $0.id < $1.id }
    guard !twins.isEmpty else { return }
    for twin in twins { pods[twin.id]?.state = .draining }
    try await reconcile()
    try await stop(twins)
  }

  private func openTwin(of target: ObjectReference) -> TwinPod? {
    pods.values.first { $0.role == .openTwin(of: target) && $0.state == .ready }
  }

  package func attempt(
    _ kind: Control.Kind, against target: ObjectReference, open: Bool
  ) async throws -> AttemptResult {
    guard let victim = open ? openTwin(of: target) : attacked(target) else { return .unknown("no ready pod to attack") }
    guard let aim = try aim(kind, at: victim), let link = links[aim.from] else {
      return .unknown("nobody to attack from")
    }
    let outcome = await link.attempt(host: aim.host, port: aim.port, path: aim.path, tcp: aim.tcp, limit: Self.patience)
    return AttemptReading.read(outcome, of: kind)
  }

  /// Longer than any answer takes, short enough to be tried again and again while a fault lasts.
  private static let patience: Duration = .milliseconds(700)

  /// The wave's new pods are what is being proved; without a wave, any ready pod.
  func attacked(_ target: ObjectReference) -> TwinPod? {
    let ready = { (pod: TwinPod) in pod.state == .ready }
    return players(of: target, .canary).first(where: ready) ?? players(of: target, .stable).first(where: ready)
  }

  private struct Aim {
    var from: String
    var host: String
    var port: Int
    var path = "/"
    var tcp = false
  }

  private func aim(_ kind: Control.Kind, at victim: TwinPod) throws -> Aim? {
    switch kind {
    case .plaintextRefused:
      guard let flow = Self.chosen(victim), let from = intruder(.plaintext) else { return nil }
      return Aim(from: from, host: victim.address, port: flow.port, path: "/healthz", tcp: flow.wireProtocol == .tcp)
    case .wrongIdentityRefused: return try meshAim(from: .foreign, victim)
    case .unlistedCallerRefused: return try meshAim(from: .unlisted, victim)
    case .egressRefused:
      return Aim(from: victim.id, host: "\(AddressPlan.outside)", port: Scenery.outsidePort)
    case .adminUnreachable:
      return Aim(from: victim.id, host: "127.0.0.1", port: SidecarPorts.admin, path: "/server_info")
    }
  }

  private static func chosen(_ victim: TwinPod) -> InboundFlow? {
    victim.intent.inbound.first { $0.wireProtocol == .http } ?? victim.intent.inbound.first
  }

  /// By the service's address, so that the intruder's own sidecar speaks mutual TLS for it.
  private func meshAim(from kind: Intruder, _ victim: TwinPod) throws -> Aim? {
    guard let flow = Self.chosen(victim), let from = intruder(kind) else { return nil }
    let view = NetworkView(pods: Array(pods.values), fleet: fleet, addresses: try running().addresses)
    guard let service = view.address(leadingTo: victim, targetPort: flow.port) else { return nil }
    return Aim(
      from: from, host: service.host, port: service.port, path: "/healthz", tcp: flow.wireProtocol == .tcp)
  }

  func intruder(_ kind: Intruder) -> String? {
    pods.values.first { $0.role == .intruder && $0.workload.name == kind.rawValue && $0.state == .ready }?.id
  }
}
