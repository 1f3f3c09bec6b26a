import NIOCore
import NIOHTTP1

/// Serves small requests of few kinds, one after the other: a path and a body go in, an answer comes out.
final class RequestHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  struct Answer: Sendable {
    var status: Int
    var body: String

    static func json(_ text: String) -> Answer { Answer(status: 200, body: text) }
    static func refused(_ status: Int) -> Answer { Answer(status: status, body: "{}") }
  }

  private let limit: Int
  private let answer: @Sendable (_ path: String, _ body: [UInt8]) async -> Answer
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []

  init(limit: Int, answer: @escaping @Sendable (_ path: String, _ body: [UInt8]) async -> Answer) {
    (self.limit, self.answer) = (limit, answer)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
    case .body(let buffer):
      guard body.count + buffer.readableBytes <= limit else { return context.close(promise: nil) }
      body += buffer.readableBytesView
    case .end:
      guard let head else { return }
      self.head = nil
      let (answer, body, loop) = (answer, body, context.eventLoop)
      let promise = loop.makePromise(of: Answer.self)
      promise.completeWithTask { await answer(head.uri, body) }
      promise.futureResult.assumeIsolated().whenSuccess { self.respond(context, $0) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func respond(_ context: ChannelHandlerContext, _ answer: Answer) {
    guard context.channel.isActive else { return }
    var headers = HTTPHeaders()
    headers.add(name: "content-type", value: "application/json")
    headers.add(name: "content-length", value: "\(answer.body.utf8.count)")
    headers.add(name: "connection", value: "close")
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in context.close(promise: nil) }
  }
}
