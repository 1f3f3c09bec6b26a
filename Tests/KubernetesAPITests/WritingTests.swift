import Diagnostics
import FleetModel
import Testing

@testable import KubernetesAPI

struct WritingTests {
  /// All that can go wrong with one exchange and leave open whether it was done.
  private static let unclear: [FakeCluster.Fault] = [
    .silence, .silenceAfterEffect, .hangUp, .hangUpAfterEffect, .status(500), .status(503), .failureAfterEffect(500),
    .failureAfterEffect(504), .notJSON, .notJSONAfterEffect, .drip,
  ]

  private func limit(_ fault: FakeCluster.Fault) -> Duration {
    [.silence, .silenceAfterEffect, .drip].contains(fault) ? .seconds(5) : .seconds(20)
  }

  private func apply(_ client: KubernetesClient, replicas: Int = 3) async throws -> DocumentValue {
    try await client.apply(Fixtures.cart(replicas: replicas), to: Fixtures.cart)
  }

  /// Whatever happened to the first attempt: one effect, seen before anything was written again.
  @Test(arguments: Self.unclear) func anApplyHappensOnce(_ fault: FakeCluster.Fault) async throws {
    try await FakeServer.with { server in
      server.cluster.fail([fault])
      let live = try await server.client(answer: limit(fault)) { try await apply($0) }
      #expect(live[path: "spec", "replicas"]?.integer == 3)
      #expect(server.cluster.effects(Fixtures.cartPath) == 1)
      let methods = server.cluster.requests.map(\.method)
      #expect(methods.prefix(2) == ["PATCH", "GET"], "\(methods)")
      let patches = server.cluster.requests.filter { $0.method == "PATCH" }
      #expect(patches.allSatisfy { $0.query["fieldManager"] == "bulkhead" && $0.query["force"] == "false" })
      #expect(patches.allSatisfy { $0.query["fieldValidation"] == "Strict" })
    }
  }

  @Test(arguments: Self.unclear) func aCreationHappensOnce(_ fault: FakeCluster.Fault) async throws {
    try await FakeServer.with { server in
      server.cluster.fail([fault])
      _ = try await server.client(answer: limit(fault)) {
        try await $0.create(Fixtures.cart(replicas: 1), as: Fixtures.cart, request: "n-1")
      }
      #expect(server.cluster.effects(Fixtures.cartPath) == 1)
      // Somebody else's object of the name is not ours.
      let failure = await Fixtures.failure {
        _ = try await server.client {
          try await $0.create(Fixtures.cart(replicas: 1), as: Fixtures.cart, request: "n-2")
        }
      }
      #expect(failure?.kind == .conflict)
    }
  }

