import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS
import SwiftASN1
import X509

/// Waits for the handshake, learns from the credential which pod has connected, and hands over to what serves it.
final class PeerHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  enum Task: Sendable {
    case discovery
    case statistics(SidecarCounters)
  }

  private let registry: SessionRegistry
  private let task: Task
  private var deadline: Scheduled<Void>?

  init(registry: SessionRegistry, task: Task) {
    self.registry = registry
    self.task = task
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    deadline = context.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .handshakeCompleted? = event as? TLSUserEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    deadline?.cancel()
    do {
      let tls = try context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
      guard let peer = tls.peerCertificate, let uid = try Self.uid(peer), let session = registry.connected(uid) else {
        return context.close(promise: nil)
      }
      let pipeline = context.pipeline.syncOperations
      switch task {
      case .discovery:
        guard session.open(context.channel) else { return context.close(promise: nil) }
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: true)
        try pipeline.addHandler(DiscoveryHandler(session: session.session))
      case .statistics(let counters):
        try pipeline.addHandler(StatisticsHandler(uid: uid, counters: counters))
      }
      pipeline.removeHandler(self, promise: nil)
    } catch {
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  /// The common name of the credential's subject.
  private static func uid(_ certificate: NIOSSLCertificate) throws -> String? {
    let parsed = try Certificate(derEncoded: try certificate.toDERBytes())
    for name in parsed.subject {
      for attribute in name where attribute.type == .RDNAttributeType.commonName { return attribute.value.description }
    }
    return nil
  }
}

/// Reads what a sidecar counted, line by line.
final class StatisticsHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  /// Names of services are at most 63 characters long; no line comes near this.
  private static let longestLine = 4_096

  private let uid: String
  private let counters: SidecarCounters
  private var rest: [UInt8] = []

  init(uid: String, counters: SidecarCounters) { (self.uid, self.counters) = (uid, counters) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    rest += unwrapInboundIn(data).readableBytesView
    var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    rest = lines.popLast().map(Array.init) ?? []
    guard rest.count <= Self.longestLine else { return context.close(promise: nil) }
    counters.add(lines.compactMap { StatisticsLine($0) }, of: uid)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
