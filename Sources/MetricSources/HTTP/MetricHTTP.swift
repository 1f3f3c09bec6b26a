import Diagnostics
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// How long a source may take and how much it may say.
package struct MetricLimits: Sendable {
  /// Seconds from the question to the last byte of the answer, connecting and looking up names included.
  package var seconds: Double
  package var bytes: Int

  package init(seconds: Double = 5, bytes: Int = 16_000_000) {
    self.seconds = seconds
    self.bytes = bytes
  }
}

/// Asks over HTTP: one connection for each question, no redirect is followed, time and size are bounded.
struct MetricHTTP: Sendable {
  let address: MetricAddress
  var token: BearerToken?
  var limits = MetricLimits()

  /// The answer's status and body, whatever the status is, redirects excepted.
  ///
  /// - Throws: `SourceProblem` for no answer, `CancellationError`.
  func ask(_ path: String, form: String? = nil) async throws -> HTTPAnswer {
    let answer = try await exchange(request(path, form), Array((form ?? "").utf8))
    if (300..<400).contains(answer.status) {
      let place = answer.headers.first(name: "Location") ?? "nowhere"
      throw SourceProblem(
        "\(address) redirects to '\(String(place.prefix(200)).safeForTerminal)', which is not followed;"
          + " name the final address yourself if you trust it")
    }
    let encoding = answer.headers.first(name: "Content-Encoding") ?? "identity"
    guard encoding.lowercased() == "identity" else {
      throw SourceProblem("\(address) answers compressed although it was asked not to")
    }
    return answer
  }

  private func request(_ path: String, _ form: String?) -> HTTPRequestHead {
    var headers = HTTPHeaders([
      ("Host", address.authority), ("Accept", "*/*"), ("Accept-Encoding", "identity"), ("Connection", "close"),
      ("User-Agent", "bulkhead"),
    ])
    if let token { headers.add(name: "Authorization", value: token.header) }
    if let form {
      headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
      headers.add(name: "Content-Length", value: String(form.utf8.count))
    }
    return HTTPRequestHead(
      version: .http1_1, method: form == nil ? .GET : .POST, uri: address.prefix + path, headers: headers)
  }

  private func exchange(_ head: HTTPRequestHead, _ body: [UInt8]) async throws -> HTTPAnswer {
    try Task.checkCancellation()
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let promise = loop.makePromise(of: HTTPAnswer.self)
    let most = limits.bytes
    let milliseconds = Int64(min(max(limits.seconds, 0.001), 86_400) * 1_000)
    let bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(.milliseconds(milliseconds))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          try channel.pipeline.syncOperations.addHandler(HTTPExchange(head, body, promise, most: most))
        }
      }
    let connecting: EventLoopFuture<any Channel>
    switch address.place {
    case .tcp(let host, let port): connecting = bootstrap.connect(host: host, port: port)
    case .unix(let path): connecting = bootstrap.connect(unixDomainSocketPath: path)
    }
    connecting.whenFailure { promise.fail($0) }
    // However the question ends, its connection ends with it, even one that comes about later.
    promise.futureResult.whenComplete { _ in
      connecting.whenSuccess { $0.close(promise: nil) }
    }
    let deadline = loop.scheduleTask(in: .milliseconds(milliseconds)) { promise.fail(HTTPExchange.Failure.late) }
    defer { deadline.cancel() }
    return try await withTaskCancellationHandler {
      do {
        return try await promise.futureResult.get()
      } catch let cancelled as CancellationError {
        throw cancelled
      } catch {
        throw described(error)
      }
    } onCancel: {
      promise.fail(CancellationError())
    }
  }

  private func described(_ error: any Error) -> SourceProblem {
    switch error as? HTTPExchange.Failure {
    case .late: SourceProblem("\(address) did not answer within \(limits.seconds) s")
    case .tooLong: SourceProblem("\(address) answers with more than \(limits.bytes) bytes")
    case .closed: SourceProblem("\(address) closed the connection before the end of its answer")
    case .notHTTP: SourceProblem("\(address) does not answer in HTTP")
    case nil: SourceProblem("\(address) cannot be reached (\(Self.reason(error)))")
    }
  }

  /// The system's own words where there are any.
  private static func reason(_ error: any Error) -> String {
    let first = (error as? NIOConnectionError)?.connectionErrors.first?.error ?? error
    guard let system = first as? IOError else { return String(String(describing: first).prefix(200)) }
    return String(cString: strerror(system.errnoCode))
  }

  /// A text as part of a form or query.
  static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        result += "%" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}
