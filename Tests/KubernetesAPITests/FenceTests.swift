import Diagnostics
import FleetModel
import Synchronization
import Testing

@testable import KubernetesAPI

/// Who has lost the lease writes nothing more, not even again.
struct FenceTests {
  /// Lets so many writes through.
  private final class Fence: Sendable {
    private let left: Mutex<Int>
    init(_ count: Int) { left = Mutex(count) }

    func pass() throws {
      let passes = left.withLock { left in
        left -= 1
        return left >= 0
      }
      guard passes else { throw BulkheadError(.tryAgain, "the lease was lost", cure: "see who has it") }
    }
  }

  @Test("nothing is sent while the fence is closed, and reads are not asked")
  func closed() async throws {
    try await FakeServer.with { server in
      server.cluster.put(Fixtures.cartPath, #"{"metadata":{"name":"cart","uid":"u"}}"#)
      try await server.client { client in
        let fence = Fence(0)
        client.fenceWrites { try fence.pass() }
        _ = try await client.get(Fixtures.cart)
        await #expect(throws: BulkheadError.self) {
          try await client.apply(Fixtures.cart(replicas: 3), to: Fixtures.cart)
        }
        await #expect(throws: BulkheadError.self) {
          try await client.delete(Fixtures.cart, precondition: Precondition(uid: "u"))
        }
      }
      #expect(server.cluster.requests.map(\.method) == ["GET"])
    }
  }

  @Test("a write is not repeated once the fence has closed")
  func repetition() async throws {
    try await FakeServer.with { server in
      server.cluster.fail([.status(503)])
      try await server.client { client in
        let fence = Fence(1)
        client.fenceWrites { try fence.pass() }
        await #expect(throws: BulkheadError.self) {
          try await client.apply(Fixtures.cart(replicas: 3), to: Fixtures.cart)
        }
      }
      #expect(server.cluster.requests.count { $0.method == "PATCH" } == 1)
      #expect(server.cluster.effects(Fixtures.cartPath) == 0)
    }
  }

  @Test("leases are what the right to write is made of, and exempt")
  func lease() async throws {
    let resource = APIResource(
      group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", isNamespaced: true)
    let name = ObjectName(resource, namespace: "bulkhead", name: "bulkhead-rollout")
    try await FakeServer.with { server in
      server.cluster.put(
        "/apis/coordination.k8s.io/v1/namespaces/bulkhead/leases/bulkhead-rollout",
        #"{"metadata":{"name":"bulkhead-rollout"},"spec":{"holderIdentity":"a"}}"#)
      try await server.client { client in
        let fence = Fence(0)
        client.fenceWrites { try fence.pass() }
        let live = try await client.get(name)
        _ = try await client.patch(
          name, with: Fixtures.json(#"{"spec":{"holderIdentity":"b"}}"#), precondition: Precondition(of: live))
      }
      #expect(server.cluster.requests.map(\.method) == ["GET", "PATCH"])
    }
  }
}
