import Diagnostics
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a Clair v4 matcher for the report of a manifest: `GET /matcher/api/v1/vulnerability_report/{digest}`.
///
/// One connection for each question, plain HTTP, no redirect is followed, the answer and the time are bounded. Asking
/// changes nothing in Clair, so a question may be repeated. A cancelled task closes its connection.
package struct ClairClient: Sendable {
  package struct Limits: Sendable {
    /// Seconds until the connection stands.
    package var connecting = 5.0
    /// Seconds from the connection to the last byte of the answer.
    package var answering = 60.0
    package var bytes = ReportLimits.reportBytes
    package init() {}
  }

  private let address: ClairAddress
  private let token: String?
  private let limits: Limits

  /// - Parameters:
  ///   - url: `http://HOST[:PORT][/PREFIX]`.
  ///   - token: a bearer token, from the environment. It travels unencrypted: use it on this machine or behind a proxy.
  /// - Throws: `BulkheadError(.usage)` for another address; `(.configuration)` for a token that no header can carry.
  package init(url: String, token: String? = nil, limits: Limits = Limits()) throws {
    address = try ClairAddress(url)
    if let token, !token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) || token.isEmpty {
      throw BulkheadError(
        .configuration, "the token for Clair is empty or has blanks or line breaks",
        cure: "set the variable to the token alone")
    }
    self.token = token
    self.limits = limits
  }

  /// The report of one manifest; nil where Clair has not indexed it.
  ///
  /// - Throws: `BulkheadError`: `.usage` for what is no digest, `.targetUnreachable`, `.notPermitted`, `.badInput` for
  ///   an answer that is no report.
  package func report(digest: String) async throws -> ReportSource? {
    // The digest becomes part of a path: nothing but a digest gets there.
    guard let digest = ImageReference.digest(digest) else {
      throw BulkheadError(.usage, "'\(digest.prefix(100))' is no digest", cure: "write sha256:…")
    }
    let answer = try await exchange("\(address.prefix)/matcher/api/v1/vulnerability_report/\(digest)")
    switch answer.status {
    case 200, 201:
      return ReportSource(name: "http://\(address.authority) \(digest.prefix(19))", bytes: answer.body)
    case 404: return nil
    case 300..<400:
      throw failure(.targetUnreachable, "redirects to another place, which is not followed", "name the final address")
    case 401, 403:
      throw failure(.notPermitted, "refuses the token (\(answer.status))", "set BULKHEAD_CLAIR_TOKEN to a valid one")
    default:
      throw failure(.targetUnreachable, "answers with status \(answer.status)", "look at Clair's log")
    }
  }

  private func failure(
    _ code: ExitCode, _ message: String, _ cure: String, _ cause: (any Error)? = nil
  ) -> BulkheadError {
    BulkheadError(code, "Clair at http://\(address.authority) \(message)", cure: cure, cause: cause)
  }

  private func exchange(_ path: String) async throws -> ClairAnswer {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let promise = loop.makePromise(of: ClairAnswer.self)
    let most = limits.bytes
    let head = request(path)
    let channel: any Channel
    do {
      channel = try await ClientBootstrap(group: loop)
        .connectTimeout(.milliseconds(Int64(limits.connecting * 1_000)))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            try channel.pipeline.syncOperations.addHandler(ClairExchange(head, promise, most: most))
          }
        }
        .connect(host: address.host, port: address.port).get()
    } catch {
      promise.fail(error)
      throw failure(.targetUnreachable, "cannot be reached", "see whether it runs and the address is right", error)
    }
    let deadline = loop.scheduleTask(in: .milliseconds(Int64(limits.answering * 1_000))) {
      promise.fail(ClairExchange.Failure.late)
      channel.close(promise: nil)
    }
    defer {
      deadline.cancel()
      channel.close(promise: nil)
    }
    return try await withTaskCancellationHandler {
      do {
        return try await promise.futureResult.get()
      } catch let cancelled as CancellationError {
        throw cancelled
      } catch let problem as ClairExchange.Failure {
        throw described(problem)
      } catch {
        throw failure(.targetUnreachable, "broke off", "try again", error)
      }
    } onCancel: {
      promise.fail(CancellationError())
      channel.close(promise: nil)
    }
  }

  private func request(_ path: String) -> HTTPRequestHead {
    var headers = HTTPHeaders([
      ("Host", address.authority), ("Accept", "application/vnd.clair.vulnerabilityreport.v1+json, application/json"),
      ("Connection", "close"), ("User-Agent", "bulkhead"),
    ])
    if let token { headers.add(name: "Authorization", value: "Bearer \(token)") }
    return HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
  }

  private func described(_ problem: ClairExchange.Failure) -> BulkheadError {
    switch problem {
    case .late:
      failure(.targetUnreachable, "did not answer within \(limits.answering) s", "look at Clair's log, or try again")
    case .tooLong:
      failure(.badInput, "answers with more than \(limits.bytes) bytes", "name the report as a file, in parts")
    case .closed: failure(.targetUnreachable, "closed the connection in the middle of its answer", "try again")
    case .notHTTP: failure(.badInput, "does not answer in HTTP", "see whether the port is the matcher's")
    }
  }
}
