import Diagnostics
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// One pod's discovery server on one unix socket. The socket is the identity: whatever a request claims, it gets the
/// resources and the key of the pod that the socket was made for.
final class DiscoveryServer: Sendable {
  let session: SidecarSession
  let path: String
  private let listener: any Channel
  private let connections: ConnectionList

  private init(session: SidecarSession, path: String, listener: any Channel, connections: ConnectionList) {
    self.session = session
    self.path = path
    self.listener = listener
    self.connections = connections
  }

  static func start(session: SidecarSession, path: String, group: any EventLoopGroup) async throws -> DiscoveryServer {
    let connections = ConnectionList()
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 256)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard connections.open(channel, session: session) else {
            channel.close(promise: nil)
            return
          }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: true, withErrorHandling: true)
          try channel.pipeline.syncOperations.addHandler(DiscoveryHandler(session: session))
        }
      }
    do {
      let listener = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
      try SocketMode.allowEveryone(path)
      return DiscoveryServer(session: session, path: path, listener: listener, connections: connections)
    } catch {
      throw BulkheadError(
        .configuration, "no discovery socket for pod \(session.podID) at \(path)",
        cure: "the folder must exist and be writable, and the path be at most 107 bytes long", cause: error)
    }
  }

  /// Closes the socket and every connection, and removes the socket's file.
  func stop() async {
    try? await listener.close().get()
    for channel in connections.all() { try? await channel.close().get() }
    SocketMode.remove(path)
  }
}

/// The open connections of one socket.
private final class ConnectionList: Sendable {
  private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

  func open(_ channel: any Channel, session: SidecarSession) -> Bool {
    let id = ObjectIdentifier(channel)
    channels.withLock { $0[id] = channel }
    channel.closeFuture.whenComplete { _ in
      self.channels.withLock { $0[id] = nil }
      session.connectionClosed()
    }
    return session.connectionOpened()
  }

  func all() -> [any Channel] { channels.withLock { Array($0.values) } }
}
