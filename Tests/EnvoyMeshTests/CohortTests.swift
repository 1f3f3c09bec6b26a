import IntentModel
import Testing

extension LiveMesh {
  @Test func cohortsStayApart() async throws {
    let pods = [
      Shop.pod("web", Shop.web, 2), Shop.pod("one", Shop.api, 3), Shop.pod("two", Shop.api, 4),
      Shop.pod("next", Shop.api, 5, cohort: .canary),
    ]
    try await Lab.with(pods, [Shop.service]) { lab in
      let web = try await lab.agent("web")
      let canary = [CohortHeader.name: CohortHeader.canary]
      func names(_ count: Int, _ call: () async throws -> Outcome) async throws -> [String: Int] {
        var seen: [String: Int] = [:]
        for _ in 0..<count { seen[try await call().description, default: 0] += 1 }
        return seen
      }
      let byHeader = try await names(20) { try await web.get(Shop.virtualAddress, 80, headers: canary, keep: "http") }
      #expect(byHeader.count == 1 && byHeader.keys.allSatisfy { $0.contains("next") }, "\(byHeader)")
      let without = try await names(20) { try await web.get(Shop.virtualAddress, 80, keep: "http") }
      #expect(without.count == 2 && without.keys.allSatisfy { !$0.contains("next") }, "\(without)")
      let byAddress = try await names(10) { try await web.get(Shop.canaryAddress, 80, keep: "canary") }
      #expect(byAddress.count == 1 && byAddress.keys.allSatisfy { $0.contains("next") }, "\(byAddress)")

      let noShare = try await names(20) { try await web.tcp(Shop.virtualAddress, 6379) }
      #expect(noShare.keys.allSatisfy { !$0.contains("next") }, "\(noShare)")
      #expect(try await web.tcp(Shop.canaryAddress, 6379).name == "next")
      #expect(try await web.tcp(Shop.virtualAddress, 6379, keep: "kept").error == nil)
      try await lab.change("canary share 50") { $0.canaryShare = [Shop.api: 50] }
      let half = try await names(40) { try await web.tcp(Shop.virtualAddress, 6379) }
      let toCanary = half.filter { $0.key.contains("next") }.values.reduce(0, +)
      #expect((15...25).contains(toCanary), "\(half)")
      #expect(try await web.tcp(Shop.virtualAddress, 6379, keep: "kept").error == nil, "a share cut a connection")

      try await lab.change("canary gone") { $0.pods[3].ready = false }
      #expect(try await web.get(Shop.virtualAddress, 80, headers: canary).status == 200)
      try await lab.change("only the canary") { state in
        state.pods[1].ready = false
        state.pods[2].ready = false
        state.pods[3].ready = true
      }
      #expect(try await web.get(Shop.virtualAddress, 80).name == "next")
      #expect(try await web.tcp(Shop.virtualAddress, 6379).name == "next")
    }
  }

  @Test func aPodMovesIntoTheMeshUnderItsAddress() async throws {
    let pods = [Shop.pod("web", Shop.web, 2), Shop.pod("api", Shop.api, 3)]
    let enrolled = pods[1].intent.posture
    try await Lab.with(pods, [Shop.service]) { lab in
      let web = try await lab.agent("web")
      // Its sidecar serves both, so that only what the caller does decides.
      try await lab.change("out") { $0.pods[1].intent.posture = .untouched }
      let plain = try await web.get(Shop.virtualAddress, 80)
      #expect(plain.status == 200 && plain.headers?["x-forwarded-client-cert"] == nil, "\(plain)")
      try await lab.change("in") { $0.pods[1].intent.posture = enrolled }
      let encrypted = try await web.get(Shop.virtualAddress, 80)
      #expect(encrypted.headers?["x-forwarded-client-cert"] != nil, "\(encrypted)")
    }
  }
}
