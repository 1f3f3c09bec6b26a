import Foundation
import NIOCore
import NIOPosix
import StandinProtocol
import Synchronization

/// The twin's end of one stand-in's standard input and output: orders go in, reports come out, a line each.
final class StandinLink: Sendable {
  private struct State {
    var ready = false
    var closed = false
    var readyWaiters: [CheckedContinuation<Bool, Never>] = []
    var attempts: [Int: CheckedContinuation<AttemptOutcome?, Never>] = [:]
    var nextAttempt = 1
  }

  private let channel: any Channel
  private let state = Mutex(State())
  private let onCounters: @Sendable (Counters) -> Void

  /// - Parameters:
  ///   - input: where orders are written; owned from here on.
  ///   - output: where reports are read; owned from here on.
  static func open(
    input: Int32, output: Int32, on group: any EventLoopGroup, onCounters: @escaping @Sendable (Counters) -> Void
  ) async throws -> StandinLink {
    let lines = LineHandler()
    let channel = try await NIOPipeBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineDecoder()))
          try channel.pipeline.syncOperations.addHandler(lines)
        }
      }
      .takingOwnershipOfDescriptors(input: output, output: input)
      .get()
    let link = StandinLink(channel: channel, onCounters: onCounters)
    lines.attach(link)
    return link
  }

  private init(channel: any Channel, onCounters: @escaping @Sendable (Counters) -> Void) {
    self.channel = channel
    self.onCounters = onCounters
  }

  func send(_ order: StandinOrder) {
    guard let body = try? JSONEncoder().encode(order) else { return }
    var buffer = channel.allocator.buffer(capacity: body.count + 1)
    buffer.writeBytes(body)
    buffer.writeInteger(UInt8(ascii: "\n"))
    // A stand-in that is gone reads nothing; its end is noticed by its exit.
    channel.writeAndFlush(buffer, promise: nil)
  }

  /// True once the stand-in has opened all its ports; false when it ended before.
  func becomesReady() async -> Bool {
    await withCheckedContinuation { continuation in
      let now: Bool? = state.withLock { state in
        if state.ready || state.closed { return state.ready }
        state.readyWaiters.append(continuation)
        return nil
      }
      if let now { continuation.resume(returning: now) }
    }
  }

  /// Has the stand-in make one request; nil when it ended before it could answer.
  func attempt(host: String, port: Int, path: String = "/", tcp: Bool = false, limit: Duration) async -> AttemptOutcome?
  {
    await withCheckedContinuation { continuation in
      let id: Int? = state.withLock { state in
        guard !state.closed else { return nil }
        let id = state.nextAttempt
        state.nextAttempt += 1
        state.attempts[id] = continuation
        return id
      }
      guard let id else { return continuation.resume(returning: nil) }
      let milliseconds = Int(limit / .milliseconds(1))
      send(
        StandinOrder(
          attempt: Attempt(id: id, host: host, port: port, path: path, timeoutMilliseconds: milliseconds, tcp: tcp)))
    }
  }

  func close() { channel.close(promise: nil) }

  fileprivate func received(_ line: [UInt8]) {
    // Anything but a report on standard output is a stand-in's own trouble and worth nothing here.
    guard let report = try? JSONDecoder().decode(StandinReport.self, from: Data(line)) else { return }
    if report.ready == true { settle(ready: true) }
    if let counters = report.counters { onCounters(counters) }
    if let outcome = report.outcome {
      state.withLock { $0.attempts.removeValue(forKey: outcome.id) }?.resume(returning: outcome)
    }
  }

  fileprivate func ended() {
    let attempts = state.withLock { state in
      state.closed = true
      defer { state.attempts = [:] }
      return state.attempts
    }
    for attempt in attempts.values { attempt.resume(returning: nil) }
    settle(ready: false)
  }

  private func settle(ready: Bool) {
    let waiters = state.withLock { state in
      state.ready = state.ready || ready
      defer { state.readyWaiters = [] }
      return state.readyWaiters
    }
    for waiter in waiters { waiter.resume(returning: ready) }
  }
}

/// Cuts the byte stream at line feeds; a line longer than 1 MiB closes the channel.
private struct LineDecoder: ByteToMessageDecoder {
  typealias InboundOut = ByteBuffer
  static let longest = 1 << 20

  mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
    guard let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
      guard buffer.readableBytes <= Self.longest else { throw ByteToMessageDecoderError.PayloadTooLargeError() }
      return .needMoreData
    }
    let length = end - buffer.readableBytesView.startIndex
    if let line = buffer.readSlice(length: length) { context.fireChannelRead(wrapInboundOut(line)) }
    buffer.moveReaderIndex(forwardBy: 1)
    return .continue
  }
}

private final class LineHandler: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer

  private struct State {
    var link: StandinLink?
    /// What arrived before the link was made.
    var early: [[UInt8]] = []
    var ended = false
  }
  private let state = Mutex(State())

  func attach(_ link: StandinLink) {
    let (early, ended) = state.withLock { state in
      state.link = link
      defer { state.early = [] }
      return (state.early, state.ended)
    }
    for line in early { link.received(line) }
    if ended { link.ended() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let line = Array(unwrapInboundIn(data).readableBytesView)
    let link = state.withLock { state in
      if state.link == nil { state.early.append(line) }
      return state.link
    }
    link?.received(line)
  }

  func channelInactive(context: ChannelHandlerContext) {
    let link = state.withLock { state in
      state.ended = true
      return state.link
    }
    link?.ended()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
