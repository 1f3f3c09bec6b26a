import StandinProtocol
import Testing

@Suite(.timeLimit(.minutes(1))) struct UserTrafficTests {
  @Test func usersAreSplitByCohortAndCounted() async throws {
    try await withFolder { folder in
      let shop = try await Player(part("shop", milliseconds: 1), in: folder)
      let users = try await Player(
        part("users", calls: [call("shop", port: shop.ports[0])], users: .init(requestsPerSecond: 400, count: 100)),
        in: folder)
      try users.process.send(StandinOrder(canaryShare: 50))
      try await users.wait { ($0.totals.users[true]?.n ?? 0) >= 100 && ($0.totals.users[false]?.n ?? 0) >= 100 }
      #expect(users.totals.users[true]?.errors == 0)
      #expect(users.totals.users[false]?.errors == 0)
      let latencies = try #require(LatencyHistogram(pairs: users.totals.users[true]?.latency ?? []))
      #expect(latencies.total == users.totals.users[true]?.n)
      #expect(users.totals.calls[workload("shop") + " canary"]?.errors == 0)
      try await shop.wait { ($0.totals.served[true]?.n ?? 0) >= 100 }
      await users.process.end()
      await shop.process.end()
    }
  }

  @Test func aRateOfZeroStopsAndAnotherOneStartsAgain() async throws {
    try await withFolder { folder in
      let shop = try await Player(part("shop"), in: folder)
      let users = try await Player(
        part("users", calls: [call("shop", port: shop.ports[0])], users: .init(requestsPerSecond: 0, count: 10)),
        in: folder)
      // Had the first rate sent anything, it would be reported before the attempt's outcome or counted below.
      let attempt = Attempt(id: 1, host: "127.0.0.1", port: shop.ports[0], timeoutMilliseconds: 9000)
      #expect(try await users.attempt(attempt).kind == .reached)
      #expect(users.totals.users.isEmpty)
      try users.process.send(StandinOrder(requestsPerSecond: 200))
      try await users.wait { ($0.totals.users[false]?.n ?? 0) >= 20 }
      await users.process.end()
      await shop.process.end()
    }
  }

  /// A callee that never answers: the loop stays open, and what would be the 513th request in flight is an error of
  /// the users without a latency.
  @Test func anOverloadIsCountedNotHidden() async throws {
    try await withFolder { folder in
      let silent = try FakeServer { _, _ in }
      defer { silent.close() }
      let users = try await Player(
        part("users", calls: [call("shop", port: silent.port)], users: .init(requestsPerSecond: 5000, count: 10)),
        in: folder)
      try await users.wait { !$0.totals.users.isEmpty }
      let first = try #require(users.totals.users[false])
      #expect(first.errors == first.n)
      #expect(first.latency.isEmpty)
      try await users.wait { $0.totals.users[false]?.latency.isEmpty == false }
      // The first to end are those whose call took its 3 s.
      let latencies = try #require(LatencyHistogram(pairs: users.totals.users[false]?.latency ?? []))
      #expect(try #require(latencies.quantileBounds(0)).upperBound > 3000)
      await users.process.end()
    }
  }

  /// Nobody has to end it; and a new rate in the middle, as every order brings one, leaves it alone.
  @Test func aSpikeMultipliesTheRateAndEndsByItself() async throws {
    try await withFolder { folder in
      let shop = try await Player(part("shop"), in: folder)
      let users = try await Player(
        part("users", calls: [call("shop", port: shop.ports[0])], users: .init(requestsPerSecond: 50, count: 10)),
        in: folder)
      try users.process.send(StandinOrder(spike: Spike(factor: 8, seconds: 2)))
      try users.process.send(StandinOrder(requestsPerSecond: 50))
      // A busy machine may read reports late, and many at once: what counts is that either rate comes about.
      func rate(of count: Int) async throws -> Double {
        let (first, began) = (users.sent, ContinuousClock.now)
        try await users.wait { $0.sent >= first + count }
        return Double(users.sent - first) / ((.now - began) / .seconds(1))
      }
      while try await rate(of: 300) < 200 {}
      while try await rate(of: 100) > 100 {}
      await users.process.end()
      await shop.process.end()
    }
  }

  @Test func memoryIsTakenTouchedAndGivenBack() async throws {
    try await withFolder { folder in
      let shop = try await Player(part("shop"), in: folder)
      let before = try #require(shop.residentMebibytes)
      // What ends by itself may have ended before anybody looks: the peak stays.
      try shop.process.send(StandinOrder(ballast: Ballast(mebibytes: 40, seconds: 1)))
      try await shop.reaches { ($0.peakMebibytes ?? 0) >= before + 20 }
      try await shop.reaches { ($0.residentMebibytes ?? 0) <= before + 10 }
      try shop.process.send(StandinOrder(ballast: Ballast(mebibytes: 40, seconds: 60)))
      try await shop.reaches { ($0.residentMebibytes ?? 0) >= before + 38 }
      try shop.process.send(StandinOrder(ballast: Ballast(mebibytes: 0, seconds: 0)))
      try await shop.reaches { ($0.residentMebibytes ?? 0) <= before + 10 }
      await shop.process.end()
    }
  }
}
