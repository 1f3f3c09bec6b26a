import CProbe
import NIOCore
import NIOPosix

/// A name that could not be turned into an address.
struct ResolveFailure: Error {
  var text: String
}

/// Names to IPv4 addresses by the system's resolver (the container's `/etc/resolv.conf` and `/etc/hosts`), off the
/// event loop. An answer lasts one second; several addresses are used in turn. Numeric addresses, IPv6 too, need no
/// lookup. Belongs to the event loop.
final class Resolver {
  typealias Completion = (Result<SocketAddress, ResolveFailure>) -> Void

  private let loop: any EventLoop
  private let threads = NIOThreadPool(numberOfThreads: 2)
  private var cache: [String: (addresses: [UInt32], until: NIODeadline)] = [:]
  private var waiting: [String: [(port: Int, completion: Completion)]] = [:]
  private var turn = 0

  init(loop: any EventLoop) {
    self.loop = loop
    threads.start()
  }

  func resolve(host: String, port: Int, completion: @escaping Completion) {
    guard (1...65_535).contains(port) else {
      return completion(.failure(ResolveFailure(text: "port \(port) does not exist")))
    }
    if let numeric = try? SocketAddress(ipAddress: host, port: port) { return completion(.success(numeric)) }
    if let known = cache[host], known.until > .now() {
      return completion(address(among: known.addresses, port: port))
    }
    let alreadyAsked = waiting[host] != nil
    waiting[host, default: []].append((port, completion))
    guard !alreadyAsked else { return }
    let answer = threads.runIfActive(eventLoop: loop) { try Self.look(up: host) }
    answer.assumeIsolated().whenComplete { self.answered(host, $0) }
  }

  private func answered(_ host: String, _ answer: Result<[UInt32], any Error>) {
    let askers = waiting.removeValue(forKey: host) ?? []
    switch answer {
    case .success(let addresses):
      cache[host] = (addresses, .now() + .seconds(1))
      for asker in askers { asker.completion(address(among: addresses, port: asker.port)) }
    case .failure(let error):
      let failure = error as? ResolveFailure ?? ResolveFailure(text: "\(error)")
      for asker in askers { asker.completion(.failure(failure)) }
    }
  }

  private func address(among addresses: [UInt32], port: Int) -> Result<SocketAddress, ResolveFailure> {
    turn &+= 1
    var packed = ByteBuffer()
    packed.writeInteger(addresses[Int(UInt(bitPattern: turn) % UInt(addresses.count))], endianness: .host)
    guard let address = try? SocketAddress(packedIPAddress: packed, port: port) else {
      return .failure(ResolveFailure(text: "port \(port) does not exist"))
    }
    return .success(address)
  }

  /// At least one address in network byte order. Blocks.
  private static func look(up host: String) throws -> [UInt32] {
    var addresses = [UInt32](repeating: 0, count: 64)
    var failure: Int32 = 0
    let count = cprobe_resolve(host, &addresses, Int32(addresses.count), &failure)
    guard count >= 0 else { throw ResolveFailure(text: String(cString: cprobe_resolve_text(failure))) }
    guard count > 0 else { throw ResolveFailure(text: "no IPv4 address") }
    return Array(addresses.prefix(Int(count)))
  }
}
