import AsyncHTTPClient
import Diagnostics
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Bounds of a conversation with a server.
package struct ClientLimits: Sendable {
  /// From the question to the last byte of the answer.
  package var answer = Duration.seconds(30)
  /// The same for one page of a list.
  package var page = Duration.seconds(120)
  /// A watch ends itself after so many seconds, and is taken up again.
  package var watchSeconds = 290
  /// Of watches: whoever follows something outlives the restart of an API server, which takes half a minute.
  var watchRetry: RetryPolicy {
    var policy = retry
    policy.attempts *= 3
    return policy
  }
  package var answerBytes = 16 << 20
  /// One page; a server that does not know pages answers with all of it.
  package var pageBytes = 2 << 30
  package var pageItems = 500
  /// Of one kind, in all pages together: more than any cluster has, and little enough to hold.
  package var listItems = 2_000_000
  package var listPages = 20_000
  package var retry = RetryPolicy()

  package init() {}
}

/// Talks to one API server.
///
/// Reads are repeated when they fail. A write whose answer did not come may have been done, so that it is looked at
/// before it is repeated. Nothing is followed elsewhere; time and size are bounded.
package final class KubernetesClient: Sendable {
  package let settings: ClusterSettings
  let limits: ClientLimits
  private let server: ClusterSettings.Server
  private let connections: Connections
  private let credentials: CredentialSource
  private let warn: @Sendable (String) -> Void
  private let warned = Mutex<Set<String>>([])
  /// Asked right before each attempt to write.
  private let fence = Mutex<(@Sendable () throws -> Void)?>(nil)
  /// Seconds by which the server's clock is ahead, from its latest answer.
  private let skew = Mutex<Int?>(nil)

  private init(
    _ settings: ClusterSettings, limits: ClientLimits, environment: [String: String],
    warn: @escaping @Sendable (String) -> Void
  ) throws {
    self.settings = settings
    self.limits = limits
    self.warn = warn
    server = try settings.server()
    connections = Connections(settings, environment: environment)
    credentials = CredentialSource(settings)
  }

  /// A client for as long as `body` runs.
  /// - Parameter warn: takes the server's warnings, each once, safe for a terminal.
  package static func with<Value: Sendable>(
    _ settings: ClusterSettings, limits: ClientLimits = ClientLimits(), environment: [String: String] = [:],
    warn: @escaping @Sendable (String) -> Void = { _ in },
    _ body: (KubernetesClient) async throws -> Value
  ) async throws -> Value {
    let client = try KubernetesClient(settings, limits: limits, environment: environment, warn: warn)
    do {
      let value = try await body(client)
      await client.connections.shutdown()
      return value
    } catch {
      await client.connections.shutdown()
      throw error
    }
  }

  /// Seconds by which the server's clock is ahead of this one; nil before the first answer.
  package var clockSkew: Int? { skew.withLock(\.self) }

  /// From now on nothing is written, or written again, while `check` throws. Leases are what the right to write is
  /// made of, and exempt.
  package func fenceWrites(_ check: @escaping @Sendable () throws -> Void) { fence.withLock { $0 = check } }

  /// Makes a credential that has aged anew, where that takes its time, so that the next request need not.
  package func renewCredential() async throws { _ = try await credentials.credential() }

  // MARK: - One exchange

  /// Asks once, and once more where a credential had aged.
  ///
  /// - Parameter take: reads the body of a success.
  /// - Throws: `APIFailure`; `BulkheadError` for credentials; `CancellationError`.
  func exchange<Value: Sendable>(
    _ request: APIRequest, within limit: Duration,
    _ take: @escaping @Sendable (HTTPClientResponse) async throws -> Value
  ) async throws -> Value {
    let credential = try await credentials.credential()
    do {
      return try await attempt(request, credential, limit, take)
    } catch let failure as APIFailure where failure.kind == .unauthenticated {
      guard await credentials.reject(credential) else { throw failure }
      return try await attempt(request, try await credentials.credential(), limit, take)
    }
  }

  private func attempt<Value: Sendable>(
    _ request: APIRequest, _ credential: Credential, _ limit: Duration,
    _ take: @escaping @Sendable (HTTPClientResponse) async throws -> Value
  ) async throws -> Value {
    let client = try await connections.client(for: credential.certificate)
    let message = self.message(request, credential)
    do {
      return try await withDeadline(limit) { [self] in
        if request.isFenced { try fence.withLock { $0 }?() }
        let response = try await client.execute(message, deadline: .distantFuture)
        note(response)
        guard (200..<300).contains(Int(response.status.code)) else {
          // The explanation of a failure is short.
          let body = try await collected(response, upTo: 1 << 20, place: request.place)
          throw APIFailure(
            APIAnswer(status: Int(response.status.code), headers: response.headers, body: body), place: request.place)
        }
        return try await take(response)
      }
    } catch {
      throw described(error, request, limit)
    }
  }

  private func message(_ request: APIRequest, _ credential: Credential) -> HTTPClientRequest {
    var target = server
    if let name = settings.cluster.tlsServerName { target.host = name }
    let scheme = server.isTLS ? "https" : "http"
    var message = HTTPClientRequest(url: "\(scheme)://\(target.authority)\(server.prefix)\(request.uri)")
    message.method = request.verb.method
    message.headers.add(name: "Host", value: server.authority)
    message.headers.add(name: "User-Agent", value: userAgent)
    message.headers.add(name: "Accept", value: request.accept)
    if request.verb == .list, !settings.cluster.disablesCompression {
      message.headers.add(name: "Accept-Encoding", value: "gzip")
    }
    if let authorization = credential.authorization {
      message.headers.add(name: "Authorization", value: authorization)
    }
    settings.user.impersonation.addHeaders(to: &message.headers)
    if let body = request.body {
      message.headers.add(name: "Content-Type", value: request.contentType)
      message.body = .bytes(ByteBuffer(bytes: body))
    }
    return message
  }

  /// Says in the cluster's audit log who asked, and what for.
  private var userAgent: String {
    let purpose = settings.purpose.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    return "bulkhead/0.1.0 (linux)\(purpose.isEmpty ? "" : " \(purpose)")"
  }

  private func note(_ response: HTTPClientResponse) {
    if let date = response.headers.first(name: "Date").flatMap(Moment.httpDate) {
      skew.withLock { $0 = date - Moment.now }
    }
    for header in response.headers["Warning"].prefix(20) {
      // `299 - "text"`; the agent in the middle is of no use.
      let parts = header.split(separator: "\"", omittingEmptySubsequences: false)
      guard header.hasPrefix("299 "), parts.count >= 3 else { continue }
      let text = String(parts[1..<(parts.count - 1)].joined(separator: "\"").prefix(500)).safeForTerminal
      let isNew = warned.withLock { $0.count < 1_000 && $0.insert(text).inserted }
      if isNew { warn(text) }
    }
  }

  /// A body within its limit.
  func collected(_ response: HTTPClientResponse, upTo limit: Int, place: String) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await buffer in response.body {
      guard bytes.count + buffer.readableBytes <= limit else {
        throw APIFailure(.tooLarge, place, "the answer has more than \(limit) bytes")
      }
      bytes.append(contentsOf: buffer.readableBytesView)
    }
    return bytes
  }

  /// An error of the network as one that says whether anything can have been done.
  private func described(_ error: any Error, _ request: APIRequest, _ limit: Duration) -> any Error {
    func failure(_ kind: APIFailure.Kind, _ text: String) -> APIFailure {
      APIFailure(kind, request.place, "\(server.authority) \(text)")
    }
    switch error {
    case is APIFailure, is BulkheadError, is CancellationError, is TakerError: return error
    case is LateError: return failure(.interrupted, "did not answer within \(limit)")
    case let error as HTTPClientError where error == .cancelled: return CancellationError()
    case let error as HTTPClientError where error == .connectTimeout || error == .tlsHandshakeTimeout:
      return failure(.unreachable, "does not take the connection")
    case let error as NIOConnectionError:
      let first = error.connectionErrors.first.map { Self.short($0.error) } ?? "its name cannot be looked up"
      return failure(.unreachable, "cannot be reached (\(first))")
    case let error as IOError where error.errnoCode == ECONNREFUSED || error.errnoCode == ENETUNREACH:
      return failure(.unreachable, "cannot be reached (\(Self.short(error)))")
    // Only what ends a handshake came before the question; a broken stream may have followed it.
    case NIOSSLError.handshakeFailed, is NIOSSLExtraError:
      return failure(.unreachable, "cannot be trusted, or does not trust the client certificate (\(Self.short(error)))")
    default: return failure(.interrupted, "broke the connection (\(Self.short(error)))")
    }
  }

  private static func short(_ error: any Error) -> String {
    let text = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? String(describing: error)
    return String(text.prefix(200)).safeForTerminal
  }
}

extension Impersonation {
  /// Names in the keys of extras may hold anything; headers may not.
  func addHeaders(to headers: inout HTTPHeaders) {
    if let user { headers.add(name: "Impersonate-User", value: user) }
    for group in groups { headers.add(name: "Impersonate-Group", value: group) }
    if let uid { headers.add(name: "Impersonate-Uid", value: uid) }
    for (key, values) in extra.sorted(by: { $0.key < $1.key }) {
      for value in values {
        headers.add(name: "Impersonate-Extra-\(APIRequest.encoded(key.lowercased()))", value: value)
      }
    }
  }
}
