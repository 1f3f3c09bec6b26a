import Glibc

/// A port of the loopback that belongs to us and at which nobody listens: no other test can be given it meanwhile.
struct HeldPort {
  let port: Int
  private let descriptor: Int32

  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        bind(descriptor, place, size) == 0 ? getsockname(descriptor, place, &size) : -1
      }
    }
    guard result == 0 else { throw NoPort(number: errno) }
    self.descriptor = descriptor
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  func release() { close(descriptor) }

  private struct NoPort: Error { var number: Int32 }
}
