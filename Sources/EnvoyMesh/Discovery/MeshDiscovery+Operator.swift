import IntentModel
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What an operator asks a discovery server for: how sidecars stand, and what becomes of known-bad attempts.
extension MeshDiscovery {
  /// `/KEY/status` and `/KEY/attempt/KIND/ADDRESS/PORT`.
  func operatorAsks(_ path: String, _ body: [UInt8]) async -> RequestHandler.Answer {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    guard let key = parts.first, Self.equal(key, settings.statusKey) else { return .refused(404) }
    switch parts.dropFirst().first {
    case "status" where parts.count == 2: return .json(statusText())
    case "attempt" where parts.count == 5:
      guard let kind = MeshAttempt.Kind(rawValue: parts[2]), let port = Int(parts[4]), (1...65_535).contains(port)
      else { return .refused(400) }
      return .json(await attempt(kind, address: parts[3], port: port).text)
    default: return .refused(404)
    }
  }

  /// In a time that does not depend on where the two differ.
  private static func equal(_ one: String, _ other: String) -> Bool {
    guard one.utf8.count == other.utf8.count else { return false }
    return zip(one.utf8, other.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// Makes one attempt. `open` as the address aims it at a door that this server opens for it and that lets all in: an
  /// attempt that does not get through that one is blind.
  private func attempt(_ kind: MeshAttempt.Kind, address: String, port: Int) async -> JSONValue {
    do {
      guard address == "open" else {
        return Self.result(try await MeshAttempt(kind, self).make(address: address, port: port))
      }
      let door = try await OpenDoor.open(isTLS: kind != .plaintext, self)
      let outcome = try await MeshAttempt(kind, self).make(address: "127.0.0.1", port: door.port)
      await door.close()
      return Self.result(outcome)
    } catch {
      return Self.result(.init(result: "unknown", seen: OneExchange.short(error)))
    }
  }

  private static func result(_ outcome: MeshAttempt.Outcome) -> JSONValue {
    ["schema": "bulkhead.meshAttempt/1", "result": .string(outcome.result), "seen": .string(outcome.seen)]
  }

  func foreignIdentity() throws -> WorkloadCertificate {
    try CertificateAuthority(commonName: "Foreign authority", now: Date()).issue(
      for: SpiffeID(trustDomain: settings.trustDomain, namespace: "bulkhead", account: "foreign"), now: Date())
  }
}

/// A request that a sidecar must refuse.
struct MeshAttempt: Sendable {
  enum Kind: String, Sendable { case plaintext, foreign, unlisted }
  struct Outcome: Sendable {
    /// `reached`, `refused` or `unknown`.
    var result: String
    var seen: String
  }

  private let kind: Kind
  private let discovery: MeshDiscovery

  init(_ kind: Kind, _ discovery: MeshDiscovery) { (self.kind, self.discovery) = (kind, discovery) }

  func make(address: String, port: Int) async throws -> Outcome {
    var exchange = OneExchange(host: address, port: port)
    exchange.path = "/healthz"
    exchange.limit = .seconds(2)
    switch kind {
    case .plaintext: break
    case .foreign: exchange.tls = try Self.context(try await discovery.foreignIdentity())
    case .unlisted: exchange.tls = try Self.context(try await discovery.identityForAttempt("unlisted"))
    }
    do {
      return Self.read(try await exchange.send(on: await discovery.eventLoops))
    } catch OneExchange.Failure.notConnected(let why) {
      // Nobody at home is not the same as a refusal.
      return Outcome(result: "unknown", seen: why)
    } catch OneExchange.Failure.closed(let why) {
      return Outcome(result: "refused", seen: why)
    }
  }

  private static func context(_ certificate: WorkloadCertificate) throws -> NIOSSLContext {
    try TLSSettings.client(trusting: nil, own: (certificate.chainPEM, certificate.privateKeyPEM))
  }

  private static func read(_ answer: OneExchange.Answer) -> Outcome {
    let text = String(decoding: answer.body.prefix(80), as: UTF8.self)
    switch answer.status {
    case 403: return Outcome(result: "refused", seen: "403 \(text)")
    case 502, 503, 504: return Outcome(result: "unknown", seen: "\(answer.status) \(text)")
    default: return Outcome(result: "reached", seen: "\(answer.status) \(text)")
    }
  }
}

/// A server that lets everybody in, for the time of one attempt.
struct OpenDoor: Sendable {
  let port: Int
  private let channel: any Channel

  static func open(isTLS: Bool, _ discovery: MeshDiscovery) async throws -> OpenDoor {
    let certificate = try await discovery.identityForAttempt("open")
    let context =
      isTLS ? try TLSSettings.server((certificate.chainPEM, certificate.privateKeyPEM), trusting: nil) : nil
    let channel = try await ServerBootstrap(group: await discovery.eventLoops)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
          try channel.pipeline.syncOperations.addHandler(
            RequestHandler(limit: 1 << 10) { _, _ in RequestHandler.Answer(status: 200, body: "open") })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return OpenDoor(port: channel.localAddress?.port ?? 0, channel: channel)
  }

  func close() async { try? await channel.close().get() }
}
