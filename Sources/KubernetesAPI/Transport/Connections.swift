import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTPCompression
import NIOPosix
import NIOSSL

/// The HTTP clients of one cluster: one for each client certificate, since TLS belongs to the client.
actor Connections {
  private let settings: ClusterSettings
  private let environment: [String: String]
  private var current: (certificate: ClientCertificate?, client: HTTPClient)?
  /// Clients of credentials that were replaced: requests may still be under way on them.
  private var former: [HTTPClient] = []

  init(_ settings: ClusterSettings, environment: [String: String]) {
    self.settings = settings
    self.environment = environment
  }

  /// - Throws: `BulkheadError(.configuration)` for certificates and keys that are none.
  func client(for certificate: ClientCertificate?) throws -> HTTPClient {
    if let current, current.certificate == certificate { return current.client }
    let client = HTTPClient(
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: try configuration(certificate))
    if let current { former.append(current.client) }
    current = (certificate, client)
    return client
  }

  /// Ends all connections. Nothing can be asked afterwards.
  func shutdown() async {
    for client in former + [current?.client].compactMap(\.self) { try? await client.shutdown() }
    (former, current) = ([], nil)
  }

  private func configuration(_ certificate: ClientCertificate?) throws -> HTTPClient.Configuration {
    let server = try settings.server()
    var configuration = HTTPClient.Configuration()
    configuration.tlsConfiguration = try tls(certificate)
    // A redirect would carry the credentials elsewhere.
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .seconds(10)
    configuration.proxy = try ProxySettings.proxy(for: server, settings.cluster, environment: environment)
    // Lists of pods shrink to a twentieth; more than that by far is a bomb.
    configuration.decompression = settings.cluster.disablesCompression ? .disabled : .enabled(limit: .ratio(400))
    configuration.httpVersion = .http1Only
    // Each watch holds a connection, and pages of slow pods hold some for seconds: nobody waits for another's answer,
    // least of all the lease's renewal.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1_000
    // A server that died without a word: bookmarks keep a watch that lives from being silent for longer than a minute.
    configuration.timeout.read = .seconds(90)
    configuration.connectionPool.retryConnectionEstablishment = false
    // The name that is verified stands in the URL, and leads to the server's address.
    if let name = settings.cluster.tlsServerName { configuration.dnsOverride = [name: server.host] }
    return configuration
  }

  private func tls(_ certificate: ClientCertificate?) throws -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    if settings.cluster.skipsVerification { tls.certificateVerification = .none }
    if let authority = settings.cluster.authority {
      let bytes = try CredentialSource.bytes(authority, "the certificate authority", settings.cluster.location)
      tls.trustRoots = .certificates(
        try parsed("certificate authority", settings.cluster.location) {
          try NIOSSLCertificate.fromPEMBytes(bytes)
        })
    }
    if let certificate {
      tls.certificateChain = try parsed("client certificate", settings.user.location) {
        try NIOSSLCertificate.fromPEMBytes(certificate.chain).map { .certificate($0) }
      }
      tls.privateKey = try parsed("client key", settings.user.location) {
        .privateKey(try NIOSSLPrivateKey(bytes: certificate.key, format: .pem))
      }
    }
    return tls
  }

  /// The library's own words about keys and certificates hold nothing of them, but say nothing either.
  private func parsed<Value>(_ what: String, _ location: SourceLocation, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      throw BulkheadError(
        .configuration, "the \(what) is no PEM that can be read", cure: "compare it with 'kubectl config view --raw'",
        location: location)
    }
  }
}
