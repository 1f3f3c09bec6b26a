import Diagnostics
import FleetModel
import Foundation
import IntentModel
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing

@testable import EnvoyMesh

/// The discovery server of a cluster, asked as sidecars ask it.
@Suite(.serialized) struct DiscoveryTests {
  static let name = "bulkhead-discovery.bulkhead.svc"
  private static let workload = ObjectReference(kind: "Deployment", namespace: "shop", name: "cart")

  private static func state(_ uids: [String]) -> MeshState {
    MeshState(
      pods: uids.map { uid in
        MeshPod(
          id: uid, address: "10.0.0.1", cohort: .stable, ready: true,
          intent: Intent(
            workload: workload,
            identity: SpiffeID(trustDomain: "bulkhead.local", namespace: "shop", account: "cart"),
            posture: Posture(mutualTLS: .permissive), inbound: [], outbound: []))
      })
  }

  struct Running: Sendable {
    var server: MeshDiscovery
    var ports: MeshDiscovery.Ports
    var root: String
  }

  private static func with(_ uids: [String], _ body: (Running) async throws -> Void) async throws {
    let authority = try CertificateAuthority(commonName: "mesh", now: Date())
    let credentials = try CertificateAuthority(commonName: "credentials", now: Date())
    var settings = MeshDiscoverySettings(names: [name], statusKey: "0123456789", trustDomain: "bulkhead.local")
    settings.host = "127.0.0.1"
    (settings.discoveryPort, settings.credentialsPort) = (0, 0)
    (settings.statisticsPort, settings.statusPort) = (0, 0)
    let server = MeshDiscovery(settings, authority: authority, credentials: credentials) { token in
      guard token.hasPrefix("token-of-") else { throw BulkheadError(.notPermitted, "nobody's") }
      return PodClaim(
        namespace: "shop", pod: "cart-0", uid: String(token.dropFirst(9)), serviceAccount: "cart")
    }
    try await server.publish(state(uids))
    let running = Running(server: server, ports: try await server.start(), root: authority.rootPEM)
    do {
      try await body(running)
      await server.stop()
    } catch {
      await server.stop()
      throw error
    }
  }

  private static func credential(_ running: Running, _ token: String) async throws -> PodCredential {
    try await PodCredential.request(
      host: "127.0.0.1", port: running.ports.credentials, serverName: name, root: running.root, token: token,
      attempts: 1)
  }

