import Glibc
import NIOCore
import NIOPosix
import StandinProtocol

/// One call in the line protocol: connect, one line out, one line back. A connection of its own each time. Belongs to
/// the event loop; `completion` is called exactly once.
final class LineConnection: ChannelInboundHandler, Expiring {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let longest = 512
  private let line: String
  private var received: [UInt8] = []
  private var isResolved = false
  private var context: ChannelHandlerContext?
  private var completion: ((LineOutcome) -> Void)?

  enum LineOutcome {
    case answered(LineReply)
    case failed(ExchangeOutcome)
  }

  init(line: String, completion: @escaping (LineOutcome) -> Void) {
    self.line = line
    self.completion = completion
  }

  var isDone: Bool { completion == nil }

  func open(loop: any EventLoop, resolver: Resolver, host: String, port: Int, limit: TimeAmount) {
    resolver.resolve(host: host, port: port) { resolved in
      guard !self.isDone else { return }
      self.isResolved = true
      switch resolved {
      case .success(let address): self.open(loop: loop, address: address, limit: limit)
      case .failure(let failure): self.finish(.failed(.unresolved(failure.text)))
      }
    }
  }

  private func open(loop: any EventLoop, address: SocketAddress, limit: TimeAmount) {
    let bound = NIOLoopBound(self, eventLoop: loop)
    ClientBootstrap(group: loop)
      .connectTimeout(limit)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
      }
      .connect(to: address)
      .assumeIsolated()
      .whenFailure { self.finish(.failed(connectOutcome(of: $0))) }
  }

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    guard !isDone else { return context.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: line)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received += unwrapInboundIn(data).readableBytesView
    guard received.count <= Self.longest, !received.contains(UInt8(ascii: "\n")) else {
      return context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    let line = String(decoding: received.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    if received.contains(UInt8(ascii: "\n")), let reply = LineReply(line: line[...]) {
      finish(.answered(reply))
    } else {
      finish(.failed(.closed(received.isEmpty ? "closed without an answer" : "the answer is not the line protocol")))
    }
  }

  func expire() {
    finish(.failed(isResolved ? .timedOut : .unresolved("no address in time")))
    context?.close(promise: nil)
  }

  private func finish(_ outcome: LineOutcome) {
    guard let completion else { return }
    self.completion = nil
    completion(outcome)
  }
}
