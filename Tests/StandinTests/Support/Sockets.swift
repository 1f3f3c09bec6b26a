import Foundation
import Glibc

/// A connected IPv4 loopback socket with blocking calls, each limited to 10 s.
struct Connection: Sendable {
  let descriptor: Int32

  static func open(port: Int) throws -> Connection {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = loopback(port: port)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      close(descriptor)
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
    return Connection(descriptor: descriptor)
  }

  func write(_ text: String) { _ = text.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) } }

  /// Up to and with the first occurrence of `mark`, or to the end.
  func read(through mark: String? = nil) -> String {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while recv(descriptor, &byte, 1, 0) == 1 {
      bytes.append(byte)
      if let mark, bytes.suffix(mark.utf8.count).elementsEqual(mark.utf8) { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func shut() { close(descriptor) }

  /// Closes so that the other side sees a reset.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    close(descriptor)
  }
}

private func loopback(port: Int) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(UInt16(port).bigEndian)
  address.sin_addr = in_addr(s_addr: inet_addr("127.0.0.1"))
  return address
}

/// A port of the loopback address, held until `close`: with `serve`, each connection gets a thread and its number (from
/// 0); without, nothing listens, and connections are refused.
final class FakeServer: Sendable {
  let port: Int
  private let descriptor: Int32

  init(serve: (@Sendable (Connection, Int) -> Void)?) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRINUSE) }
    port = Int(UInt16(bigEndian: address.sin_port))
    guard let serve else { return }
    listen(descriptor, 128)
    Thread.detachNewThread {
      var number = 0
      while true {
        let client = accept(descriptor, nil, nil)
        guard client >= 0 else { return }
        let mine = number
        number += 1
        Thread.detachNewThread { serve(Connection(descriptor: client), mine) }
      }
    }
  }

  func close() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    Glibc.close(descriptor)
  }
}

struct HTTPReply: Sendable {
  var status: Int
  var headers: [String: String]
  var body: String
}

/// One request on a connection of its own, off the cooperative pool.
func httpGet(port: Int, path: String = "/", headers: [String: String] = [:]) async throws -> HTTPReply {
  let fields = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
  let text = try await onThread {
    let connection = try Connection.open(port: port)
    defer { connection.shut() }
    connection.write("GET \(path) HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\(fields)\r\n")
    return connection.read()
  }
  let parts = text.components(separatedBy: "\r\n\r\n")
  let lines = parts[0].components(separatedBy: "\r\n")
  var found: [String: String] = [:]
  for line in lines.dropFirst() {
    let pair = line.components(separatedBy: ": ")
    found[pair[0].lowercased()] = pair.dropFirst().joined(separator: ": ")
  }
  let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  return HTTPReply(status: status, headers: found, body: parts.dropFirst().joined(separator: "\r\n\r\n"))
}

func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
