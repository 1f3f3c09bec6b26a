import Diagnostics
import EnvoyMesh
import FleetModel
import IntentModel
import Testing

extension LiveMesh {
  @Test func aRefusalIsReportedInEnvoysWords() async throws {
    try await Lab.with([Shop.pod("web", Shop.web, 2)], [Shop.service]) { lab in
      var state = await lab.state
      state.services[0].virtualAddress = "not-an-address"
      try await lab.plane.publish(state)
      let error = await #expect(throws: BulkheadError.self) { try await lab.plane.settled(within: .seconds(20)) }
      let text = try #require(error).description
      print(text)
      #expect(text.contains("web") && text.contains("listeners"))
      // The refused configuration is repaired, not stuck.
      state.services[0].virtualAddress = Shop.virtualAddress
      try await lab.plane.publish(state)
      try await lab.plane.settled(within: .seconds(20))
    }
  }

  @Test func everyPostureIsTakenByARealEnvoy() async throws {
    let pods = [
      Shop.pod("api", Shop.api, 2), Shop.pod("web", Shop.web, 3), Shop.pod("next", Shop.api, 4, cohort: .canary),
    ]
    try await Lab.with(pods, [Shop.service]) { lab in
      for mode in [MutualTLS.permissive, .strict] {
        for authorisation in [Authorisation.off, .shadow, .enforced] {
          for isolated in [false, true] {
            for outside in [false, true] {
              try await lab.change("\(mode) \(authorisation) \(isolated ? "isolated" : "open")") { state in
                for index in state.pods.indices {
                  state.pods[index].intent.posture = Posture(
                    mutualTLS: mode, authorisation: authorisation, isolated: isolated)
                  for flow in state.pods[index].intent.inbound.indices {
                    state.pods[index].intent.inbound[flow].servesOutside = outside
                  }
                  state.pods[index].wrongs = outside && isolated ? [.open, .foreignAuthority] : []
                }
                state.services[0].canaryVirtualAddress = outside ? Shop.canaryAddress : nil
                state.canaryShare = outside ? [Shop.api: 10] : [:]
                state.delays = isolated ? [DelayFault(caller: Shop.web, target: Shop.api, milliseconds: 1050)] : []
                state.aborts = outside ? [AbortFault(target: Shop.api, percent: 12.5, canaryOnly: true)] : []
              }
            }
          }
        }
      }
      try await lab.change("no service, nobody allowed") { state in
        state.services = []
        for index in state.pods.indices { state.pods[index].intent.inbound = [] }
      }
    }
  }

  @Test func aSidecarThatStartsAgainGetsEverything() async throws {
    try await Lab.with([Shop.pod("web", Shop.web, 2), Shop.pod("api", Shop.api, 3)], [Shop.service]) { lab in
      try await lab.restartSidecar("web")
      try await lab.plane.settled(within: .seconds(20))
      #expect(try await lab.agent("web").get(Shop.virtualAddress, 80).name == "api")
    }
  }

  @Test func manyChangesLoseNoRequest() async throws {
    let pods = [Shop.pod("web", Shop.web, 2), Shop.pod("one", Shop.api, 3), Shop.pod("two", Shop.api, 4)]
    try await Lab.with(pods, [Shop.service]) { lab in
      let web = try await lab.agent("web")
      async let failures = Self.load(web, requests: 600)
      for round in 0..<10 {
        try await lab.change("round \(round)") { state in
          state.pods[1].ready = round % 2 == 0
          state.pods[1].cohort = round % 3 == 0 ? .canary : .stable
          state.pods[2].intent.posture.authorisation = round % 2 == 0 ? .enforced : .off
        }
      }
      #expect(try await failures == [])
    }
  }

  private static func load(_ agent: Agent, requests: Int) async throws -> [String] {
    var failures: [String] = []
    for _ in 0..<requests {
      let outcome = try await agent.get(Shop.virtualAddress, 80)
      if outcome.status != 200 { failures.append(outcome.description) }
    }
    return failures
  }
}
