import NIOCore
import NIOHTTP1
import StandinProtocol

/// Lets the line protocol be served like HTTP: one line in for a request, one line out for its answer, any number of
/// them on a connection. Belongs to the event loop.
final class LineServerCodec: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = ByteBuffer

  private static let longest = 1024
  private var received: [UInt8] = []
  /// Requests without an answer yet.
  private var open = 0
  private var isInputClosed = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received += unwrapInboundIn(data).readableBytesView
    while let end = received.firstIndex(of: UInt8(ascii: "\n")) {
      let line = String(decoding: received[..<end], as: UTF8.self)
      guard let request = LineRequest(line: line[...]) else { return context.close(promise: nil) }
      received.removeFirst(end + 1)
      open += 1
      context.fireChannelRead(wrapInboundOut(.head(request.head)))
      context.fireChannelRead(wrapInboundOut(.end(nil)))
    }
    if received.count > Self.longest { context.close(promise: nil) }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .head(let head) = unwrapOutboundIn(data) else {
      promise?.succeed()
      return
    }
    open -= 1
    let reply: LineReply =
      head.headers.first(name: StandinHeader.origin).map { .failed(origin: $0) }
      ?? .ok(pod: head.headers.first(name: StandinHeader.pod) ?? "-")
    context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: reply.text)), promise: promise)
    if isInputClosed, open == 0 { context.close(promise: nil) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // A caller may close its sending side after a line; only one that waits for nothing is done.
    if case ChannelEvent.inputClosed = event {
      isInputClosed = true
      if open == 0 { return context.close(promise: nil) }
    }
    context.fireUserInboundEventTriggered(event)
  }
}

extension LineRequest {
  /// The same said in HTTP.
  fileprivate var head: HTTPRequestHead {
    var headers = [(StandinHeader.caller, caller), (StandinHeader.trace, trace)]
    if let cohort { headers.append((StandinHeader.cohort, cohort)) }
    return HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: HTTPHeaders(headers))
  }
}
