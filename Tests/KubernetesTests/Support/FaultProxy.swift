import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing

/// The API server of a test's cluster, asked directly and as an administrator.
struct Upstream: Sendable {
  private struct Kubeconfig: Decodable {
    struct Entry: Decodable {
      var cluster: [String: String]?
      var user: [String: String]?
    }
    var clusters: [Entry]
    var users: [Entry]
  }

  let server: String
  let client: HTTPClient

  static func with<Value>(_ cluster: Cluster, _ body: (Upstream) async throws -> Value) async throws -> Value {
    let text = try await cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
    let kubeconfig = try JSONDecoder().decode(Kubeconfig.self, from: Data(text.utf8))
    let (place, user) = (kubeconfig.clusters.first?.cluster ?? [:], kubeconfig.users.first?.user ?? [:])
    func bytes(_ text: String?) throws -> [UInt8] { Array(try #require(text.flatMap { Data(base64Encoded: $0) })) }
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(try bytes(place["certificate-authority-data"])))
    tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(try bytes(user["client-certificate-data"]))
      .map { .certificate($0) }
    tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: try bytes(user["client-key-data"]), format: .pem))
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
    configuration.httpVersion = .http1Only
    let upstream = Upstream(
      server: try #require(place["server"]),
      client: HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration))
    do {
      let value = try await body(upstream)
      try? await upstream.client.shutdown()
      return value
    } catch {
      try? await upstream.client.shutdown()
      throw error
    }
  }

  /// An object, or a list of them.
  func read(_ path: String) async throws -> [String: Any] {
    let answer = try await client.execute(HTTPClientRequest(url: server + path), timeout: .seconds(20))
    let body = try await answer.body.collect(upTo: 64 << 20)
    return try JSONSerialization.jsonObject(with: Data(body.readableBytesView)) as? [String: Any] ?? [:]
  }
}

/// Stands between a command and the API server and breaks what a script says.
struct FaultProxy: Sendable {
  typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPPart<HTTPResponseHead, ByteBuffer>>
  typealias Writer = NIOAsyncChannelOutboundWriter<HTTPPart<HTTPResponseHead, ByteBuffer>>

  let script: FaultScript
  let upstream: Upstream
  let port: Int

  /// What commands are given as their kubeconfig.
  func kubeconfig(in folder: String) throws -> String {
    let text = """
      {"apiVersion":"v1","kind":"Config","current-context":"faulty",
       "clusters":[{"name":"faulty","cluster":{"server":"http://127.0.0.1:\(port)"}}],
       "users":[{"name":"faulty","user":{}}],
       "contexts":[{"name":"faulty","context":{"cluster":"faulty","user":"faulty"}}]}
      """
    let file = folder + "/faulty.kubeconfig"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }

  static func with<Value: Sendable>(
    _ upstream: Upstream, _ script: FaultScript, _ body: @Sendable (FaultProxy) async throws -> Value
  ) async throws -> Value {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 128)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(PartHandler())
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
    let proxy = FaultProxy(script: script, upstream: upstream, port: server.channel.localAddress?.port ?? 0)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await proxy.serve(server) }
      do {
        let value = try await body(proxy)
        group.cancelAll()
        return value
      } catch {
        group.cancelAll()
        throw error
      }
    }
  }

  private func serve(_ server: NIOAsyncChannel<Connection, Never>) async throws {
    try await server.executeThenClose { connections in
      await withDiscardingTaskGroup { group in
        do {
          for try await connection in connections {
            // One that breaks breaks alone.
            group.addTask { try? await serve(connection) }
          }
        } catch {}
        group.cancelAll()
      }
    }
  }

  private func serve(_ connection: Connection) async throws {
    try await connection.executeThenClose { inbound, outbound in
      var parts = inbound.makeAsyncIterator()
      while case .head(let head)? = try await parts.next() {
        var body = ByteBuffer()
        gather: while let part = try await parts.next() {
          switch part {
          case .head: return
          case .body(var more): body.writeBuffer(&more)
          case .end: break gather
          }
        }
        let path = head.uri.split(separator: "?", maxSplits: 1).first.map(String.init) ?? head.uri
        let (place, fault) = script.take(head.method.rawValue, path)
        switch try await answer(head, body, place, fault, outbound) {
        case .goOn: continue
        case .close: return
        case .reset:
          try await (connection.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            .get()
          return
        // Until the other side has had enough.
        case .silence: while try await parts.next() != nil {}
        }
      }
    }
  }
}

