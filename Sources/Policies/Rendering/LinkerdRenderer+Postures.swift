import FleetModel
import IntentModel

extension LinkerdRenderer {
  /// Linkerd encrypts between its proxies from the start; what a posture changes is who is let in.
  func objects(for need: WorkloadPolicy, in posture: Posture) -> [ManifestObject] {
    guard need.isInMesh, posture.enrolled, posture.authorisation != .off else { return [] }
    let word = posture.authorisation.rawValue
    let marked = need.marked(PostureMark.authorisation, word)
    let access = posture.authorisation == .enforced ? "deny" : "audit"
    let ports = need.inbound.filter { $0.transport == .tcp }
    return ports.flatMap { self.ports(marked, $0, suffix: "-\(word)", access: access) }
      + administration(marked, known: ports.map(\.port), word, access)
  }

  /// For ports without a Server of their own.
  static func defaultPolicy(_ posture: Posture) -> String {
    switch posture.authorisation {
    case .enforced: "deny"
    case .shadow: "audit"
    case .off: posture.mutualTLS == .strict ? "all-authenticated" : "all-unauthenticated"
    }
  }

  /// The proxy's own port, on which it tells what it has counted, is under the same rules as any other.
  private func administration(
    _ need: WorkloadPolicy, known: [Int], _ word: String, _ access: String
  ) -> [ManifestObject] {
    guard let port = context.target.metricsPort, !known.contains(port), !context.options.watchers.isEmpty else {
      return []
    }
    let watched = InboundNeed(
      port: port, transport: .tcp, wireProtocol: .http, members: [], strangers: [],
      entrances: [
        Entrance(
          target: need.workload, port: port, transport: .tcp, source: .anywhere, what: "the API server",
          reason: .scrape, location: need.location)
      ])
    return ports(need, watched, suffix: "-\(word)", access: access, networks: context.options.watchers)
  }
}
