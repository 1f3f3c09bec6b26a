import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One HTTP request on a connection of its own, with bounds on time and size.
struct OneExchange: Sendable {
  struct Answer: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]
  }

  enum Failure: Error, Sendable, CustomStringConvertible {
    /// Nothing took the connection.
    case notConnected(String)
    /// The connection was taken, and ended without an answer.
    case closed(String)
    case tooLate

    var description: String {
      switch self {
      case .notConnected(let why): "no connection: \(why)"
      case .closed(let why): "closed without an answer: \(why)"
      case .tooLate: "no answer in time"
      }
    }
  }

  var host: String
  var port: Int
  var tls: NIOSSLContext?
  /// Verified in the server's certificate, where the context verifies.
  var serverName: String?
  var method = HTTPMethod.GET
  var path = "/"
  var body: [UInt8] = []
  var limit = TimeAmount.seconds(5)
  static let longestAnswer = 1 << 20

  func send(on group: any EventLoopGroup) async throws -> Answer {
    let loop = group.next()
    let promise = loop.makePromise(of: Answer.self)
    let (tls, serverName, request) = (tls, serverName, self)
    let late = loop.scheduleTask(in: limit) { promise.fail(Failure.tooLate) }
    let bootstrap = ClientBootstrap(group: loop).connectTimeout(limit).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        if let tls {
          try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: serverName))
        }
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        try channel.pipeline.syncOperations.addHandler(AnswerReader(promise: promise))
      }
    }
    let channel: any Channel
    do {
      channel = try await bootstrap.connect(host: host, port: port).get()
    } catch {
      late.cancel()
      promise.fail(error)
      throw Failure.notConnected(Self.short(error))
    }
    defer {
      late.cancel()
      channel.close(promise: nil)
    }
    channel.eventLoop.execute { request.write(to: channel) }
    return try await promise.futureResult.get()
  }

  private func write(to channel: any Channel) {
    var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
    head.headers.add(name: "host", value: serverName ?? host)
    head.headers.add(name: "connection", value: "close")
    head.headers.add(name: "content-length", value: "\(body.count)")
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
    if !body.isEmpty { channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil) }
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
  }

  static func short(_ error: any Error) -> String { String(String(describing: error).prefix(200)) }
}

private final class AnswerReader: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let promise: EventLoopPromise<OneExchange.Answer>
  private var answer: OneExchange.Answer?
  private var why = "end of stream"

  init(promise: EventLoopPromise<OneExchange.Answer>) { self.promise = promise }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      answer = OneExchange.Answer(
        status: Int(head.status.code), headers: head.headers.map { ($0.name, $0.value) }, body: [])
    case .body(let buffer):
      guard (answer?.body.count ?? 0) + buffer.readableBytes <= OneExchange.longestAnswer else {
        return context.close(promise: nil)
      }
      answer?.body += buffer.readableBytesView
    case .end: if let answer { promise.succeed(answer) }
    }
  }

  func channelInactive(context: ChannelHandlerContext) { promise.fail(OneExchange.Failure.closed(why)) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    why = OneExchange.short(error)
    context.close(promise: nil)
  }
}
