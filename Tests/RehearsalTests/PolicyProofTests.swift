import Foundation
import Testing

extension RehearsalTests {
  /// The policies that are written, tried on a twin: every needed call passes, every other one is refused.
  @Suite("Policies that are tried", .serialized)
  struct PolicyProofs {
    struct Proof: Decodable {
      struct Stage: Decodable {
        var name: String
        var attempts: [Attempt]
        var leftOpen: [LeftOpen]
      }
      struct LeftOpen: Decodable {
        var port: Int
        var because: String
      }
      struct Attempt: Decodable {
        var way: String
        var needed: Bool
        var result: String
        var port: Int
      }
      var schema: String
      var stages: [Stage]
    }

    struct Input: CustomTestStringConvertible, Sendable {
      var testDescription: String
      var path: String
      /// Calls that are needed, counted by hand from the manifests.
      var needed: Int
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    static let inputs = [
      Input(testDescription: "the example shop", path: root.appending(path: "Examples/shop").path, needed: 12),
      Input(
        testDescription: "Online Boutique",
        path: root.appending(path: "../shared/data/online-boutique/kubernetes-manifests.yaml").path, needed: 16),
    ].filter { FileManager.default.fileExists(atPath: $0.path) }

    @Test("hold", arguments: inputs)
    func hold(_ input: Input) async throws {
      try await Folder.withFleet { folder in
        let ending = try await Program.run(["policies", "--prove", "-o", "json", "-f", input.path], in: folder)
        #expect(ending.code == 0, "\(ending.messages)")
        #expect(ending.left == [])
        let proof = try JSONDecoder().decode(Proof.self, from: Data(ending.output.utf8))
        #expect(proof.stages.count == 2)
        for stage in proof.stages {
          #expect(stage.attempts.count { $0.needed && $0.result == "reached" } == input.needed, "\(stage.name)")
          #expect(!stage.attempts.contains { $0.needed && $0.result != "reached" }, "\(stage.name)")
          #expect(!stage.attempts.contains { !$0.needed && $0.result != "refused" }, "\(stage.name)")
          #expect(stage.attempts.contains { !$0.needed && $0.way == "pod" })
        }
      }
    }

    /// Of the small fleet three calls are needed; the gateway's port is for everybody.
    @Test("hold by a mesh's own objects alone", arguments: ["istioSidecar", "istioAmbient", "linkerd", "consul"])
    func meshObjects(_ mesh: String) async throws {
      try await Folder.withFleet { folder in
        let words = ["policies", "--prove", "--mesh", mesh, "-o", "json", "-f", "fleet"]
        let ending = try await Program.run(words, in: folder)
        #expect(ending.code == 0, "\(ending.messages)")
        #expect(ending.left == [])
        let proof = try JSONDecoder().decode(Proof.self, from: Data(ending.output.utf8))
        #expect(proof.stages.count == 3)
        let alone = try #require(proof.stages.last)
        #expect(alone.attempts.count { $0.needed && $0.result == "reached" } == 3)
        #expect(alone.attempts.count { !$0.needed && $0.result == "refused" } == 12)
        #expect(alone.attempts.count == 15)
        #expect(alone.leftOpen.count == 3 && alone.leftOpen.allSatisfy { $0.port == 8080 }, "\(alone.leftOpen)")
      }
    }

    /// What forbids a needed call shows in the objects alone: no network policy hides it.
    @Test("do not hold where an older rule of the mesh forbids a needed call")
    func olderRule() async throws {
      try await Folder.withFleet { folder in
        try folder.write(
          "fleet/deny.yaml",
          """
          apiVersion: security.istio.io/v1
          kind: AuthorizationPolicy
          metadata: {name: closed, namespace: small}
          spec:
            action: DENY
            selector: {matchLabels: {app: catalogue}}
            rules: [{from: [{source: {principals: [cluster.local/ns/small/sa/gateway]}}]}]
          """)
        let words = ["policies", "--prove", "--mesh", "istioSidecar", "-o", "json", "-f", "fleet"]
        let ending = try await Program.run(words, in: folder)
        #expect(ending.code == 79, "\(ending.messages)")
        let proof = try JSONDecoder().decode(Proof.self, from: Data(ending.output.utf8))
        let failed = proof.stages.map { $0.attempts.count { $0.needed && $0.result != "reached" } }
        #expect(failed == [0, 0, 1], "Envoy enforces the mesh's rule only where the mesh's objects are tried")
      }
    }

    /// An older policy that opens everything stays beside the new ones, and allow rules add up.
    @Test("do not hold where an older policy opens more")
    func olderPolicy() async throws {
      try await Folder.withFleet { folder in
        try folder.write(
          "fleet/open.yaml",
          """
          apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: {name: open, namespace: small}
          spec:
            podSelector: {}
            policyTypes: [Ingress, Egress]
            ingress: [{}]
            egress: [{}]
          """)
        let ending = try await Program.run(["policies", "--prove", "-o", "json", "-f", "fleet"], in: folder)
        #expect(ending.code == 79, "\(ending.messages)")
        #expect(ending.left == [])
        let proof = try JSONDecoder().decode(Proof.self, from: Data(ending.output.utf8))
        #expect(proof.stages.first?.attempts.contains { !$0.needed && $0.result == "reached" } == true)
      }
    }
  }
}