  @Test(arguments: Self.unclear) func aDeletionHappensOnce(_ fault: FakeCluster.Fault) async throws {
    try await FakeServer.with { server in
      server.cluster.put(Fixtures.cartPath, #"{"metadata":{"name":"cart"}}"#)
      let live = try #require(server.cluster.object(Fixtures.cartPath))
      server.cluster.fail([fault])
      let outcome = try await server.client(answer: limit(fault)) {
        try await $0.delete(Fixtures.cart, precondition: Precondition(of: live))
      }
      #expect(outcome == .done && server.cluster.effects(Fixtures.cartPath) == 1)
      let again = try await server.client { try await $0.delete(Fixtures.cart, precondition: Precondition(of: live)) }
      #expect(again == .wasNotThere)
    }
  }

  @Test(arguments: Self.unclear) func aPatchHappensOnce(_ fault: FakeCluster.Fault) async throws {
    try await FakeServer.with { server in
      server.cluster.put(Fixtures.cartPath, #"{"metadata":{"name":"cart"},"spec":{"replicas":1}}"#)
      let before = Precondition(of: try #require(server.cluster.object(Fixtures.cartPath)))
      server.cluster.fail([fault])
      let live = try await server.client(answer: limit(fault)) {
        try await $0.patch(Fixtures.cart, with: Fixtures.json(#"{"spec":{"replicas":4}}"#), precondition: before)
      }
      #expect(live[path: "spec", "replicas"]?.integer == 4 && server.cluster.effects(Fixtures.cartPath) == 1)
    }
  }

  /// An object that was made anew meanwhile is another one.
  @Test func preconditionsAreKept() async throws {
    try await FakeServer.with { server in
      server.cluster.put(Fixtures.cartPath, #"{"metadata":{"name":"cart"},"spec":{"replicas":1}}"#)
      let stale = Precondition(uid: "uid-0", resourceVersion: nil)
      let old = Precondition(uid: nil, resourceVersion: "1")
      for condition in [stale, old] {
        let attempts: [(KubernetesClient) async throws -> Void] = [
          { _ = try await $0.delete(Fixtures.cart, precondition: condition) },
          { _ = try await $0.patch(Fixtures.cart, with: .mapping([]), precondition: condition) },
          { _ = try await $0.apply(Fixtures.cart(replicas: 2), to: Fixtures.cart, precondition: condition) },
        ]
        for attempt in attempts {
          let failure = await Fixtures.failure { try await server.client { try await attempt($0) } }
          #expect(failure?.kind == .conflict && failure?.error.exit == .tryAgain)
        }
      }
      #expect(server.cluster.effects(Fixtures.cartPath) == 0)
    }
  }

  @Test func fieldsOfOthersAreLeftAlone() async throws {
    try await FakeServer.with { server in
      server.cluster.put(
        Fixtures.cartPath, #"{"metadata":{"name":"cart"},"spec":{"replicas":1},"owners":{"replicas":"kubectl-edit"}}"#)
      let failure = await Fixtures.failure { _ = try await server.client { try await apply($0) } }
      #expect(failure?.kind == .fieldConflict)
      #expect(failure?.owners == [APIFailure.Owner(manager: "kubectl-edit", field: ".spec.replicas")])
      #expect(failure?.error.exit == .configuration && server.cluster.effects(Fixtures.cartPath) == 0)
      _ = try await server.client {
        try await $0.apply(Fixtures.cart(replicas: 3), to: Fixtures.cart, force: true)
      }
      #expect(server.cluster.effects(Fixtures.cartPath) == 1)
    }
  }

  @Test(arguments: [FakeCluster.Fault.status(400), .status(403), .status(410), .status(422), .redirect])
  func refusalsAreNotRepeated(_ fault: FakeCluster.Fault) async throws {
    try await FakeServer.with { server in
      server.cluster.fail([fault])
      #expect(await Fixtures.failure { _ = try await server.client { try await apply($0) } } != nil)
      #expect(server.cluster.requests.count == 1 && server.cluster.effects(Fixtures.cartPath) == 0)
    }
  }

  /// A server that lost a race of its own says 409 as well. An apply names neither a version nor, then, an owner.
  @Test func aConflictAboutNothingIsTriedAgain() async throws {
    try await FakeServer.with { server in
      server.cluster.fail([.status(409)])
      let live = try await server.client { try await apply($0) }
      #expect(live[path: "spec", "replicas"]?.integer == 3 && server.cluster.effects(Fixtures.cartPath) == 1)
      #expect(server.cluster.requests.map(\.method) == ["PATCH", "GET", "PATCH"])
      server.cluster.fail([FakeCluster.Fault?](repeating: .status(409), count: 20))
      let failure = await Fixtures.failure { _ = try await server.client { try await apply($0, replicas: 5) } }
      #expect(failure?.kind != nil && server.cluster.effects(Fixtures.cartPath) == 1)
    }
  }

  /// Too busy to begin: nothing was done, so that nothing is looked at.
  @Test func busyServersAreAskedAgain() async throws {
    try await FakeServer.with { server in
      server.cluster.fail([.status(429, retryAfter: 2), .status(429)])
      let pauses = Pauses()
      _ = try await server.client(pauses) { try await apply($0) }
      #expect(pauses.all.first == .seconds(2) && server.cluster.requests.map(\.method) == ["PATCH", "PATCH", "PATCH"])
    }
  }

  /// Where looking fails as well nothing is written: it is said that nobody knows.
  @Test func unknownStaysUnknown() async throws {
    try await FakeServer.with { server in
      server.cluster.fail([.hangUpAfterEffect] + [FakeCluster.Fault?](repeating: .hangUp, count: 50))
      let failure = await Fixtures.failure { _ = try await server.client { try await apply($0) } }
      #expect(failure?.kind == .unknown && failure?.error.exit == .targetUnreachable)
      #expect(server.cluster.requests.count { $0.method == "PATCH" } == 1)
    }
  }

  @Test func aDryRunIsOne() async throws {
    try await FakeServer.with { server in
      _ = try await server.client {
        try await $0.apply(Fixtures.cart(replicas: 3), to: Fixtures.cart, dryRun: true)
      }
      #expect(server.cluster.requests.first?.query["dryRun"] == "All")
    }
  }

  @Test func containment() {
    let live = Fixtures.json(#"{"a":1,"l":[{"n":"x","v":2},{"n":"y"}],"s":"t"}"#)
    for part in [
      "{}", #"{"a":1}"#, #"{"l":[{"n":"y"}]}"#, #"{"z":null}"#, #"{"e":{}}"#, #"{"l":[{"n":"y"},{"v":2}]}"#,
    ] {
      #expect(live.contains(Fixtures.json(part)), "\(part)")
    }
    for part in [#"{"a":2}"#, #"{"l":[{"n":"z"}]}"#, #"{"z":1}"#, #"{"s":null}"#, #"{"l":[1,2,3]}"#, "[]"] {
      #expect(!live.contains(Fixtures.json(part)), "\(part)")
    }
  }

  @Test func bodiesSurviveAYAMLReader() throws {
    let value = DocumentValue.mapping([.init("a", .string("tab\t nul\u{0} \"q\" \\ é 😀 \u{7F} </x>\n"))])
    let text = JSONText(value).text
    #expect(text == "{\"a\":\"tab\\t nul\\u0000 \\\"q\\\" \\\\ é 😀 \\u007f </x>\\n\"}")
    #expect(Fixtures.json(text) == value)
  }

  /// What is applied without a field that was applied before is done only when that field is no longer owned.
  @Test(arguments: [
    (#"{"f:spec":{"f:replicas":{}}}"#, #"{"spec":{"replicas":1}}"#, true),
    (#"{"f:spec":{"f:replicas":{},"f:paused":{}}}"#, #"{"spec":{"replicas":1}}"#, false),
    (
      #"{"f:spec":{"f:list":{"k:{\"name\":\"a\"}":{".":{},"f:image":{}}}}}"#,
      #"{"spec":{"list":[{"name":"a","image":"i"}]}}"#, true
    ),
    (
      #"{"f:spec":{"f:list":{"k:{\"name\":\"a\"}":{},"k:{\"name\":\"b\"}":{}}}}"#, #"{"spec":{"list":[{"name":"a"}]}}"#,
      false
    ),
    (#"{"f:metadata":{"f:labels":{"f:a":{}}}}"#, #"{"metadata":{"labels":{"b":"c"}}}"#, false),
  ])
  func ownershipTellsWhetherAnApplyIsDone(_ fields: String, _ wanted: String, _ isDone: Bool) {
    func live(_ manager: String) -> DocumentValue {
      Fixtures.json(
        #"{"metadata":{"managedFields":[{"manager":"\#(manager)","operation":"Apply","fieldsV1":\#(fields)}]}}"#)
    }
    #expect(KubernetesClient.owns(live("bulkhead"), nothingBut: Fixtures.json(wanted)) == isDone)
    #expect(!KubernetesClient.owns(live("kubectl"), nothingBut: Fixtures.json(wanted)))
  }
}
