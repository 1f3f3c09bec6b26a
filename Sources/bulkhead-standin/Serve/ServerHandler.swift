import NIOCore
import NIOHTTP1
import StandinProtocol

/// Serves HTTP/1.1, or lines that `LineServerCodec` turned into it, on one connection, one request after the other.
/// Belongs to the event loop.
final class ServerHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// Requests a client may send ahead before it is cut off.
  private static let mostWaiting = 16
  private let standin: Standin
  private let podBody: ByteBuffer
  private var context: ChannelHandlerContext?
  private var head: HTTPRequestHead?
  private var waiting: [HTTPRequestHead] = []
  private var isBusy = false

  init(standin: Standin) {
    self.standin = standin
    podBody = ByteBuffer(string: standin.configuration.pod)
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    waiting = []
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break
    case .end:
      guard let head else { return }
      self.head = nil
      if !isBusy { return answer(head) }
      guard waiting.count < Self.mostWaiting else { return context.close(promise: nil) }
      waiting.append(head)
    }
  }

  private func answer(_ request: HTTPRequestHead) {
    isBusy = true
    guard request.uri != "/healthz" else { return send(.ok, [], body: ByteBuffer(string: "ok\n"), to: request) }
    guard request.uri != "/.bulkhead/counters" else {
      let text = (try? jsonLine(standin.tally.totals)) ?? []
      return send(.ok, [("content-type", "application/json")], body: ByteBuffer(bytes: text), to: request)
    }
    let headers = request.headers
    let peer = headers.first(name: StandinHeader.clientCertificate)
    let cohort = headers.first(name: StandinHeader.cohort)
    standin.serve(cohort: cohort, trace: headers.first(name: StandinHeader.trace)) { [self] origin in
      var fields = [(StandinHeader.pod, standin.configuration.pod)]
      if let peer { fields.append((StandinHeader.peer, peer)) }
      if let origin { fields.append((StandinHeader.origin, origin)) }
      send(origin == nil ? .ok : .badGateway, fields, body: podBody, to: request)
    }
  }

  private func send(
    _ status: HTTPResponseStatus, _ fields: [(String, String)], body: ByteBuffer, to request: HTTPRequestHead
  ) {
    isBusy = false
    guard let context else { return }
    var headers = HTTPHeaders(fields)
    headers.add(name: "content-length", value: "\(body.readableBytes)")
    let keepsAlive = request.isKeepAlive
    if !keepsAlive { headers.add(name: "connection", value: "close") }
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    if !keepsAlive { return context.close(promise: nil) }
    if !waiting.isEmpty { answer(waiting.removeFirst()) }
  }
}
