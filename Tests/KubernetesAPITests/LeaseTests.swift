import FleetModel
import Testing

@testable import KubernetesAPI
@testable import KubernetesTarget

/// Here, and not with the target's other tests, for the sake of the server.
struct LeaseTests {
  /// How often the lease was written, and what fails from now on.
  private func renewed(_ server: FakeServer, _ client: KubernetesClient, after faults: [FakeCluster.Fault?])
    async throws
    -> Int
  {
    let lease = RolloutLease(client, holder: "we", seconds: 30) { _ in }
    return try await lease.with {
      server.cluster.fail(faults)
      while server.cluster.effects(RolloutLease.name.path) < 3 {
        try lease.requireEpoch()
        // The pace of looking, not a wait for time to pass.
        try await Task.sleep(for: .milliseconds(20))
      }
      return server.cluster.effects(RolloutLease.name.path)
    }
  }

  /// A client waits half a minute for an answer, which is longer than the lease is held.
  @Test(
    "a renewal whose answer does not come is tried again while there is time",
    arguments: [[.silence], [.silence, .silence], [nil, .silenceAfterEffect], [.hangUp]] as [[FakeCluster.Fault?]])
  func isRetried(_ faults: [FakeCluster.Fault?]) async throws {
    try await FakeServer.with { server in
      let count = try await server.client { client in try await renewed(server, client, after: faults) }
      #expect(count >= 3)
    }
  }
}
