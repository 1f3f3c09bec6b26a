import Glibc
import NIOCore
import NIOHTTP1
import StandinProtocol

extension Standin {
  /// One request on a connection of its own, to see whether something is refused. `completion` is called once.
  func attempt(_ attempt: Attempt, completion: @escaping (AttemptOutcome) -> Void) {
    let limit = TimeAmount.milliseconds(Int64(max(attempt.timeoutMilliseconds, 1)))
    let hop = Hop(cohort: nil, trace: newTrace())
    let head = requestHead(
      authority: "\(attempt.host):\(attempt.port)", path: attempt.path, hop: hop, close: true)
    let exchange = Exchange(head: head, keepsBody: true) { completion(attemptOutcome(of: $0, for: attempt)) }
    exchange.isResolved = false
    loop.assumeIsolated().scheduleTask(in: limit) { exchange.expire() }
    resolver.resolve(host: attempt.host, port: attempt.port) { resolved in
      exchange.isResolved = true
      switch resolved {
      case .success(let address): self.start(exchange, at: address, lines: attempt.tcp, limit: limit)
      case .failure(let failure): exchange.finish(.unresolved(failure.text))
      }
    }
  }

  private func start(_ exchange: Exchange, at address: SocketAddress, lines: Bool, limit: TimeAmount) {
    guard !exchange.isDone else { return }
    connect(loop: loop, address: address, lines: lines, limit: limit) { result in
      switch result {
      case .success(let connection): exchange.isDone ? connection.close() : connection.start(exchange)
      case .failure(let failure): exchange.finish(failure.value)
      }
    }
  }
}

/// A line has no status of its own.
private func attemptOutcome(of outcome: ExchangeOutcome, for attempt: Attempt) -> AttemptOutcome {
  let id = attempt.id
  return switch outcome {
  case .answered(let answer):
    AttemptOutcome(
      id: id, kind: kind(of: answer), status: attempt.tcp ? nil : answer.status,
      detail: String(decoding: answer.body, as: UTF8.self))
  case .closed(let text): AttemptOutcome(id: id, kind: .closed, detail: text)
  case .unresolved(let text): AttemptOutcome(id: id, kind: .impossible, detail: text)
  case .timedOut: AttemptOutcome(id: id, kind: .timedOut, detail: "no answer in time")
  case .notConnected(let error): notConnected(error, id: id)
  }
}

/// A stand-in's answer reached it, whatever it says. Without the stand-ins' header only the refusals a proxy makes
/// are a denial; any other status, 404 for one, is somebody's answer from the other side of the wall.
private func kind(of answer: Answer) -> AttemptOutcome.Kind {
  if answer.pod != nil { return .reached }
  return answer.status == 403 || (500..<600).contains(answer.status) ? .denied : .reached
}

private func notConnected(_ error: any Error, id: Int) -> AttemptOutcome {
  if case ChannelError.connectTimeout = error {
    return AttemptOutcome(id: id, kind: .timedOut, detail: "no connection in time")
  }
  guard let code = (error as? IOError)?.errnoCode else {
    return AttemptOutcome(id: id, kind: .impossible, detail: "\(error)")
  }
  let kind: AttemptOutcome.Kind =
    switch code {
    case ECONNREFUSED: .refused
    case ETIMEDOUT: .timedOut
    default: .impossible
    }
  return AttemptOutcome(id: id, kind: kind, detail: errnoName(code))
}
