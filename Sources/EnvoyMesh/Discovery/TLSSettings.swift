import NIOSSL

/// TLS of the discovery server and of those who ask it.
enum TLSSettings {
  /// - Parameter root: clients must show a certificate of this authority; nil asks for none.
  static func server(_ own: (chainPEM: String, keyPEM: String), trusting root: String?) throws -> NIOSSLContext {
    var settings = TLSConfiguration.makeServerConfiguration(
      certificateChain: try chain(own.chainPEM), privateKey: .privateKey(try key(own.keyPEM)))
    settings.minimumTLSVersion = .tlsv12
    if let root {
      settings.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(root.utf8)))
      // Client certificates have no host name that could be verified.
      settings.certificateVerification = .noHostnameVerification
    }
    return try NIOSSLContext(configuration: settings)
  }

  /// - Parameters:
  ///   - root: nil takes any server, for attempts alone.
  ///   - own: what to show.
  static func client(trusting root: String?, own: (chainPEM: String, keyPEM: String)? = nil) throws -> NIOSSLContext {
    var settings = TLSConfiguration.makeClientConfiguration()
    settings.minimumTLSVersion = .tlsv12
    settings.certificateVerification = root == nil ? .none : .fullVerification
    if let root { settings.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(root.utf8))) }
    if let own {
      settings.certificateChain = try chain(own.chainPEM)
      settings.privateKey = .privateKey(try key(own.keyPEM))
    }
    // As a sidecar does: a server's sidecar takes everything else for an application's own TLS.
    settings.applicationProtocols = [EnvoyName.meshProtocol, "http/1.1"]
    return try NIOSSLContext(configuration: settings)
  }

  private static func chain(_ pem: String) throws -> [NIOSSLCertificateSource] {
    try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)).map { .certificate($0) }
  }

  private static func key(_ pem: String) throws -> NIOSSLPrivateKey {
    try NIOSSLPrivateKey(bytes: Array(pem.utf8), format: .pem)
  }
}
