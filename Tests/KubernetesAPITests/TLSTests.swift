import Diagnostics
import FleetModel
import NIOSSL
import Testing

@testable import KubernetesAPI

/// Over TLS: who is trusted, and who is not.
struct TLSTests {
  private func bytes(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

  private func with<Value: Sendable>(
    requiresClient: Bool = false, _ change: @escaping (inout ClusterSettings) -> Void,
    _ body: (KubernetesClient) async throws -> Value
  ) async throws -> (Value, [FakeCluster.Request]) {
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(bytes(TestCertificates.server)).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: bytes(TestCertificates.serverKey), format: .pem)))
    if requiresClient {
      tls.certificateVerification = .noHostnameVerification
      tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(bytes(TestCertificates.authority)))
    }
    let cluster = FakeCluster()
    cluster.script("GET /version", [FakeCluster.Answer(status: 200, body: Array("{}".utf8))])
    let value = try await FakeServer.with(cluster, tls: tls) { server in
      try await server.client(
        change: {
          $0.cluster.server = "https://127.0.0.1:\(server.port)"
          change(&$0)
        }, body)
    }
    return (value, cluster.requests)
  }

  private func trust(_ settings: inout ClusterSettings) {
    settings.cluster.authority = .bytes(bytes(TestCertificates.authority))
    settings.cluster.tlsServerName = "kube.example"
  }

  @Test func theNameThatIsTrustedIsAsked() async throws {
    let (_, requests) = try await with({ trust(&$0) }) { try await $0.read("/version") }
    #expect(requests.count == 1 && requests[0].header("Host")?.hasPrefix("127.0.0.1:") == true)
  }

  @Test(arguments: [0, 1]) func nobodyElseIsTalkedTo(_ index: Int) async throws {
    let changes: [(inout ClusterSettings) -> Void] = [
      // The machine's own authorities do not know it.
      { $0.cluster.tlsServerName = "kube.example" },
      // The right authority, another name.
      { $0.cluster.authority = .bytes(bytes(TestCertificates.authority)) },
    ]
    let failure = await Fixtures.failure {
      _ = try await with({ changes[index](&$0) }) { try await $0.read("/version") }
    }
    #expect(failure?.kind == .unreachable && failure?.error.exit == .targetUnreachable)
    #expect(failure?.message.contains("cannot be trusted") == true, "\(String(describing: failure))")
  }

  @Test func unverifiedIsTheUsersRisk() async throws {
    let (_, requests) = try await with({ $0.cluster.skipsVerification = true }) { try await $0.read("/version") }
    #expect(requests.count == 1)
  }

  @Test func clientCertificatesAreShown() async throws {
    func client(_ settings: inout ClusterSettings) {
      trust(&settings)
      settings.user.certificate = .bytes(bytes(TestCertificates.client))
      settings.user.key = .bytes(bytes(TestCertificates.clientKey))
    }
    let (_, requests) = try await with(requiresClient: true, { client(&$0) }) { try await $0.read("/version") }
    #expect(requests.count == 1)
    // Without it: an error, and never a request that is taken for done.
    let failure = await Fixtures.failure {
      _ = try await with(requiresClient: true, { trust(&$0) }) { try await $0.read("/version") }
    }
    #expect(failure != nil && failure?.error.exit == .targetUnreachable)
    let error = await #expect(throws: BulkheadError.self) {
      _ = try await with({
        trust(&$0)
        $0.user.certificate = .bytes(bytes("no PEM"))
        $0.user.key = .bytes(bytes("no PEM"))
      }) { try await $0.read("/version") }
    }
    #expect(error?.exit == .configuration && error?.message.contains("no PEM that can be read") == true)
  }
}
