import NIOCore
import NIOHTTP1

/// What a callee said.
struct Answer {
  var status: Int
  /// The answering pod; absent when a proxy made the answer up.
  var pod: String?
  /// Where a failure began, as the callee knows it.
  var origin: String?
  /// The first bytes, where they are wanted.
  var body: [UInt8] = []
}

enum ExchangeOutcome {
  case answered(Answer)
  /// Connected, then closed, reset or answered with something that is not the protocol.
  case closed(String)
  case notConnected(any Error)
  case unresolved(String)
  case timedOut
}

/// One HTTP request and what becomes of it: `completion` is called exactly once. Belongs to the event loop.
final class Exchange: Expiring {
  /// How much of an answer's body is kept.
  static let keptBytes = 200

  let head: HTTPRequestHead
  let keepsBody: Bool
  /// A request that died on a reused connection before any byte of the answer has been sent again.
  var retried = false
  /// False while the name of the callee is looked up.
  var isResolved = true
  private var connection: ClientConnection?
  private var completion: ((ExchangeOutcome) -> Void)?

  init(head: HTTPRequestHead, keepsBody: Bool = false, completion: @escaping (ExchangeOutcome) -> Void) {
    self.head = head
    self.keepsBody = keepsBody
    self.completion = completion
  }

  var isDone: Bool { completion == nil }

  func travels(on connection: ClientConnection) { self.connection = connection }

  func finish(_ outcome: ExchangeOutcome) {
    connection = nil
    guard let completion else { return }
    self.completion = nil
    completion(outcome)
  }

  func expire() {
    let connection = self.connection
    finish(isResolved ? .timedOut : .unresolved("no address in time"))
    connection?.abandon()
  }
}
