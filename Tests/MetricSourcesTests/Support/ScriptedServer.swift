import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// How the server of a test answers.
enum ScriptedAnswer: Sendable {
  case whole(Int, String, headers: [String: String] = [:])
  /// Each question with the next of them; the last stays.
  case each([String])
  /// What the request asks for is put in: the body of `form["time"]` and the like.
  case computed(@Sendable (HTTPRequestHead, String) -> String)
  case long(Int)
  /// Announces so many bytes and closes after a few.
  case cutOff(Int)
  case silence, notHTTP, hangUp
}

/// A small HTTP server in the place of a Prometheus or an Envoy.
final class ScriptedServer: Sendable {
  private let channel: any Channel
  private let heads = Mutex<[HTTPRequestHead]>([])
  private let bodies = Mutex<[String]>([])

  var port: Int { channel.localAddress?.port ?? 0 }
  var requests: [HTTPRequestHead] { heads.withLock(\.self) }
  var forms: [String] { bodies.withLock(\.self) }

  private init(_ channel: any Channel) { self.channel = channel }

  static func with<Value>(
    _ answer: ScriptedAnswer, unixPath: String? = nil, _ body: (ScriptedServer) async throws -> Value
  ) async throws -> Value {
    let record = Record()
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(ScriptedHandler(answer, record))
        }
      }
    let channel: any Channel
    if let unixPath {
      channel = try await bootstrap.bind(unixDomainSocketPath: unixPath).get()
    } else {
      channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
    }
    let server = ScriptedServer(channel)
    record.server.withLock { $0 = server }
    do {
      let value = try await body(server)
      try? await channel.close().get()
      record.server.withLock { $0 = nil }
      return value
    } catch {
      try? await channel.close().get()
      throw error
    }
  }

  fileprivate func note(_ head: HTTPRequestHead, _ body: String) -> Int {
    bodies.withLock { $0.append(body) }
    return heads.withLock { heads in
      heads.append(head)
      return heads.count - 1
    }
  }
}

private final class Record: Sendable {
  let server = Mutex<ScriptedServer?>(nil)
}

private final class ScriptedHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let answer: ScriptedAnswer
  private let record: Record
  private var head: HTTPRequestHead?
  private var body = ""

  init(_ answer: ScriptedAnswer, _ record: Record) {
    self.answer = answer
    self.record = record
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body(let buffer): body += String(buffer: buffer)
    case .end:
      guard let head else { return }
      let index = record.server.withLock { $0?.note(head, body) } ?? 0
      reply(context, head, index)
    }
  }

  private func reply(_ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ index: Int) {
    switch answer {
    case .whole(let status, let text, let headers): send(context, status, headers, text)
    case .each(let texts): send(context, 200, [:], texts[min(index, texts.count - 1)])
    case .computed(let compute): send(context, 200, [:], compute(head, body))
    case .long(let count): send(context, 200, [:], String(repeating: " ", count: count))
    case .cutOff(let announced):
      let part = HTTPResponseHead(
        version: .http1_1, status: .ok, headers: HTTPHeaders([("Content-Length", "\(announced)")]))
      context.write(wrapOutboundOut(.head(part)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "{")))), promise: nil)
      context.close(promise: nil)
    case .silence: break
    case .notHTTP:
      let text = ByteBuffer(string: "+PONG\r\n\r\n")
      _ = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
        .writeAndFlush(NIOAny(text), promise: nil)
      context.close(promise: nil)
    case .hangUp: context.close(promise: nil)
    }
  }

  private func send(_ context: ChannelHandlerContext, _ status: Int, _ headers: [String: String], _ text: String) {
    var all = HTTPHeaders(headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    all.add(name: "Content-Length", value: "\(text.utf8.count)")
    let head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: all)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
