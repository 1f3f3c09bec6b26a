import Crypto
import Diagnostics
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SwiftASN1
import X509

/// What a pod sends to get its credential.
struct CredentialRequest: Equatable, Sendable {
  static let path = "/v1/credential"

  var token: String
  /// PEM.
  var signingRequest: String

  init(token: String, signingRequest: String) { (self.token, self.signingRequest) = (token, signingRequest) }

  /// Nil for anything else.
  init?(_ body: [UInt8]) {
    var (token, request) = ("", "")
    var scanner = JSONScanner(body)
    do {
      try scanner.object { member, scanner in
        switch member {
        case "token": token = try scanner.string()
        case "signingRequest": request = try scanner.string()
        default: try scanner.skip()
        }
      }
      try scanner.end()
    } catch { return nil }
    guard !token.isEmpty, !request.isEmpty else { return nil }
    self.init(token: token, signingRequest: request)
  }

  var body: [UInt8] {
    let value: JSONValue = ["token": .string(token), "signingRequest": .string(signingRequest)]
    return Array(value.text.utf8)
  }
}

/// A pod's credential for its discovery server, as its sidecar reads it. The key never leaves the pod.
package struct PodCredential: Sendable {
  package var certificatePEM: String
  package var keyPEM: String

  /// Asks for one.
  /// - Parameters:
  ///   - root: the authority of the discovery server.
  ///   - attempts: the server may be starting, too.
  /// - Throws: `BulkheadError`: 69 where there is no answer, 77 where the token is not taken.
  package static func request(
    host: String, port: Int, serverName: String, root: String, token: String, attempts: Int = 30
  ) async throws -> PodCredential {
    let key = P256.Signing.PrivateKey()
    let signing = try CertificateSigningRequest(
      version: .v1, subject: DistinguishedName { CommonName("pod") }, privateKey: Certificate.PrivateKey(key),
      attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA256)
    let pem = try signing.serializeAsPEM().pemString
    var exchange = OneExchange(host: host, port: port)
    exchange.tls = try TLSSettings.client(trusting: root)
    exchange.serverName = serverName
    exchange.method = .POST
    exchange.path = CredentialRequest.path
    exchange.body = CredentialRequest(token: token, signingRequest: pem).body
    let answer = try await send(exchange, attempts: attempts)
    guard answer.status == 200, let certificate = Self.certificate(answer.body) else {
      throw BulkheadError(
        .notPermitted, "the discovery server does not give this pod a credential (\(answer.status))",
        cure: "see that the token is projected for the audience 'bulkhead' and that the pod is in an enrolled namespace"
      )
    }
    return PodCredential(certificatePEM: certificate, keyPEM: key.pemRepresentation)
  }

  private static func send(_ exchange: OneExchange, attempts: Int) async throws -> OneExchange.Answer {
    var last: any Error = OneExchange.Failure.tooLate
    for attempt in 0..<max(1, attempts) {
      if attempt > 0 { try await Task.sleep(for: .seconds(1)) }
      do {
        let answer = try await exchange.send(on: MultiThreadedEventLoopGroup.singleton)
        // A server that has not heard of the pod yet may know it in a moment.
        if answer.status == 200 || attempt == attempts - 1 { return answer }
      } catch let error as CancellationError {
        throw error
      } catch {
        last = error
      }
    }
    throw BulkheadError(
      .targetUnreachable, "the discovery server \(exchange.host):\(exchange.port) does not answer",
      cure: "kubectl -n bulkhead get pods; a NetworkPolicy may keep the pod from it", cause: last)
  }

  private static func certificate(_ body: [UInt8]) -> String? {
    var certificate: String?
    var scanner = JSONScanner(body)
    try? scanner.object { member, scanner in
      if member == "certificate" { certificate = try scanner.string() } else { try scanner.skip() }
    }
    return certificate
  }
}
