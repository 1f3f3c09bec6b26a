import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// How the matcher of a test answers.
enum MatcherAnswer: Sendable {
  case whole(Int, [UInt8])
  case redirect(String)
  /// Announces so many bytes and closes after a few.
  case cutOff(Int, sent: Int)
  case silence, notHTTP, hangUp
}

final class RequestLog: Sendable {
  private let entries = Mutex<[HTTPRequestHead]>([])
  var heads: [HTTPRequestHead] { entries.withLock(\.self) }
  func add(_ head: HTTPRequestHead) { entries.withLock { $0.append(head) } }
}

/// A small HTTP server in the place of Clair's matcher.
struct Matcher {
  let channel: any Channel
  let requests: RequestLog
  var port: Int { channel.localAddress?.port ?? 0 }

  static func start(_ answer: MatcherAnswer) async throws -> Matcher {
    let log = RequestLog()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(MatcherHandler(answer, log))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return Matcher(channel: channel, requests: log)
  }

  func stop() async { try? await channel.close().get() }
}

private final class MatcherHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let answer: MatcherAnswer
  private let log: RequestLog

  init(_ answer: MatcherAnswer, _ log: RequestLog) {
    self.answer = answer
    self.log = log
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): log.add(head)
    case .body: break
    case .end: reply(context)
    }
  }

  private func reply(_ context: ChannelHandlerContext) {
    switch answer {
    case .whole(let status, let body):
      send(context, status, ["Content-Length": "\(body.count)"], body)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    case .redirect(let place):
      send(context, 302, ["Location": place, "Content-Length": "0"], [])
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    case .cutOff(let announced, let sent):
      send(context, 200, ["Content-Length": "\(announced)"], [UInt8](repeating: 0x20, count: sent))
      context.flush()
      context.close(promise: nil)
    case .silence: break
    case .notHTTP:
      // Past the encoder, from the head of the pipeline.
      let text = context.channel.allocator.buffer(string: "+PONG\r\n\r\n")
      _ = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
        .writeAndFlush(NIOAny(text), promise: nil)
      context.close(promise: nil)
    case .hangUp: context.close(promise: nil)
    }
  }

  private func send(
    _ context: ChannelHandlerContext, _ status: Int, _ headers: KeyValuePairs<String, String>, _ body: [UInt8]
  ) {
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: status),
      headers: HTTPHeaders(headers.map { ($0.key, $0.value) }))
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: body)))), promise: nil)
  }
}
