import NIOCore
import NIOHTTP1
import StandinProtocol

/// The client's end of one connection, HTTP/1.1 or lines: one exchange at a time. Belongs to the event loop.
final class ClientConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  /// Where the connection goes after an exchange; nil for one that is used once.
  weak var pool: ConnectionPool?
  var idleSince = NIODeadline.now()
  let began = NIODeadline.now()
  /// A byte of the current answer has arrived.
  fileprivate(set) var sawBytes = false
  private var context: ChannelHandlerContext?
  private var exchange: Exchange?
  private var exchanges = 0
  private var answer: Answer?
  private var keepsAlive = false
  private var failure: String?

  /// The handlers of a connection, in the order of the pipeline.
  func install(on channel: any Channel, lines: Bool) throws {
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(ByteWatch(self))
    if lines {
      try pipeline.addHandler(LineClientCodec())
    } else {
      try pipeline.addHandler(HTTPRequestEncoder())
      try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)))
    }
    try pipeline.addHandler(self)
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func start(_ exchange: Exchange) {
    guard let context, context.channel.isActive else { return exchange.finish(.closed("connection lost")) }
    self.exchange = exchange
    exchange.travels(on: self)
    exchanges += 1
    sawBytes = false
    answer = nil
    context.write(wrapOutboundOut(.head(exchange.head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      answer = Answer(
        status: Int(head.status.code), pod: head.headers.first(name: StandinHeader.pod),
        origin: head.headers.first(name: StandinHeader.origin))
      keepsAlive = head.isKeepAlive
    case .body(let bytes):
      guard exchange?.keepsBody == true, let kept = answer?.body.count, kept < Exchange.keptBytes else { return }
      answer?.body += bytes.readableBytesView.prefix(Exchange.keptBytes - kept)
    case .end:
      guard let answer else { return }
      end(.answered(answer), reusable: keepsAlive)
    }
  }

  private func end(_ outcome: ExchangeOutcome, reusable: Bool) {
    let ended = exchange
    exchange = nil
    answer = nil
    if reusable, let pool, context?.channel.isActive == true {
      pool.release(self)
    } else {
      close()
    }
    ended?.finish(outcome)
  }

  /// The exchange has given up; what may still come must not be taken for the next one's answer.
  func abandon() {
    exchange = nil
    close()
  }

  func close() { context?.close(promise: nil) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    failure = error is HTTPParserError ? "the answer is not HTTP" : "\(error)"
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    let lost = exchange
    exchange = nil
    self.context = nil
    pool?.lost(self)
    guard let lost, !lost.isDone else { return }
    if let pool, exchanges > 1, !sawBytes, !lost.retried {
      lost.retried = true
      return pool.sendOnFreshConnection(lost)
    }
    lost.finish(.closed(failure ?? "closed without an answer"))
  }
}

/// Notes that bytes came in before the decoder has made anything of them.
private final class ByteWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let connection: ClientConnection

  init(_ connection: ClientConnection) { self.connection = connection }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.sawBytes = true
    context.fireChannelRead(data)
  }
}
