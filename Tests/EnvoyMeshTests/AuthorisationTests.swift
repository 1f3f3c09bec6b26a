import FleetModel
import IntentModel
import Testing

extension LiveMesh {
  @Test func authorisationActsOnConnectionsThatExist() async throws {
    let pods = [Shop.pod("web", Shop.web, 2), Shop.pod("other", Shop.other, 3), Shop.pod("api", Shop.api, 4)]
    try await Lab.with(pods, [Shop.service]) { lab in
      let web = try await lab.agent("web")
      let other = try await lab.agent("other")
      #expect(try await other.get(Shop.virtualAddress, 80, keep: "old").status == 200)
      #expect(try await other.tcp(Shop.virtualAddress, 6379, keep: "oldTCP").name == "api")

      try await lab.posture("api") { $0.authorisation = .shadow }
      #expect(try await other.get(Shop.virtualAddress, 80, keep: "old").status == 200)
      #expect(try await other.tcp(Shop.virtualAddress, 6379, keep: "oldTCP").name == "api")
      #expect(try await other.tcp(Shop.virtualAddress, 6379).name == "api")

      let counted = try await lab.statistics("api", "shadow_denied")
      #expect(counted.contains("http.in_8080.rbac.shadow.shadow_denied: 1"), "\(counted)")
      #expect(counted.contains("in_6379.rbac.shadow.shadow_denied: 2"), "\(counted)")

      try await lab.posture("api") { $0.authorisation = .enforced }
      let refused = try await other.get(Shop.virtualAddress, 80, keep: "old")
      #expect(refused.status == 403 && refused.text == "RBAC: access denied", "\(refused)")
      #expect(try await other.get(Shop.virtualAddress, 80).status == 403)
      #expect(try await other.tcp(Shop.virtualAddress, 6379, keep: "oldTCP").error != nil)
      #expect(try await other.tcp(Shop.virtualAddress, 6379).error != nil)
      #expect(try await web.get(Shop.virtualAddress, 80).status == 200)
      #expect(try await web.tcp(Shop.virtualAddress, 6379).name == "api")

      try await lab.posture("api") { $0.authorisation = .off }
      #expect(try await other.get(Shop.virtualAddress, 80, keep: "old").status == 200)
    }
  }

  @Test func onlyPortsForTheOutsideServeCallersWithoutIdentity() async throws {
    var api = Shop.pod("api", Shop.api, 3, posture: Posture(mutualTLS: .permissive, authorisation: .enforced))
    api.intent.inbound[0].servesOutside = true
    let pods = [
      Shop.pod("plain", Shop.reference("plain"), 2, posture: .untouched), api, Shop.pod("other", Shop.other, 4),
    ]
    try await Lab.with(pods, [Shop.service]) { lab in
      let plain = try await lab.agent("plain")
      #expect(try await plain.get("10.7.0.3", 8080).status == 200)
      #expect(try await plain.tcp("10.7.0.3", 6379).name != "api", "its other port has callers by name alone")
      #expect(try await lab.agent("other").get(Shop.virtualAddress, 80).status == 403)
      try await lab.change("serves nobody outside") { $0.pods[1].intent.inbound[0].servesOutside = false }
      #expect(try await plain.get("10.7.0.3", 8080).status == 403)
    }
  }

  @Test func isolationClosesTheRest() async throws {
    let pods = [
      Shop.pod("web", Shop.web, 2), Shop.pod("api", Shop.api, 3),
      Shop.pod("plain", Shop.reference("plain"), 4, posture: .untouched),
    ]
    try await Lab.with(pods, [Shop.service]) { lab in
      let web = try await lab.agent("web")
      #expect(try await web.get("10.7.0.4", 8080, keep: "old").name == "plain")
      try await lab.posture("web") { $0.isolated = true }
      #expect(try await web.get(Shop.virtualAddress, 80).name == "api")
      #expect(try await web.tcp(Shop.virtualAddress, 6379).name == "api")
      #expect(try await web.get("10.7.0.4", 8080).error != nil)
      #expect(try await web.get("10.7.0.4", 8080, keep: "old").error != nil)
      #expect(try await web.get("10.7.0.3", 8080).error != nil)
      try await lab.posture("api") { $0.isolated = true }
      #expect(try await lab.agent("plain").get("10.7.0.3", 9999).error != nil)
      #expect(try await lab.agent("plain").get("10.7.0.3", 8080).name == "api")
    }
  }

  @Test func faultsHitWhomTheyName() async throws {
    let pods = [
      Shop.pod("web", Shop.web, 2), Shop.pod("other", Shop.other, 3), Shop.pod("api", Shop.api, 4),
      Shop.pod("next", Shop.api, 5, cohort: .canary),
    ]
    try await Lab.with(pods, [Shop.service]) { lab in
      let web = try await lab.agent("web")
      let other = try await lab.agent("other")
      #expect(try await web.get(Shop.virtualAddress, 80, keep: "old").status == 200)
      try await lab.change("delay") { $0.delays = [DelayFault(caller: Shop.web, target: Shop.api, milliseconds: 300)] }
      let delayed = try #require(try await web.get(Shop.virtualAddress, 80, keep: "old").milliseconds)
      // A busy machine answers late now and then. What is delayed each time never answers sooner.
      var unharmed = delayed
      for _ in 1...20 where unharmed > 290 {
        unharmed = try #require(try await other.get(Shop.virtualAddress, 80).milliseconds)
      }
      print("delayed by 300 ms: \(delayed) ms; not named: \(unharmed) ms")
      // An early timer tick is 4 ms.
      #expect(delayed > 290 && unharmed <= 290)
      // An application that names somebody else as the caller gets its own name back from its sidecar.
      let forged = try await other.get(Shop.virtualAddress, 80, headers: [CohortHeader.caller: "shop/web"])
      #expect(forged.headers?[CohortHeader.caller] == "shop/other")

      try await lab.change("abort") {
        $0.delays = []
        $0.aborts = [AbortFault(target: Shop.api, percent: 100, canaryOnly: true)]
      }
      let canary = [CohortHeader.name: CohortHeader.canary]
      #expect(try await web.get(Shop.virtualAddress, 80, headers: canary).status == 503)
      for _ in 0..<10 { #expect(try await web.get(Shop.virtualAddress, 80, keep: "old").status == 200) }
      try await lab.change("heal") { $0.aborts = [] }
      #expect(try await web.get(Shop.virtualAddress, 80, headers: canary).status == 200)
    }
  }
}
