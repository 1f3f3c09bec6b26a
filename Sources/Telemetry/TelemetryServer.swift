import Diagnostics
import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers `/metrics`, `/healthz` and `/readyz` over plain HTTP. It takes nothing in but a path, and gives nothing away
/// that is secret.
package enum TelemetryServer {
  /// An answer; nil for a path that is unknown.
  package typealias Answer = @Sendable (_ path: String) -> (isWell: Bool, text: String)?

  /// Serves until the task is cancelled.
  /// - Parameter port: 0 for any that is free; `bound` is told which.
  /// - Throws: `BulkheadError(.configuration)` where the port cannot be had.
  package static func serve(
    port: Int, bound: @Sendable (Int) -> Void = { _ in }, _ answer: @escaping Answer
  ) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
          // Who asks nothing does not keep a connection.
          try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: .seconds(30)))
          try channel.pipeline.syncOperations.addHandler(TelemetryHandler(answer: answer))
        }
      }
    let listener: any Channel
    do {
      do {
        listener = try await bootstrap.bind(host: "::", port: port).get()
      } catch {
        // Without IPv6.
        listener = try await bootstrap.bind(host: "0.0.0.0", port: port).get()
      }
    } catch {
      try? await group.shutdownGracefully()
      throw BulkheadError(
        .configuration, "cannot listen on port \(port)", cure: "choose another with --metrics-port", cause: error)
    }
    bound(listener.localAddress?.port ?? port)
    await withTaskCancellationHandler {
      try? await listener.closeFuture.get()
    } onCancel: {
      listener.close(promise: nil)
    }
    try? await group.shutdownGracefully()
    try Task.checkCancellation()
  }
}

private final class TelemetryHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let answer: TelemetryServer.Answer
  private var head: HTTPRequestHead?

  init(answer: @escaping TelemetryServer.Answer) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break
    case .end:
      guard let head else { return }
      self.head = nil
      respond(to: head, context)
    }
  }

  private func respond(to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let path = String(request.uri.prefix { $0 != "?" })
    let isRead = request.method == .GET || request.method == .HEAD
    let found = isRead ? answer(path) : nil
    let status: HTTPResponseStatus =
      isRead ? found.map { $0.isWell ? .ok : .serviceUnavailable } ?? .notFound : .methodNotAllowed
    let body = context.channel.allocator.buffer(string: found?.text ?? "\(status.code) \(status.reasonPhrase)\n")
    var head = HTTPResponseHead(version: request.version, status: status)
    head.headers.add(name: "Content-Type", value: "text/plain; version=0.0.4; charset=utf-8")
    head.headers.add(name: "Content-Length", value: "\(body.readableBytes)")
    if !request.isKeepAlive { head.headers.add(name: "Connection", value: "close") }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      if !request.isKeepAlive { channel.close(promise: nil) }
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
