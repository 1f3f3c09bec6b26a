import Diagnostics

/// Gives each request its credential: read again, or made anew, when it has aged or the server refuses it.
actor CredentialSource {
  /// Tokens in files are renewed while a program runs; client-go looks again after a minute as well.
  private static let fileAge = 60
  /// A credential is renewed before it ends: requests take their time.
  private static let margin = 20

  private let settings: ClusterSettings
  private let now: @Sendable () -> Int
  private let plugin: ExecPlugin?
  private var known: Credential?
  private var taken = 0
  private var running: Task<Credential, any Error>?

  init(_ settings: ClusterSettings, now: @escaping @Sendable () -> Int = { Moment.now }) {
    self.settings = settings
    self.now = now
    plugin = settings.user.exec.map { ExecPlugin(exec: $0, settings: settings) }
  }

  /// - Throws: `BulkheadError`: a file that cannot be read, a plugin that fails.
  func credential() async throws -> Credential {
    if let known, isFresh(known) { return known }
    guard let plugin else { return remember(try own()) }
    do {
      return try await run(plugin)
    } catch let error as BulkheadError {
      // Renewed in good time: what is still good is used until the plugin works again.
      guard let known, let expires = known.expires, now() < expires else { throw error }
      return known
    }
  }

  /// Requests that come meanwhile wait for the same run. Whoever goes away takes the program along; others who wait
  /// begin anew.
  private func run(_ plugin: ExecPlugin) async throws -> Credential {
    while true {
      let task = running ?? Task { try await plugin.run() }
      running = task
      defer { if running == task { running = nil } }
      do {
        let made = try await withTaskCancellationHandler {
          try await task.value
        } onCancel: {
          task.cancel()
        }
        return remember(made)
      } catch  where task.isCancelled {
        try Task.checkCancellation()
      }
    }
  }

  /// The server refused it: the next one is made anew.
  ///
  /// - Returns: whether another one may come of it.
  func reject(_ refused: Credential) -> Bool {
    guard plugin != nil || settings.user.tokenFile != nil else { return false }
    if known == refused { known = nil }
    return true
  }

  private func remember(_ credential: Credential) -> Credential {
    (known, taken) = (credential, now())
    return credential
  }

  private func isFresh(_ credential: Credential) -> Bool {
    if let expires = credential.expires { return now() < expires - Self.margin }
    let isFromFile = settings.user.token == nil && settings.user.tokenFile != nil
    return !isFromFile || now() < taken + Self.fileAge
  }

  private func own() throws -> Credential {
    let user = settings.user
    var credential = Credential()
    if let certificate = user.certificate, let key = user.key {
      credential.certificate = ClientCertificate(
        chain: try Self.bytes(certificate, "the client certificate", user.location),
        key: try Self.bytes(key, "the client key", user.location))
    }
    if let token = user.token {
      credential.authorization = try Self.bearer(Array(token.utf8), user.location)
    } else if let file = user.tokenFile {
      let bytes = try TrustedFile.read(file, what: "the token", at: user.location, limit: 1 << 20)
      credential.authorization = try Self.bearer(bytes, user.location)
    } else if let name = user.username {
      credential.authorization = "Basic \(Base64.encode(Array("\(name):\(user.password ?? "")".utf8)))"
    }
    return credential
  }

  static func bytes(_ data: KubeconfigData, _ what: String, _ location: SourceLocation) throws -> [UInt8] {
    switch data {
    case .bytes(let bytes): return bytes
    case .file(let path): return try TrustedFile.read(path, what: what, at: location)
    }
  }

  /// - Throws: for a token that no header can carry. The message does not hold it.
  static func bearer(_ token: [UInt8], _ location: SourceLocation) throws -> String {
    var bytes = token[...]
    while let last = bytes.last, [0x0A, 0x0D, 0x20].contains(last) { bytes.removeLast() }
    guard !bytes.isEmpty, bytes.count <= 65_536, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw BulkheadError(
        .configuration, "the token is empty, too long, or has blanks or line breaks", cure: "give the token alone",
        location: location)
    }
    return "Bearer \(String(decoding: bytes, as: UTF8.self))"
  }
}
