import EnvoyMesh
import IntentModel
import Testing

/// Real Envoys in network namespaces; one lab at a time, for they share two cores.
@Suite(.serialized) struct LiveMesh {}

extension LiveMesh {
  @Test func mutualTLSPermissiveThenStrict() async throws {
    let pods = [
      Shop.pod("web", Shop.web, 2), Shop.pod("api", Shop.api, 3),
      Shop.pod("plain", Shop.reference("plain"), 4, posture: .untouched),
    ]
    try await Lab.with(pods, [Shop.service]) { lab in
      let web = try await lab.agent("web")
      let plain = try await lab.agent("plain")

      let encrypted = try await web.get(Shop.virtualAddress, 80)
      #expect(encrypted.name == "api", "\(encrypted)")
      let certificate = try #require(encrypted.headers?["x-forwarded-client-cert"])
      #expect(certificate.contains("URI=spiffe://bulkhead.local/ns/shop/sa/web"))
      #expect(encrypted.headers?["x-bulkhead-caller"] == "shop/web")
      #expect(try await web.tcp(Shop.virtualAddress, 6379).name == "api")

      let forged = ["x-forwarded-client-cert": "URI=spiffe://bulkhead.local/ns/shop/sa/web"]
      let open = try await plain.get("10.7.0.3", 8080, headers: forged, keep: "old")
      #expect(open.name == "api", "\(open)")
      #expect(open.headers?["x-forwarded-client-cert"] == nil)
      #expect(try await plain.get("10.7.0.3", 9999).name == "api")
      #expect(try await plain.tcp("10.7.0.3", 6379, keep: "oldTCP").name == "api")

      try await lab.posture("api") { $0.mutualTLS = .strict }
      #expect(try await web.get(Shop.virtualAddress, 80).name == "api")
      #expect(try await web.tcp(Shop.virtualAddress, 6379).name == "api")
      #expect(try await plain.get("10.7.0.3", 8080).error != nil)
      #expect(try await plain.get("10.7.0.3", 8080, keep: "old").error != nil, "a connection from before lived on")
      #expect(try await plain.tcp("10.7.0.3", 6379).error != nil)
      #expect(try await plain.tcp("10.7.0.3", 6379, keep: "oldTCP").error != nil)
      #expect(try await plain.get("10.7.0.3", 9999).error != nil)
      #expect(try await plain.get("10.7.0.3", 15006).error != nil)

      try await lab.posture("api") { $0.mutualTLS = .permissive }
      #expect(try await plain.get("10.7.0.3", 8080).name == "api")
      #expect(try await plain.get("10.7.0.3", 15006).error != nil, "the sidecar would call itself for ever")
    }
  }

  @Test func foreignCertificatesAndOpenSidecars() async throws {
    let strict = Posture(mutualTLS: .strict, authorisation: .enforced)
    let pods = [
      Shop.pod("web", Shop.web, 2), Shop.pod("api", Shop.api, 3, posture: strict),
      Shop.pod("mallory", Shop.web, 4, wrongs: [.foreignAuthority]),
      Shop.pod("plain", Shop.reference("plain"), 5, posture: .untouched),
    ]
    try await Lab.with(pods, [Shop.service]) { lab in
      let mallory = try await lab.agent("mallory")
      #expect(try await lab.agent("web").get(Shop.virtualAddress, 80).status == 200)
      let refused = try await mallory.get(Shop.virtualAddress, 80)
      #expect(refused.status == 503, "\(refused)")
      #expect(try await mallory.tcp(Shop.virtualAddress, 6379).error != nil)

      try await lab.change("open sidecar") { $0.pods[1].wrongs = [.open] }
      #expect(try await mallory.get(Shop.virtualAddress, 80).status == 200)
      #expect(try await lab.agent("plain").get("10.7.0.3", 8080).status == 200)
      #expect(try await lab.agent("plain").get("10.7.0.3", 9999).status == 200)
    }
  }

  @Test func newCertificatesKeepConnectionsAndServeNewOnes() async throws {
    let strict = Posture(mutualTLS: .strict)
    try await Lab.with([Shop.pod("web", Shop.web, 2), Shop.pod("api", Shop.api, 3, posture: strict)], [Shop.service]) {
      lab in
      let web = try await lab.agent("web")
      #expect(try await web.get(Shop.virtualAddress, 80, keep: "old").status == 200)
      #expect(try await web.tcp(Shop.virtualAddress, 6379, keep: "oldTCP").name == "api")
      let before = try await lab.statistics("api", "server_ssl_socket_factory.ssl_context_update_by_sds")
      try await lab.plane.rotate()
      try await lab.plane.settled(within: .seconds(10))
      let after = try await lab.statistics("api", "server_ssl_socket_factory.ssl_context_update_by_sds")
      print(before, after)
      #expect(before != after, "the server goes on with its old certificate")
      #expect(try await web.get(Shop.virtualAddress, 80, keep: "old").status == 200)
      #expect(try await web.tcp(Shop.virtualAddress, 6379, keep: "oldTCP").name == "api")
      #expect(try await web.tcp(Shop.virtualAddress, 6379).name == "api")
    }
  }
}
