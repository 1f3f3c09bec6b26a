import Foundation
import Testing

extension RehearsalTests {
  /// A canary without a verdict in time does what the requirements say, and is never promoted for it.
  @Suite("with a deadline that comes too early", .serialized)
  struct Deadlines {
    private func requirements(_ gate: String) -> String {
      "apiVersion: bulkhead.dev/v1alpha1\nkind: Requirements\nspec:\n  gate: {\(gate)}\n"
    }

    @Test("ask somebody, and are rolled back where nobody is")
    func nobodyIsThere() async throws {
      try await Folder.withFleet { folder in
        try folder.write("requirements.yaml", requirements("atDeadline: ask, deadline: 1s"))
        let ending = try await Program.run(
          RehearsalTests.start + ["--requirements", "requirements.yaml"], in: folder)
        #expect(ending.code == 80, "\(ending.messages)")
        #expect(ending.left == [])
        let wave = try #require(try RunContract(folder, "out").waves.last)
        #expect(wave.result == "rolledBack")
        #expect(wave.reason?.contains("nobody was there to be asked") == true, "\(wave.reason ?? "")")
      }
    }

    @Test("are held until there is a verdict")
    func held() async throws {
      try await Folder.withFleet { folder in
        try folder.write("requirements.yaml", requirements("atDeadline: hold, deadline: 1s, hold: 2min"))
        try folder.write(
          "plant.yaml", "kind: Plant\nwrongs:\n- sidecarErrors: {workload: small/catalogue, percent: 5}\n")
        let ending = try await Program.rehearse(
          RehearsalTests.start + ["--requirements", "requirements.yaml", "--plant", "plant.yaml"], in: folder)
        #expect(ending.code == 80, "\(ending.messages)")
        #expect(ending.left == [])
        #expect(ending.messages.contains("the canary is held"), "\(ending.messages)")
        let wave = try #require(try RunContract(folder, "out").waves.last)
        #expect(wave.reason?.contains("catalogue") == true && wave.reason?.contains("failed") == true)
        #expect(wave.reason?.contains("inconclusive") == false, "the verdict came while it was held")
      }
    }
  }
}
