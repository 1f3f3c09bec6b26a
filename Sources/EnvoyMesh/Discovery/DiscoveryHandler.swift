import NIOCore
import NIOHTTP1

/// Serves one connection of a sidecar: bounded bodies in, answers out, polls held in between.
final class DiscoveryHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  static let maximumBody = 1 << 20
  static let hold = TimeAmount.seconds(20)
  static let holdAfterRefusal = TimeAmount.seconds(2)

  private let session: SidecarSession
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var poll: (id: UInt64, expiry: Scheduled<Void>)?

  init(session: SidecarSession) { self.session = session }

  func channelInactive(context: ChannelHandlerContext) {
    if let poll {
      poll.expiry.cancel()
      session.abandon(poll: poll.id)
    }
    poll = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.removeAll(keepingCapacity: true)
    case .body(let buffer):
      guard head != nil else { return }
      if body.count + buffer.readableBytes > Self.maximumBody {
        head = nil
        respond(context, .payloadTooLarge, nil, keepAlive: false)
      } else {
        body.append(contentsOf: buffer.readableBytesView)
      }
    case .end:
      guard let head else { return }
      self.head = nil
      answer(context, head)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func answer(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
    guard head.method == .POST, let request = DiscoveryRequest(path: head.uri, body: body) else {
      return respond(context, head.method == .POST ? .badRequest : .methodNotAllowed, nil, keepAlive: false)
    }
    body.removeAll(keepingCapacity: true)
    let promise = context.eventLoop.makePromise(of: String?.self)
    let keepAlive = head.isKeepAlive
    promise.futureResult.assumeIsolated().whenSuccess { [weak self] reply in
      guard let self else { return }
      self.poll?.expiry.cancel()
      self.poll = nil
      self.respond(context, reply == nil ? .notModified : .ok, reply, keepAlive: keepAlive)
    }
    guard let held = session.ask(request, reply: { promise.succeed($0) }) else { return }
    let session = session
    let expiry = context.eventLoop.scheduleTask(in: held.isRefused ? Self.holdAfterRefusal : Self.hold) {
      session.expire(poll: held.poll)
    }
    poll = (held.poll, expiry)
  }

  private func respond(
    _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ text: String?, keepAlive: Bool
  ) {
    guard context.channel.isActive else { return }
    var headers = HTTPHeaders()
    headers.add(name: "content-type", value: "application/json")
    headers.add(name: "content-length", value: String(text?.utf8.count ?? 0))
    if !keepAlive { headers.add(name: "connection", value: "close") }
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
    if let text { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil) }
    let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
    if !keepAlive { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
  }
}
