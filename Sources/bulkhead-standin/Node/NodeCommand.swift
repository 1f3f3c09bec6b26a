import Diagnostics
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import StandinProtocol

/// Plays what a node offers until standard input ends.
func playNode(configurationFile: String) throws {
  try playNode(try decode(NodeConfiguration.self, fromFile: configurationFile))
}

func playNode(_ configuration: NodeConfiguration) throws {
  let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
  for socket in configuration.sockets { try open(socket, loop: loop) }
  var ports: [Int] = []
  for server in configuration.servers { ports.append(try open(server, loop: loop)) }
  writeFully(try jsonLine(NodeReport(ready: true, ports: ports)), to: 1)
  forEachInputLine { _ in }
}

/// Does nothing until standard input ends or SIGTERM comes: a process to be found by its environment.
func idle() throws {
  writeFully(try jsonLine(NodeReport(ready: true)), to: 1)
  forEachInputLine { _ in }
}

private func bootstrap(_ reply: NodeReply, loop: any EventLoop) -> ServerBootstrap {
  ServerBootstrap(group: loop)
    .serverChannelOption(.backlog, value: 64)
    .childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        try pipeline.addHandler(NodeHandler(reply: reply))
      }
    }
}

private func open(_ socket: NodeConfiguration.SocketServer, loop: any EventLoop) throws {
  do {
    try FileManager.default.createDirectory(
      at: URL(filePath: socket.path).deletingLastPathComponent(), withIntermediateDirectories: true)
    _ = try bootstrap(NodeReply(path: "/", bearer: nil, body: socket.body), loop: loop)
      .bind(unixDomainSocketPath: socket.path, cleanupExistingSocketFile: true).wait()
    guard chmod(socket.path, mode_t(truncatingIfNeeded: socket.mode)) == 0 else {
      throw BulkheadError(.notPermitted, errnoName(errno))
    }
  } catch {
    throw BulkheadError(
      .configuration, "the socket \(socket.path.safeForTerminal) cannot be opened",
      cure: "Name a path of at most 107 bytes in a folder this user may write.", cause: error)
  }
}

private func open(_ server: NodeConfiguration.AddressServer, loop: any EventLoop) throws -> Int {
  do {
    guard (0...65_535).contains(server.port) else { throw BulkheadError(.configuration, "no such port") }
    return try bootstrap(NodeReply(path: server.path, bearer: server.bearer, body: server.body), loop: loop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .bind(to: SocketAddress(ipAddress: server.address, port: server.port)).wait().localAddress?.port ?? server.port
  } catch {
    throw BulkheadError(
      .configuration, "\(server.address.safeForTerminal):\(server.port) cannot be opened",
      cure: "Name a numeric address of this machine and a free port.", cause: error)
  }
}
