import Diagnostics
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import StandinProtocol

/// Plays a service until standard input ends. One thread for all network work; the calling thread reads the orders.
func serve(configurationFile: String) throws {
  let configuration = try decode(StandinConfiguration.self, fromFile: configurationFile)
  let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
  let session = try loop.submit {
    NIOLoopBound(ServeSession(configuration: configuration, loop: loop), eventLoop: loop)
  }.wait()
  var ports: [Int] = []
  for listener in configuration.listen { ports.append(try open(listener, session: session, loop: loop)) }
  let opened = ports
  loop.execute { session.value.begin(ports: opened) }
  forEachInputLine { line in
    do {
      let order = try decode(StandinOrder.self, from: line, named: "an order")
      loop.execute { session.value.obey(order) }
    } catch {
      writeFully(Array("bulkhead-standin: \(error)\n".utf8), to: 2)
    }
  }
}

/// Opens one listener and says on which port.
private func open(
  _ listener: StandinConfiguration.Listener, session: NIOLoopBound<ServeSession>, loop: any EventLoop
) throws -> Int {
  let bootstrap = ServerBootstrap(group: loop)
    .serverChannelOption(.backlog, value: 1024)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelOption(.maxMessagesPerRead, value: 1)
    .childChannelOption(.allowRemoteHalfClosure, value: listener.tcp)
    .childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        let pipeline = channel.pipeline.syncOperations
        if listener.tcp {
          try pipeline.addHandler(LineServerCodec())
        } else {
          try pipeline.addHandler(HTTPResponseEncoder())
          try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        }
        try pipeline.addHandler(ServerHandler(standin: session.value.standin))
      }
    }
  do {
    guard (0...65_535).contains(listener.port) else { throw BulkheadError(.configuration, "no such port") }
    return try bootstrap.bind(host: "0.0.0.0", port: listener.port).wait().localAddress?.port ?? listener.port
  } catch {
    throw BulkheadError(
      .configuration, "port \(listener.port) cannot be opened", cure: "Choose a free port this user may bind.",
      cause: error)
  }
}

/// What runs on the event loop.
private final class ServeSession {
  let standin: Standin
  private let users: UserTraffic?
  private let writer: LineWriter
  private let hoard: Hoard

  init(configuration: StandinConfiguration, loop: any EventLoop) {
    let standin = Standin(configuration: configuration, loop: loop)
    self.standin = standin
    users = configuration.users.map { UserTraffic(standin: standin, users: $0) }
    writer = LineWriter(loop: loop)
    hoard = Hoard(loop: loop)
  }

  func begin(ports: [Int]) {
    writer.send(StandinReport(ready: true, ports: ports))
    repeatedly(on: standin.loop, every: .milliseconds(100)) {
      // A slow reader gets fewer and larger reports, not more memory.
      guard !self.writer.isBusy, let counters = self.standin.tally.take() else { return }
      self.writer.send(StandinReport(counters: counters))
    }
    users?.start()
  }

  func obey(_ order: StandinOrder) {
    if let share = order.canaryShare { users?.change(canaryShare: share) }
    if let rate = order.requestsPerSecond { users?.change(rate: rate) }
    if let spike = order.spike { users?.begin(spike) }
    if let ballast = order.ballast { hoard.hold(ballast) }
    if let table = order.canaryAddresses {
      standin.canaryAddresses = table.compactMapValues { text in
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else { return nil }
        return (String(text[..<colon]), port)
      }
    }
    if let attempt = order.attempt {
      standin.attempt(attempt) { self.writer.send(StandinReport(outcome: $0)) }
    }
  }
}
