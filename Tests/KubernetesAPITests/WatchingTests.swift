import FleetModel
import Synchronization
import Testing

@testable import KubernetesAPI

struct WatchingTests {
  private struct Enough: Error {}

  /// Follows pods until `count` changes came.
  private func follow(_ server: FakeServer, _ count: Int) async throws -> [String] {
    let seen = Mutex<[String]>([])
    do {
      try await server.client { client in
        try await client.follow(.pods, namespace: nil) { change in
          let text: String
          switch change {
          case .listed(let objects): text = "listed \(objects.count)"
          case .changed(let object): text = "changed \(object[path: "metadata", "name"]?.string ?? "?")"
          case .deleted(let object): text = "deleted \(object[path: "metadata", "name"]?.string ?? "?")"
          }
          let reached = seen.withLock {
            $0.append(text)
            return $0.count
          }
          if reached >= count { throw Enough() }
        }
      }
    } catch is Enough {}
    return seen.withLock(\.self)
  }

  private func event(_ type: String, _ name: String, _ version: Int) -> String {
    #"{"type":"\#(type)","object":{"metadata":{"name":"\#(name)","resourceVersion":"\#(version)"}}}"# + "\n"
  }

  private func list(_ version: Int, _ count: Int) -> FakeCluster.Answer {
    let items = (0..<count).map { #"{"metadata":{"name":"p\#($0)"}}"# }.joined(separator: ",")
    let text = #"{"kind":"PodList","metadata":{"resourceVersion":"\#(version)"},"items":[\#(items)]}"#
    return FakeCluster.Answer(status: 200, body: Array(text.utf8))
  }

  private func watch(_ lines: String...) -> FakeCluster.Answer {
    // In pieces that do not end where lines end.
    let bytes = Array(lines.joined().utf8)
    let parts = stride(from: 0, to: bytes.count, by: 17).map { Array(bytes[$0..<min($0 + 17, bytes.count)]) }
    return FakeCluster.Answer(status: 200, body: [], parts: parts)
  }

  @Test func goesOnFromTheLastBookmark() async throws {
    try await FakeServer.with { server in
      server.cluster.script(
        "GET /api/v1/pods",
        [
          list(10, 2), watch(event("ADDED", "a", 11), event("MODIFIED", "a", 12), event("BOOKMARK", "", 40)),
          watch(event("DELETED", "a", 41)), watch(event("ADDED", "b", 42)),
        ])
      let seen = try await follow(server, 5)
      #expect(seen == ["listed 2", "changed a", "changed a", "deleted a", "changed b"])
      let asked = server.cluster.requests.map { request in
        request.query["watch"] == "true" ? request.query["resourceVersion"] ?? "" : "list"
      }
      #expect(asked == ["list", "10", "40", "41"])
      #expect(server.cluster.requests.dropFirst().allSatisfy { $0.query["allowWatchBookmarks"] == "true" })
    }
  }

  /// Who serves others from what it follows outlives a right that is taken away, and is there when it comes back.
  @Test func followsThroughARefusal() async throws {
    try await FakeServer.with { server in
      server.cluster.script(
        "GET /api/v1/pods",
        [
          list(10, 2), FakeCluster.status(403, "not yours"), FakeCluster.status(403, "not yours"), list(20, 3),
          watch(event("ADDED", "a", 21)),
        ])
      let seen = Mutex<[String]>([])
      do {
        try await server.client { client in
          try await client.followThrough(.pods, namespace: nil) { failure in
            seen.withLock { $0.append("\(failure.kind)") }
          } _: { change in
            switch change {
            case .listed(let objects): seen.withLock { $0.append("listed \(objects.count)") }
            case .changed, .deleted: throw Enough()
            }
          }
        }
      } catch is Enough {}
      #expect(seen.withLock(\.self) == ["listed 2", "forbidden", "forbidden", "listed 3"])
    }
  }

  /// 410 as a status and as an event: the list is read again.
  @Test func expiryBeginsWithAList() async throws {
    let gone = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"# + "\n"
    try await FakeServer.with { server in
      server.cluster.script(
        "GET /api/v1/pods",
        [
          list(10, 2), watch(event("ADDED", "a", 11), gone), list(20, 3), FakeCluster.status(410, "too old"),
          list(30, 1), watch(event("ADDED", "c", 31)),
        ])
      let seen = try await follow(server, 5)
      #expect(seen == ["listed 2", "changed a", "listed 3", "listed 1", "changed c"])
      #expect(server.cluster.requests.last?.query["resourceVersion"] == "30")
    }
  }

  /// A server for which every place has expired is asked ever more seldom, and given up.
  @Test func expiryForEverIsGivenUp() async throws {
    let gone = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"# + "\n"
    try await FakeServer.with { server in
      let round = [list(10, 0), watch(gone)]
      server.cluster.script("GET /api/v1/pods", Array(repeating: round, count: 50).flatMap(\.self))
      let failure = await Fixtures.failure { _ = try await follow(server, 99) }
      #expect(failure?.kind == .gone && server.cluster.requests.count == 12)
    }
  }

  @Test(arguments: [FakeCluster.Fault.status(500), .hangUp, .status(429, retryAfter: 1), .notJSON])
  func brokenWatchesGoOn(_ fault: FakeCluster.Fault) async throws {
    try await FakeServer.with { server in
      server.cluster.script(
        "GET /api/v1/pods", [list(10, 0), watch(event("ADDED", "a", 11)), watch(event("ADDED", "b", 12))])
      server.cluster.fail([nil, nil, fault])
      let seen = try await follow(server, 3)
      #expect(seen == ["listed 0", "changed a", "changed b"])
      #expect(server.cluster.requests.last?.query["resourceVersion"] == "11")
    }
  }

  @Test func aServerThatStaysAwayIsGivenUp() async throws {
    try await FakeServer.with { server in
      server.cluster.script("GET /api/v1/pods", [list(10, 0)])
      server.cluster.fail([nil] + [FakeCluster.Fault?](repeating: .hangUp, count: 100))
      let failure = await Fixtures.failure { _ = try await follow(server, 99) }
      #expect(failure?.kind == .interrupted && server.cluster.requests.count == 16)
    }
  }

  /// A watch that ends at once is not asked for without a pause.
  @Test func emptyWatchesMakeNoHotLoop() async throws {
    try await FakeServer.with { server in
      server.cluster.script(
        "GET /api/v1/pods",
        [list(1, 0)] + [FakeCluster.Answer](repeating: watch(), count: 8) + [watch(event("ADDED", "a", 2))])
      let pauses = Pauses()
      await #expect(throws: Enough.self) {
        try await server.client(pauses) { client in
          try await client.follow(.pods, namespace: nil) { if case .changed = $0 { throw Enough() } }
        }
      }
      #expect(pauses.all.count >= 7 && pauses.all.last ?? .zero >= .seconds(2))
    }
  }

