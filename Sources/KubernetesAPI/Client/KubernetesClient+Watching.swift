import AsyncHTTPClient
package import FleetModel
import Intake
import NIOCore
import NIOHTTP1
import Synchronization

/// What happens to the objects of a kind.
package enum ClusterChange: Sendable {
  /// All there are: at the beginning, and whenever what happened meanwhile is no longer known.
  case listed([DocumentValue])
  /// New or changed.
  case changed(DocumentValue)
  case deleted(DocumentValue)
}

/// An error of whoever takes the changes, on its way through the connection.
struct TakerError: Error {
  var error: any Error
}

extension KubernetesClient {
  /// How long a watch without an event must have lasted to count as one.
  private static let ofUse = Duration.seconds(10)

  package typealias ChangeTaker = @Sendable (ClusterChange) async throws -> Void

  /// Follows a kind, or the one object of it that is named, until `take` throws or the task is cancelled: a list, then
  /// each change. A broken watch goes on where it ended; one whose place has expired begins with a list again. A slow
  /// taker holds up the connection.
  ///
  /// - Throws: what `take` throws; `APIFailure` when the server has been away for as often as the policy says, or
  ///   refuses.
  package func follow(
    _ resource: APIResource, namespace: String?, named name: String? = nil, _ take: @escaping ChangeTaker
  ) async throws {
    var expirations = 0
    while true {
      let list = try await list(resource, namespace: namespace, named: name) { $0.value }
      try await take(.listed(list.items))
      let place = WatchPlace(list.resourceVersion)
      var failures = 0
      var hasExpired = false
      repeat {
        let (before, began) = (place.events, ContinuousClock.now)
        // One that ends at once, again and again, is as good as none.
        func wasOfUse() -> Bool { place.events > before || ContinuousClock.now - began > Self.ofUse }
        do {
          try await watch(resource, namespace, name, place, take)
          failures = wasOfUse() ? 0 : failures + 1
          if failures > 1 { try await limits.retry.pause(limits.retry.firstDelay * (1 << min(failures, 5))) }
        } catch let passed as TakerError {
          throw passed.error
        } catch let failure as APIFailure where failure.kind == .gone {
          hasExpired = true
          // A server for which every place has expired must not be asked for lists without a pause.
          expirations = place.events > 0 ? 0 : expirations + 1
          if expirations > 1 {
            guard let delay = limits.retry.delay(after: failure, attempt: expirations - 1) else { throw failure }
            try await limits.retry.pause(delay)
          }
        } catch let failure as APIFailure where failure.isTransient || failure.kind == .malformed {
          failures = wasOfUse() ? 1 : failures + 1
          guard let delay = limits.watchRetry.delay(after: failure, attempt: failures) else { throw failure }
          try await limits.retry.pause(delay)
        }
      } while !hasExpired
    }
  }

  /// Follows for as long as the task lives, whatever the server answers: who serves others from what it follows goes on
  /// with what it knew last. After each failure a list comes first.
  ///
  /// - Parameter trouble: hears of each time that `follow` gave up.
  /// - Throws: what `take` throws, and what the pause between two attempts does.
  package func followThrough(
    _ resource: APIResource, namespace: String?, named name: String? = nil,
    trouble: @escaping @Sendable (APIFailure) async -> Void, _ take: @escaping ChangeTaker
  ) async throws {
    while true {
      do {
        try await follow(resource, namespace: namespace, named: name, take)
      } catch let failure as APIFailure {
        await trouble(failure)
        try await limits.retry.pause(limits.retry.longestDelay * Double.random(in: 0.5...1))
      }
    }
  }

  private func watch(
    _ resource: APIResource, _ namespace: String?, _ name: String?, _ place: WatchPlace, _ take: @escaping ChangeTaker
  ) async throws {
    var request = APIRequest(.watch, resource.path(namespace: namespace))
    request.query = [
      ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", place.resourceVersion),
      ("timeoutSeconds", "\(limits.watchSeconds)"),
    ]
    if let name { request.query.append(APIRequest.selector(name)) }
    let title = request.place
    try await exchange(request, within: .seconds(limits.watchSeconds + 30)) { response in
      var cutter = LineCutter()
      for try await buffer in response.body {
        for line in try cutter.cut(buffer.readableBytesView, place: title) {
          guard let change = try Self.change(line, place, title) else { continue }
          do {
            try await take(change)
          } catch {
            throw TakerError(error: error)
          }
        }
      }
    }
  }

  /// What an event says; nil for a bookmark.
  private static func change(_ line: [UInt8], _ place: WatchPlace, _ title: String) throws -> ClusterChange? {
    let event: DocumentValue
    do throws(JSONProblem) {
      event = try JSONItem.read(line).value
    } catch {
      throw APIFailure(.malformed, title, "an event cannot be read: \(error)")
    }
    let object = event["object"] ?? .null
    let change: ClusterChange?
    switch event["type"]?.string {
    case "ADDED", "MODIFIED": change = .changed(object)
    case "DELETED": change = .deleted(object)
    case "BOOKMARK": change = nil
    case "ERROR":
      let code = object["code"]?.integer ?? 500
      throw APIFailure(APIAnswer(status: code, headers: [:], body: JSONText(object).bytes), place: title)
    default: throw APIFailure(.malformed, title, "an event has no type that is known")
    }
    place.advance(to: object[path: "metadata", "resourceVersion"]?.string)
    return change
  }
}

/// How far a watch has come.
private final class WatchPlace: Sendable {
  private let state: Mutex<(resourceVersion: String, events: Int)>

  init(_ resourceVersion: String) { state = Mutex((resourceVersion, 0)) }

  var resourceVersion: String { state.withLock(\.resourceVersion) }
  var events: Int { state.withLock(\.events) }

  func advance(to version: String?) {
    state.withLock {
      $0.events += 1
      if let version { $0.resourceVersion = version }
    }
  }
}

/// Cuts bytes into lines as they arrive.
struct LineCutter {
  private static let longest = 10_000_000
  private var rest: [UInt8] = []

  /// The lines that are whole, without empty ones.
  mutating func cut(_ bytes: some Collection<UInt8>, place: String) throws -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var bytes = bytes[...]
    while let end = bytes.firstIndex(of: 0x0A) {
      rest.append(contentsOf: bytes[..<end])
      if !rest.isEmpty { lines.append(rest) }
      rest = []
      bytes = bytes[bytes.index(after: end)...]
    }
    rest.append(contentsOf: bytes)
    guard rest.count <= Self.longest else {
      throw APIFailure(.tooLarge, place, "an event has more than \(Self.longest) bytes")
    }
    return lines
  }
}
