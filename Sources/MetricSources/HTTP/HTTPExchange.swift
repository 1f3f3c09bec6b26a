import NIOCore
import NIOHTTP1

struct HTTPAnswer: Sendable {
  var status: Int
  var headers: HTTPHeaders
  var body: [UInt8] = []
}

/// Asks one question and collects the answer. Belongs to the event loop.
final class HTTPExchange: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  enum Failure: Error { case late, tooLong, closed, notHTTP }

  private let request: HTTPRequestHead
  private let body: [UInt8]
  private let promise: EventLoopPromise<HTTPAnswer>
  private let most: Int
  private var answer: HTTPAnswer?

  init(_ request: HTTPRequestHead, _ body: [UInt8], _ promise: EventLoopPromise<HTTPAnswer>, most: Int) {
    self.request = request
    self.body = body
    self.promise = promise
    self.most = most
  }

  func channelActive(context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(.head(request)), promise: nil)
    if !body.isEmpty {
      context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: body)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      answer = HTTPAnswer(status: Int(head.status.code), headers: head.headers)
      let announced = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
      if announced > most { end(context, .tooLong) }
    case .body(let buffer):
      guard let count = answer?.body.count else { return }
      guard count + buffer.readableBytes <= most else { return end(context, .tooLong) }
      answer?.body += buffer.readableBytesView
    case .end:
      guard let answer else { return }
      promise.succeed(answer)
      context.close(promise: nil)
    }
  }

  private func end(_ context: ChannelHandlerContext, _ failure: Failure) {
    answer = nil
    promise.fail(failure)
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error as? HTTPParserError {
    case .some(.invalidEOFState): end(context, .closed)
    case .some: end(context, .notHTTP)
    case nil:
      promise.fail(error)
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    promise.fail(Failure.closed)
    context.fireChannelInactive()
  }
}
