import NIOCore
import NIOHTTP1
import StandinProtocol

/// Lets a call in the line protocol travel like an HTTP one, on connections that are kept as clients of databases and
/// caches keep theirs: a handshake per call would cost more than the call. One line out for a request, one line back
/// for its answer. Belongs to the event loop.
final class LineClientCodec: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = HTTPClientResponsePart
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = ByteBuffer

  private static let longest = 512
  private var received: [UInt8] = []

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .head(let head) = unwrapOutboundIn(data) else {
      promise?.succeed()
      return
    }
    let line = LineRequest(
      cohort: head.headers.first(name: StandinHeader.cohort),
      caller: head.headers.first(name: StandinHeader.caller) ?? "-",
      trace: head.headers.first(name: StandinHeader.trace) ?? "-")
    context.write(wrapOutboundOut(context.channel.allocator.buffer(string: line.text)), promise: promise)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received += unwrapInboundIn(data).readableBytesView
    guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else {
      if received.count > Self.longest { context.close(promise: nil) }
      return
    }
    let line = String(decoding: received[..<end], as: UTF8.self)
    // One request is under way at a time: nothing may follow its answer.
    guard end == received.count - 1, let reply = LineReply(line: line[...]) else { return context.close(promise: nil) }
    received.removeAll(keepingCapacity: true)
    context.fireChannelRead(wrapInboundOut(.head(reply.head)))
    context.fireChannelRead(wrapInboundOut(.body(context.channel.allocator.buffer(string: line))))
    context.fireChannelRead(wrapInboundOut(.end(nil)))
  }
}

extension LineReply {
  /// The same said in HTTP. A line comes from a stand-in and never from a proxy; one that failed does not say which pod
  /// it is.
  fileprivate var head: HTTPResponseHead {
    switch self {
    case .ok(let pod):
      HTTPResponseHead(version: .http1_1, status: .ok, headers: [StandinHeader.pod: pod])
    case .failed(let origin):
      HTTPResponseHead(
        version: .http1_1, status: .badGateway, headers: [StandinHeader.pod: "unnamed", StandinHeader.origin: origin])
    }
  }
}
