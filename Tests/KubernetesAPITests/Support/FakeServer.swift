import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

@testable import KubernetesAPI

/// A real HTTP server on loopback in front of a fake cluster.
struct FakeServer {
  let cluster: FakeCluster
  let port: Int

  static func with<Value>(
    _ cluster: FakeCluster = FakeCluster(), tls: TLSConfiguration? = nil, _ body: (FakeServer) async throws -> Value
  ) async throws -> Value {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 64)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(FakeHandler(cluster))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    do {
      let value = try await body(FakeServer(cluster: cluster, port: channel.localAddress?.port ?? 0))
      try? await channel.close().get()
      return value
    } catch {
      try? await channel.close().get()
      throw error
    }
  }

  func settings(_ change: (inout ClusterSettings) -> Void = { _ in }) -> ClusterSettings {
    let place = Fixtures.place
    var settings = ClusterSettings(
      name: "fake", cluster: KubeconfigCluster(server: "http://127.0.0.1:\(port)", location: place),
      user: KubeconfigUser(location: place), namespace: "shop")
    settings.purpose = "test"
    change(&settings)
    return settings
  }

  /// A client that waits for nobody: pauses take no time, and are written down.
  func client<Value: Sendable>(
    _ pauses: Pauses = Pauses(), answer: Duration = .seconds(20), pageItems: Int = 500,
    warn: @escaping @Sendable (String) -> Void = { _ in }, change: (inout ClusterSettings) -> Void = { _ in },
    _ body: (KubernetesClient) async throws -> Value
  ) async throws -> Value {
    var limits = ClientLimits()
    limits.answer = answer
    limits.page = answer
    limits.pageItems = pageItems
    limits.retry.pause = { pauses.add($0) }
    return try await KubernetesClient.with(settings(change), limits: limits, warn: warn, body)
  }
}

private final class FakeHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let cluster: FakeCluster
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []

  init(_ cluster: FakeCluster) { self.cluster = cluster }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): (self.head, body) = (head, [])
    case .body(let buffer): body += buffer.readableBytesView
    case .end:
      guard let head else { return }
      reply(context, cluster.answer(Self.request(head, body)))
    }
  }

  private static func request(_ head: HTTPRequestHead, _ body: [UInt8]) -> FakeCluster.Request {
    let parts = head.uri.split(separator: "?", maxSplits: 1).map(String.init)
    var query: [String: String] = [:]
    for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let words = pair.split(separator: "=", maxSplits: 1).map(String.init)
      query[words[0]] = words.count > 1 ? words[1] : ""
    }
    return FakeCluster.Request(
      method: head.method.rawValue, path: parts[0], query: query, headers: head.headers.map { ($0.name, $0.value) },
      body: body)
  }

  private func reply(_ context: ChannelHandlerContext, _ outcome: (FakeCluster.Answer?, FakeCluster.Fault?)) {
    switch outcome.1 {
    case .silence, .silenceAfterEffect: return
    case .hangUp, .hangUpAfterEffect: context.close(promise: nil)
    case .notJSON, .notJSONAfterEffect: send(context, FakeCluster.Answer(status: 200, body: Array("{\"a\":".utf8)))
    case .redirect:
      send(context, FakeCluster.Answer(status: 307, body: [], headers: [("Location", "http://example.invalid/")]))
    case .failureAfterEffect(let status): send(context, FakeCluster.status(status, "by script"))
    case .drip:
      let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "100000"])
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "{")))), promise: nil)
    case .status, nil: if let answer = outcome.0 { send(context, answer) }
    }
  }

  private func send(_ context: ChannelHandlerContext, _ answer: FakeCluster.Answer) {
    var headers = HTTPHeaders(answer.headers)
    if answer.parts == nil { headers.add(name: "Content-Length", value: "\(answer.body.count)") }
    let status = HTTPResponseStatus(statusCode: answer.status)
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
    for part in answer.parts ?? [answer.body] {
      context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: part)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
