import Glibc
import NIOCore
import NIOPosix

/// Keep-alive connections to one host and port. At most `largest` are open; requests beyond wait their turn. The
/// connection used last is reused first, so that what a burst needed dries up. Belongs to the event loop.
final class ConnectionPool {
  static let largest = 128
  static let idleLimit = TimeAmount.seconds(5)
  static let connectLimit = TimeAmount.seconds(1)

  private let loop: any EventLoop
  private let resolver: Resolver
  private let host: String
  private let port: Int
  /// The line protocol instead of HTTP.
  private let lines: Bool
  private var idle: [ClientConnection] = []
  private var open = 0
  private var waiting: [Exchange] = []
  /// Nil: connections live as long as they like.
  private let longestAge: TimeAmount?

  init(
    loop: any EventLoop, resolver: Resolver, host: String, port: Int, lines: Bool, longestAge: TimeAmount? = nil
  ) {
    self.longestAge = longestAge
    self.loop = loop
    self.resolver = resolver
    self.host = host
    self.port = port
    self.lines = lines
  }

  func send(_ exchange: Exchange) {
    if let connection = idle.popLast() {
      connection.start(exchange)
    } else {
      sendOnFreshConnection(exchange)
    }
  }

  func sendOnFreshConnection(_ exchange: Exchange) {
    guard open < Self.largest else {
      waiting.append(exchange)
      return
    }
    open += 1
    connect(loop: loop, resolver: resolver, host: host, port: port, lines: lines) { result in
      switch result {
      case .success(let connection):
        connection.pool = self
        // Whoever asked may have timed out since; the connection then serves another.
        if exchange.isDone { self.release(connection) } else { connection.start(exchange) }
      case .failure(let outcome):
        exchange.finish(outcome.value)
        self.closed()
      }
    }
  }

  func release(_ connection: ClientConnection) {
    if let next = nextWaiting() { return connection.start(next) }
    if let longestAge, connection.began + longestAge <= .now() { return connection.close() }
    connection.idleSince = .now()
    idle.append(connection)
  }

  func lost(_ connection: ClientConnection) {
    idle.removeAll { $0 === connection }
    closed()
  }

  func closeIdle(now: NIODeadline) {
    for connection in idle where connection.idleSince + Self.idleLimit <= now { connection.close() }
  }

  private func closed() {
    open -= 1
    if let next = nextWaiting() { sendOnFreshConnection(next) }
  }

  private func nextWaiting() -> Exchange? {
    guard let next = waiting.firstIndex(where: { !$0.isDone }) else {
      waiting.removeAll()
      return nil
    }
    defer { waiting.removeFirst(next + 1) }
    return waiting[next]
  }
}

/// Why there is no connection.
struct ConnectFailure: Error {
  /// `.unresolved`, `.notConnected` or `.closed`.
  var value: ExchangeOutcome
}

/// A new connection, ready for its first exchange.
private func connect(
  loop: any EventLoop, resolver: Resolver, host: String, port: Int, lines: Bool,
  completion: @escaping (Result<ClientConnection, ConnectFailure>) -> Void
) {
  resolver.resolve(host: host, port: port) { resolved in
    switch resolved {
    case .success(let address):
      connect(loop: loop, address: address, lines: lines, limit: ConnectionPool.connectLimit, completion: completion)
    case .failure(let failure): completion(.failure(ConnectFailure(value: .unresolved(failure.text))))
    }
  }
}

func connect(
  loop: any EventLoop, address: SocketAddress, lines: Bool, limit: TimeAmount,
  completion: @escaping (Result<ClientConnection, ConnectFailure>) -> Void
) {
  let connection = ClientConnection()
  let bound = NIOLoopBound(connection, eventLoop: loop)
  ClientBootstrap(group: loop)
    .connectTimeout(limit)
    .channelOption(.maxMessagesPerRead, value: 1)
    .channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { try bound.value.install(on: channel, lines: lines) }
    }
    .connect(to: address)
    .assumeIsolated()
    .whenComplete { result in
      switch result {
      case .success: completion(.success(connection))
      case .failure(let error): completion(.failure(ConnectFailure(value: connectOutcome(of: error))))
      }
    }
}

/// A reset during the connection's set-up means that somebody had accepted it.
private func connectOutcome(of error: any Error) -> ExchangeOutcome {
  if let error = error as? IOError, error.errnoCode == ECONNRESET { return .closed("reset") }
  return .notConnected(error)
}
