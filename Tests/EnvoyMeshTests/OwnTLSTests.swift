import EnvoyMesh
import FleetModel
import IntentModel
import Testing

extension LiveMesh {
  /// `api` speaks TLS itself on port 8443, and `plain` has no sidecar.
  private static func pods(_ posture: Posture, as wireProtocol: WireProtocol) -> [MeshPod] {
    var (web, api) = (Shop.pod("web", Shop.web, 2), Shop.pod("api", Shop.api, 3, posture: posture))
    web.intent.outbound.append(
      OutboundFlow(
        service: secure(wireProtocol).id, servicePort: 8443, target: Shop.api, targetPort: 8443,
        wireProtocol: wireProtocol))
    api.intent.inbound.append(InboundFlow(port: 8443, wireProtocol: wireProtocol, callers: [Shop.web]))
    return [web, api, Shop.pod("plain", Shop.reference("plain"), 4, posture: .untouched)]
  }

  /// Its address is the pod's own: nobody here stands between them.
  private static func secure(_ wireProtocol: WireProtocol) -> MeshService {
    MeshService(
      id: ObjectReference(kind: "Service", namespace: "shop", name: "secure"), virtualAddress: "10.7.0.3",
      ports: [.init(port: 8443, targetPort: 8443, wireProtocol: wireProtocol)], targets: [Shop.api])
  }

  @Test func whatApplicationsEncryptThemselvesPasses() async throws {
    let permissive = Posture(mutualTLS: .permissive)
    try await Lab.with(Self.pods(permissive, as: .tcp), [Self.secure(.tcp)]) { lab in
      let (web, plain) = (try await lab.agent("web"), try await lab.agent("plain"))
      #expect(try await plain.tls("10.7.0.3", 8443, keep: "old").name == "api", "who has no sidecar yet goes on")
      #expect(try await web.tls("10.7.0.3", 8443).name == "api", "within mutual TLS")
      #expect(try await lab.statistics("api", "ssl.handshake").contains(": 1"), "one connection of the mesh's own")

      try await lab.posture("api") { $0.authorisation = .enforced }
      #expect(try await web.tls("10.7.0.3", 8443).name == "api", "it is known by its identity")
      #expect(try await plain.tls("10.7.0.3", 8443).name == nil, "a caller without an identity is let in")

      try await lab.posture("api") { $0.mutualTLS = .strict }
      #expect(try await web.tls("10.7.0.3", 8443).name == "api")
      #expect(try await plain.tls("10.7.0.3", 8443).name == nil)
      #expect(try await plain.tls("10.7.0.3", 8443, keep: "old").name == nil, "a connection from before lived on")
    }
  }

  /// Nobody has said of the port that it is not HTTP.
  @Test func ownTLSOnAPortForHTTPGoesWhereItWasSent() async throws {
    let permissive = Posture(mutualTLS: .permissive)
    try await Lab.with(Self.pods(permissive, as: .http), [Self.secure(.http)]) { lab in
      let (web, plain) = (try await lab.agent("web"), try await lab.agent("plain"))
      #expect(try await plain.tls("10.7.0.3", 8443).name == "api")
      #expect(try await web.tls("10.7.0.3", 8443).name == "api")

      try await lab.posture("api") { $0.authorisation = .enforced }
      #expect(try await plain.tls("10.7.0.3", 8443).name == nil)
      try await lab.change("serves the outside") { $0.pods[1].intent.inbound[2].servesOutside = true }
      #expect(try await plain.tls("10.7.0.3", 8443).name == "api")
      try await lab.posture("api") { $0.mutualTLS = .strict }
      #expect(try await plain.tls("10.7.0.3", 8443).name == nil)
    }
  }
}
