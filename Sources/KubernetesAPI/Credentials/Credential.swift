/// What a request is signed with. Shows itself in a header and in a TLS handshake, and nowhere else.
struct Credential: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// The value of the header `Authorization`.
  var authorization: String?
  var certificate: ClientCertificate?
  /// Seconds since 1970 after which it is no longer valid; nil when that is not known.
  var expires: Int?

  var description: String { "(a credential)" }
  var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A certificate and its key in PEM.
struct ClientCertificate: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  var chain: [UInt8]
  var key: [UInt8]

  var description: String { "(a client certificate)" }
  var customMirror: Mirror { Mirror(self, children: [:]) }
}