  /// Each holds a connection for minutes; a rollout of many namespaces has many.
  @Test func watchesLeaveRoomForOthers() async throws {
    try await FakeServer.with { server in
      server.cluster.silenceWatches()
      server.cluster.put("/version", #"{"gitVersion":"v1.29.3"}"#)
      try await server.client(answer: .seconds(10)) { client in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<40 {
            group.addTask { try await client.follow(.pods, namespace: "n\(number)") { _ in } }
          }
          group.addTask {
            while server.cluster.requests.count(where: { $0.query["watch"] == "true" }) < 40 { await Task.yield() }
            _ = try await client.read("/version")
          }
          try await group.next()
          group.cancelAll()
        }
      }
    }
  }

  /// A right to one name suffices then.
  @Test func oneObjectIsFollowedByName() async throws {
    try await FakeServer.with { server in
      server.cluster.script("GET /api/v1/namespaces/n/pods", [list(10, 1), watch(event("MODIFIED", "mesh", 11))])
      await #expect(throws: Enough.self) {
        try await server.client { client in
          try await client.follow(.pods, namespace: "n", named: "mesh") {
            if case .changed = $0 { throw Enough() }
          }
        }
      }
      let selectors = server.cluster.requests.map { $0.query["fieldSelector"] }
      #expect(selectors == ["metadata.name%3Dmesh", "metadata.name%3Dmesh"])
    }
  }

  @Test func linesAreCutAndBounded() throws {
    var cutter = LineCutter()
    #expect(try cutter.cut(Array("ab".utf8), place: "x").isEmpty)
    let lines = try cutter.cut(Array("c\n\nd\ne".utf8), place: "x")
    #expect(lines.map { String(decoding: $0, as: UTF8.self) } == ["abc", "d"])
    #expect(throws: APIFailure.self) { _ = try cutter.cut([UInt8](repeating: 0x61, count: 10_000_001), place: "x") }
  }
}
