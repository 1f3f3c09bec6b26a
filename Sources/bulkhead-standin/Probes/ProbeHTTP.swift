import CProbe
import Glibc
import StandinProtocol

/// Where a probe's request goes.
enum ProbeEndpoint {
  case address(String, UInt16)
  case socket(String)

  fileprivate var text: String {
    switch self {
    case .address(let address, let port): "\(address):\(port)"
    case .socket(let path): path
    }
  }
}

/// GETs `path`; escaped when the answer's body holds the nonce as a word. One plain HTTP/1.1 request, no redirect,
/// no name lookup, and at most `timeoutMilliseconds` for the connection and as much again for the answer.
func get(_ path: String, from endpoint: ProbeEndpoint, bearer: String? = nil, order: ProbeOrder) -> ProbeFinding {
  let limit = order.timeoutMilliseconds
  let descriptor =
    switch endpoint {
    case .address(let address, let port): cprobe_connect(address, port, Int32(limit))
    case .socket(let path): cprobe_connect_unix(path, Int32(limit))
    }
  let step = "connect \(endpoint.text)"
  guard descriptor >= 0 else {
    return descriptor == -EINVAL || descriptor == -ENAMETOOLONG
      ? .inconclusive(step, -descriptor) : .refused(step, -descriptor)
  }
  defer { close(descriptor) }
  var request = "GET \(path) HTTP/1.1\r\nHost: \(endpoint.host)\r\nConnection: close\r\n"
  if let bearer { request += "Authorization: Bearer \(bearer)\r\n" }
  let asked = "GET \(path) from \(endpoint.text)"
  do throws(Refusal) {
    let answer = try exchange(Array((request + "\r\n").utf8), on: descriptor, step: asked, within: limit)
    return judge(answer, asked: asked, order)
  } catch {
    return error.finding
  }
}

extension ProbeEndpoint {
  fileprivate var host: String {
    switch self {
    case .address(let address, let port): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    case .socket: "localhost"
    }
  }
}

private func judge(_ answer: [UInt8], asked: String, _ order: ProbeOrder) -> ProbeFinding {
  guard !answer.isEmpty else { return .contained("\(asked): closed without an answer") }
  if order.facts["anyAnswer"] != nil, answer.starts(with: Array("HTTP/".utf8)) { return .escaped(asked) }
  let blank = Array("\r\n\r\n".utf8)
  let body = answer.firstRange(of: blank).map { answer[$0.upperBound...] } ?? []
  if holdsWord(order.nonce, in: body) { return .escaped(asked) }
  let status = answer.prefix { $0 != 0x0d && $0 != 0x0a }.prefix(40)
  return .contained("\(asked): \(String(decoding: status, as: UTF8.self)), without the secret")
}

/// Sends the request and reads until the other side closes, 1 MiB have come or the time is over. With bytes in hand
/// the end of the time is the end of the answer, since a server may keep the connection open.
/// - Parameter isEnough: whether no more need be read.
func exchange(
  _ request: [UInt8], on descriptor: Int32, step: String, within milliseconds: Int,
  until isEnough: ([UInt8]) -> Bool = { _ in false }
) throws(Refusal) -> [UInt8] {
  let end = monotonicMilliseconds() + milliseconds
  var rest = request[...]
  var answer: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16_384)
  while answer.count < 1 << 20 {
    let left = end - monotonicMilliseconds()
    var wanted = pollfd(fd: descriptor, events: Int16(rest.isEmpty ? POLLIN : POLLOUT), revents: 0)
    guard left > 0, poll(&wanted, 1, Int32(left)) > 0 else {
      if answer.isEmpty { throw Refusal(step: step, number: ETIMEDOUT) }
      break
    }
    let count =
      rest.isEmpty
      ? read(descriptor, &chunk, chunk.count) : rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count < 0 {
      if errno == EAGAIN || errno == EINTR { continue }
      if !answer.isEmpty { break }
      throw Refusal(step: step, number: errno)
    }
    if !rest.isEmpty {
      rest = rest.dropFirst(count)
    } else {
      if count == 0 { break }
      answer += chunk[..<count]
      if isEnough(answer) { break }
    }
  }
  return answer
}

/// 0 where a connection came about, else the errno.
func connected(_ address: String, _ port: UInt16, within milliseconds: Int) -> Int32 {
  let descriptor = cprobe_connect(address, port, Int32(milliseconds))
  guard descriptor >= 0 else { return -descriptor }
  close(descriptor)
  return 0
}

/// Whether something listens there before long: a neighbour may still be starting.
func answers(_ address: String, _ port: UInt16) -> Bool {
  let end = monotonicMilliseconds() + 20_000
  while monotonicMilliseconds() < end {
    if connected(address, port, within: 1_000) == 0 { return true }
    usleep(100_000)
  }
  return false
}

private func monotonicMilliseconds() -> Int {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}