  /// One poll; nil where the server does not speak to whoever asks.
  private static func poll(
    _ running: Running, _ kind: String, as credential: PodCredential?, names: String = ""
  ) async throws -> OneExchange.Answer? {
    var exchange = OneExchange(host: "127.0.0.1", port: running.ports.discovery)
    exchange.tls = try TLSSettings.client(
      trusting: running.root, own: credential.map { ($0.certificatePEM, $0.keyPEM) })
    exchange.serverName = name
    exchange.method = .POST
    exchange.path = "/v3/discovery:\(kind)"
    exchange.body = Array(#"{"version_info":"","resource_names":[\#(names)]}"#.utf8)
    return try? await exchange.send(on: MultiThreadedEventLoopGroup.singleton)
  }

  @Test func aPodGetsWhatIsMeantForItWithItsTokenAlone() async throws {
    try await Self.with(["uid-1"]) { running in
      let credential = try await Self.credential(running, "token-of-uid-1")
      let listeners = try #require(try await Self.poll(running, "listeners", as: credential))
      #expect(listeners.status == 200)
      #expect(String(decoding: listeners.body, as: UTF8.self).contains("outbound"))
      // Nobody else: no credential, one of another authority, one for a pod that is not there.
      #expect(try await Self.poll(running, "listeners", as: nil) == nil)
      let foreign = try CertificateAuthority(commonName: "foreign", now: Date())
      let svid = try foreign.issue(
        for: SpiffeID(trustDomain: "bulkhead.local", namespace: "shop", account: "cart"), now: Date())
      let forged = PodCredential(certificatePEM: svid.chainPEM, keyPEM: svid.privateKeyPEM)
      #expect(try await Self.poll(running, "listeners", as: forged) == nil)
    }
  }

  @Test func aTokenThatIsNobodysGetsNothing() async throws {
    try await Self.with(["uid-1"]) { running in
      await #expect(throws: BulkheadError.self) { try await Self.credential(running, "stolen") }
    }
  }

  @Test func aCredentialEndsWithItsPod() async throws {
    try await Self.with(["uid-1", "uid-2"]) { running in
      let credential = try await Self.credential(running, "token-of-uid-1")
      #expect(try await Self.poll(running, "listeners", as: credential)?.status == 200)
      try await running.server.publish(Self.state(["uid-2"]))
      #expect(try await Self.poll(running, "listeners", as: credential) == nil)
    }
  }

  /// A pod asks for its credential before the cluster's events have told of it.
  @Test func aPodThatIsNotSeenYetMayWait() async throws {
    try await Self.with([]) { running in
      let credential = try await Self.credential(running, "token-of-uid-9")
      async let answer = Self.poll(running, "listeners", as: credential)
      try await running.server.publish(Self.state(["uid-9"]))
      #expect(try await answer?.status == 200)
    }
  }

  /// Between the moment a pod is seen and the one in which its configuration is made it may connect, too.
  @Test func aPodThatWasJustSeenIsNotTurnedAway() {
    let registry = SessionRegistry()
    registry.admit("uid-1")
    registry.keep(["uid-1"])
    #expect(registry.connected("uid-1") != nil)
    registry.keep([])
    #expect(registry.connected("uid-1") == nil, "a pod that is gone")
  }

  @Test func theStatusIsBehindItsKey() async throws {
    try await Self.with(["uid-1"]) { running in
      func ask(_ path: String) async throws -> OneExchange.Answer {
        var exchange = OneExchange(host: "127.0.0.1", port: running.ports.status)
        exchange.path = path
        return try await exchange.send(on: MultiThreadedEventLoopGroup.singleton)
      }
      #expect(try await ask("/status").status == 404)
      #expect(try await ask("/0123456788/status").status == 404)
      let answer = try await ask("/0123456789/status")
      #expect(answer.status == 200)
      #expect(String(decoding: answer.body, as: UTF8.self).contains("\"uid\":\"uid-1\""))
      #expect(try await ask("/0123456789/attempt/plaintext/open/0").status == 400)
      for kind in ["plaintext", "foreign", "unlisted"] {
        // The open door must be seen as open, or an attempt proves nothing.
        let open = try await ask("/0123456789/attempt/\(kind)/open/1")
        #expect(String(decoding: open.body, as: UTF8.self).contains("\"result\":\"reached\""), "\(kind)")
        // A strict server (the discovery port asks for a certificate of another authority) refuses.
        let strict = try await ask("/0123456789/attempt/\(kind)/127.0.0.1/\(running.ports.discovery)")
        #expect(String(decoding: strict.body, as: UTF8.self).contains("\"result\":\"refused\""), "\(kind)")
      }
    }
  }

  @Test func authoritiesAreKept() throws {
    let first = try CertificateAuthority(commonName: "mesh", now: Date())
    let again = try CertificateAuthority(keyPEM: first.keyPEM, rootPEM: first.rootPEM)
    #expect(again.rootPEM == first.rootPEM)
    let other = try CertificateAuthority(commonName: "mesh", now: Date())
    #expect(throws: BulkheadError.self) { try CertificateAuthority(keyPEM: other.keyPEM, rootPEM: first.rootPEM) }
  }

  @Test(arguments: [
    ("bulkhead.http.in_8080.downstream_rq_completed:3|c", "http.in_8080.downstream_rq_completed", 3),
    ("bulkhead.http.out|shop/cart|80.downstream_rq_5xx:1|c", "http.out|shop/cart|80.downstream_rq_5xx", 1),
  ])
  func countersAreRead(_ line: String, _ name: String, _ growth: Int) {
    let read = StatisticsLine(Array(line.utf8))
    #expect(read?.name == name && read?.growth == growth)
  }

  @Test(arguments: [
    "", "bulkhead.a:1|g", "other.a:1|c", "bulkhead.a:-1|c", "bulkhead.a|c", "bulkhead.a:99999999999999999999|c",
  ])
  func whatIsNoCounterIsNone(_ line: String) { #expect(StatisticsLine(Array(line.utf8)) == nil) }
}
