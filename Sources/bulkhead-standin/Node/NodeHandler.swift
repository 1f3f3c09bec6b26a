import NIOCore
import NIOHTTP1

/// What one fake answers.
struct NodeReply: Sendable {
  var path: String
  var bearer: String?
  var body: String

  func status(of request: HTTPRequestHead) -> HTTPResponseStatus {
    let asked = request.uri.prefix { $0 != "?" }
    let below = path.hasSuffix("/") ? path : path + "/"
    guard asked == path || asked.hasPrefix(below) else { return .notFound }
    guard let bearer else { return .ok }
    return request.headers["authorization"] == ["Bearer \(bearer)"] ? .ok : .unauthorized
  }
}

/// Answers one request and closes: probes come once. The secret is in the body of a 200 alone.
final class NodeHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart
  private let reply: NodeReply
  private var request: HTTPRequestHead?

  init(reply: NodeReply) { self.reply = reply }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): request = head
    case .body: break
    case .end:
      guard let request else { return }
      self.request = nil
      let status = reply.status(of: request)
      let body = ByteBuffer(string: status == .ok ? reply.body : status.reasonPhrase + "\n")
      let headers: HTTPHeaders = ["content-length": "\(body.readableBytes)", "connection": "close"]
      let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      context.close(promise: nil)
    }
  }
}