extension FaultProxy {
  private enum Outcome { case goOn, close, reset, silence }

  private func answer(
    _ head: HTTPRequestHead, _ body: ByteBuffer, _ place: Int, _ fault: APIFault?, _ writer: Writer
  ) async throws -> Outcome {
    if let status = fault?.status {
      try await refuse(status, writer)
      return .goOn
    }
    if fault == .timeoutBefore { return .silence }
    if fault == .resetBefore { return .reset }
    var message = HTTPClientRequest(url: upstream.server + head.uri)
    message.method = head.method
    let own: Set<String> = ["host", "content-length", "transfer-encoding", "connection"]
    for (name, value) in head.headers where !own.contains(name.lowercased()) {
      message.headers.add(name: name, value: value)
    }
    if body.readableBytes > 0 { message.body = .bytes(body) }
    let response = try await upstream.client.execute(message, deadline: .distantFuture)
    script.answered(place, Int(response.status.code))
    var answer = HTTPResponseHead(version: .http1_1, status: response.status)
    for (name, value) in response.headers where !["transfer-encoding", "connection"].contains(name.lowercased()) {
      answer.headers.add(name: name, value: value)
    }
    guard let fault else {
      try await writer.write(.head(answer))
      for try await chunk in response.body { try await writer.write(.body(chunk)) }
      try await writer.write(.end(nil))
      return .goOn
    }
    // A watch never ends: its faults come with its first bytes.
    let isWatch = head.uri.contains("watch=true")
    let whole = isWatch ? ByteBuffer() : try await response.body.collect(upTo: 64 << 20)
    return isWatch ? .reset : try await broken(fault, answer, whole, writer)
  }

  /// An answer that was given, on its way back.
  private func broken(
    _ fault: APIFault, _ head: HTTPResponseHead, _ body: ByteBuffer, _ writer: Writer
  ) async throws -> Outcome {
    var head = head
    head.headers.replaceOrAdd(name: "Content-Length", value: "\(body.readableBytes)")
    switch fault {
    case .timeoutAfter: return .silence
    case .drip:
      try await writer.write(.head(head))
      var rest = body
      while let piece = rest.readSlice(length: max(1, min(rest.readableBytes, body.readableBytes / 20))),
        piece.readableBytes > 0
      {
        try await writer.write(.body(piece))
        // The fault itself: an answer that takes its time.
        try await Task.sleep(for: .milliseconds(50))
      }
      try await writer.write(.end(nil))
      return .goOn
    case .malformed:
      let text = ByteBuffer(string: "{\"kind\":\"Deplo")
      head.headers.replaceOrAdd(name: "Content-Length", value: "\(text.readableBytes)")
      head.headers.remove(name: "Content-Encoding")
      try await writer.write(.head(head))
      try await writer.write(.body(text))
      try await writer.write(.end(nil))
      return .goOn
    case .truncated:
      try await writer.write(.head(head))
      try await writer.write(.body(body.getSlice(at: body.readerIndex, length: body.readableBytes / 2) ?? body))
      return .close
    default: return .reset
    }
  }

  /// As an API server says it.
  private func refuse(_ status: Int, _ writer: Writer) async throws {
    let reasons = [
      409: "Conflict", 410: "Expired", 422: "Invalid", 429: "TooManyRequests", 500: "InternalError",
      503: "ServiceUnavailable",
    ]
    let text = ByteBuffer(
      string: """
        {"kind":"Status","apiVersion":"v1","status":"Failure","message":"by the fault script",
         "reason":"\(reasons[status] ?? "")","code":\(status)}
        """)
    var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status))
    head.headers.add(name: "Content-Type", value: "application/json")
    head.headers.add(name: "Content-Length", value: "\(text.readableBytes)")
    if status == 429 { head.headers.add(name: "Retry-After", value: "1") }
    try await writer.write(.head(head))
    try await writer.write(.body(text))
    try await writer.write(.end(nil))
  }
}

/// Bytes as the HTTP encoder wants them.
private final class PartHandler: ChannelOutboundHandler {
  typealias OutboundIn = HTTPPart<HTTPResponseHead, ByteBuffer>
  typealias OutboundOut = HTTPServerResponsePart

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head): context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body(let buffer): context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: promise)
    case .end(let trailers): context.write(wrapOutboundOut(.end(trailers)), promise: promise)
    }
  }
}
