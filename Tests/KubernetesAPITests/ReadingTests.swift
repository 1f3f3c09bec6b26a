import Diagnostics
import FleetModel
import NIOHTTP1
import Synchronization
import Testing

@testable import KubernetesAPI

struct ReadingTests {
  private static let pod = #"{"metadata":{"name":"p","namespace":"shop"}}"#

  private func cluster(pods: Int) -> FakeCluster {
    let cluster = FakeCluster()
    for number in 0..<pods {
      cluster.put("/api/v1/namespaces/shop/pods/p\(1000 + number)", #"{"metadata":{"name":"p\#(number)"}}"#)
    }
    return cluster
  }

  @Test func listsComeInPages() async throws {
    try await FakeServer.with(cluster(pods: 23)) { server in
      let list = try await server.client(pageItems: 5) { try await $0.list(.pods, namespace: "shop") }
      #expect(list.items.map { $0[path: "metadata", "name"]?.string } == (0..<23).map { "p\($0)" })
      #expect(list.resourceVersion == "123")
      let queries = server.cluster.requests.map { "\($0.query["limit"] ?? "")/\($0.query["continue"] ?? "")" }
      #expect(queries == ["5/", "5/5", "5/10", "5/15", "5/20"])
      let request = try #require(server.cluster.requests.first)
      #expect(request.header("User-Agent") == "bulkhead/0.1.0 (linux) test")
      #expect(request.header("Accept-Encoding") == "gzip")
    }
  }

  @Test func aNamespaceIsGoneOnceItGoes() async throws {
    let cluster = FakeCluster()
    cluster.put("/api/v1/namespaces/here", #"{"metadata":{"name":"here","uid":"1"}}"#)
    cluster.put("/api/v1/namespaces/closed", #"{"metadata":{"name":"closed"}}"#)
    cluster.put("/api/v1/namespaces/going", #"{"metadata":{"name":"going","deletionTimestamp":"t"}}"#)
    cluster.script("GET /api/v1/namespaces/closed", [FakeCluster.status(403, "not yours")])
    try await FakeServer.with(cluster) { server in
      try await server.client { client in
        var gone: [String] = []
        for name in ["here", "closed", "going", "never"] where try await client.isGone(namespace: name) {
          gone.append(name)
        }
        #expect(gone == ["going", "never"])
        #expect(try await client.isGone(namespace: "here", uid: "1") == false)
        #expect(try await client.isGone(namespace: "here", uid: "2"), "made anew")
        server.cluster.fail([.status(404)])
        await #expect(throws: APIFailure.self, "no API server says so") { try await client.isGone(namespace: "here") }
      }
    }
  }

  /// Each fault that passes, at each page: the same list as without it.
  @Test(arguments: [
    FakeCluster.Fault.status(429, retryAfter: 7), .status(500), .status(503), .hangUp, .status(504), .silence, .drip,
  ])
  func readsAreRepeated(_ fault: FakeCluster.Fault) async throws {
    for page in 0..<3 {
      try await FakeServer.with(cluster(pods: 12)) { server in
        server.cluster.fail([FakeCluster.Fault?](repeating: nil, count: page) + [fault])
        let pauses = Pauses()
        let isSlow = fault == .silence || fault == .drip
        let list = try await server.client(pauses, answer: isSlow ? .seconds(5) : .seconds(20), pageItems: 5) {
          try await $0.list(.pods, namespace: "shop")
        }
        #expect(list.items.count == 12)
        if case .status(429, _) = fault { #expect(pauses.all == [.seconds(7)]) } else { #expect(!pauses.all.isEmpty) }
      }
    }
  }

  /// An expired page begins the list anew: never a part of one moment and a part of another.
  @Test func expiredPagesBeginAnew() async throws {
    try await FakeServer.with(cluster(pods: 12)) { server in
      server.cluster.fail([nil, .status(410), nil, nil, .status(410)])
      let list = try await server.client(pageItems: 5) { try await $0.list(.pods, namespace: "shop") }
      #expect(list.items.count == 12)
      // At last all at once, which cannot expire.
      #expect(server.cluster.requests.last?.query["limit"] == nil)
    }
  }

  @Test(arguments: [
    (FakeCluster.Fault.status(403), APIFailure.Kind.forbidden, ExitCode.notPermitted),
    (.status(401), .unauthenticated, .notPermitted), (.status(422), .invalid, .badInput),
    (.redirect, .redirected, .configuration),
    (.status(404), .notFound, .badInput), (.status(418), .other, .badInput),
  ])
  func whatCannotBeRepeatedIsAnError(
    _ fault: FakeCluster.Fault, _ kind: APIFailure.Kind, _ exit: ExitCode
  ) async throws {
    try await FakeServer.with(cluster(pods: 1)) { server in
      server.cluster.fail([fault])
      let failure = await Fixtures.failure {
        _ = try await server.client { try await $0.get(ObjectName(.pods, namespace: "shop", name: "p1000")) }
      }
      #expect(failure?.kind == kind && failure?.error.exit == exit && server.cluster.requests.count == 1)
      #expect(failure?.error.message.contains("get /api/v1/namespaces/shop/pods/p1000") == true)
    }
  }

  /// What was cut short on its way is asked for again, and not for ever.
  @Test func anAnswerThatIsNoneIsAskedForAgain() async throws {
    let name = ObjectName(.pods, namespace: "shop", name: "p1000")
    try await FakeServer.with(cluster(pods: 1)) { server in
      server.cluster.fail([.notJSON])
      _ = try await server.client { try await $0.get(name) }
      #expect(server.cluster.requests.count == 2)
      server.cluster.fail([FakeCluster.Fault?](repeating: .notJSON, count: 20))
      let failure = await Fixtures.failure { _ = try await server.client { try await $0.get(name) } }
      #expect(failure?.kind == .malformed && failure?.error.exit == .targetUnreachable)
      #expect(server.cluster.requests.count == 7)
    }
  }

  @Test func aServerThatStaysAwayIsGivenUp() async throws {
    try await FakeServer.with { server in
      server.cluster.fail([FakeCluster.Fault?](repeating: .status(500), count: 100))
      let failure = await Fixtures.failure { _ = try await server.client { try await $0.read("/version") } }
      #expect(failure?.kind == .server && server.cluster.requests.count == 5)
      server.cluster.fail([.status(429, retryAfter: 86_400)])
      let busy = await Fixtures.failure { _ = try await server.client { try await $0.read("/version") } }
      #expect(busy?.kind == .tooManyRequests && busy?.retryAfter == 86_400)
    }
    let gone = await Fixtures.failure {
      var settings = FakeServer(cluster: FakeCluster(), port: 1).settings()
      settings.cluster.server = "http://127.0.0.1:1"
      var limits = ClientLimits()
      limits.retry.attempts = 1
      _ = try await KubernetesClient.with(settings, limits: limits) { try await $0.read("/version") }
    }
    #expect(gone?.kind == .unreachable && gone?.error.exit == .targetUnreachable)
  }

  @Test(arguments: [
    (#"{"kind":"Status","message":"x"}"#, "no list"), (#"{"kind":"PodList","items":[{]}"#, "cannot be read"),
    (#"{"kind":"PodList","items":[]"#, "cannot be read"), ("<html>", "cannot be read"),
    (#"{"kind":"PodList","metadata":{"continue":"same"},"items":[]}"#, "does not go on"),
  ])
  func whatIsNoListIsRefused(_ body: String, _ message: String) async throws {
    try await FakeServer.with { server in
      server.cluster.script("GET /api/v1/pods", [FakeCluster.Answer(status: 200, body: Array(body.utf8))])
      let failure = await Fixtures.failure {
        _ = try await server.client { try await $0.list(.pods, namespace: nil) }
      }
      #expect(failure?.kind == .malformed)
      #expect(failure?.message.contains(message) == true, "\(String(describing: failure))")
    }
  }

  /// A list that never ends: in pages, or in items.
  @Test func listsAreBounded() async throws {
    try await FakeServer.with { server in
      let pages = (0..<40).map { page in
        FakeCluster.Answer(
          status: 200, body: Array(#"{"kind":"PodList","metadata":{"continue":"c\#(page)"},"items":[1,2,3]}"#.utf8))
      }
      server.cluster.script("GET /api/v1/pods", pages)
      var limits = ClientLimits()
      for (change, message) in [(\ClientLimits.listPages, "more than 10 pages"), (\.listItems, "too many items")] {
        limits = ClientLimits()
        limits[keyPath: change] = 10
        let failure = await Fixtures.failure {
          _ = try await KubernetesClient.with(server.settings(), limits: limits) {
            try await $0.list(.pods, namespace: nil)
          }
        }
        #expect(failure?.kind == .tooLarge && failure?.message.contains(message) == true)
      }
    }
  }

  @Test func answersAreBounded() async throws {
    try await FakeServer.with { server in
      let long = Array("\"\(String(repeating: "a", count: 3_000_000))\"".utf8)
      server.cluster.script("GET /long", [FakeCluster.Answer(status: 200, body: long)])
      var limits = ClientLimits()
      limits.answerBytes = 1 << 20
      let failure = await Fixtures.failure {
        _ = try await KubernetesClient.with(server.settings(), limits: limits) { try await $0.read("/long") }
      }
      #expect(failure?.kind == .tooLarge)
    }
  }

  @Test func impersonationAndWarningsGoThrough() async throws {
    try await FakeServer.with { server in
      let warning = #"299 - "policy/v1beta1 is \#u{1B}[31mdeprecated""#
      let answer = FakeCluster.Answer(
        status: 200, body: Array("{}".utf8),
        headers: [("Warning", warning.replacing("\u{1B}", with: "")), ("Warning", "199 - \"no\""), ("Audit-Id", "a")])
      server.cluster.script("GET /x", [answer])
      let warnings = Mutex<[String]>([])
      let change: (inout ClusterSettings) -> Void = {
        $0.user.token = "t"
        $0.user.impersonation = Impersonation(user: "ann", groups: ["dev", "ops"], uid: "7")
        $0.user.impersonation.extra = ["Team/X": ["blue"]]
      }
      try await server.client(warn: { text in warnings.withLock { $0.append(text) } }, change: change) {
        _ = try await $0.read("/x")
        _ = try await $0.read("/x")
      }
      #expect(warnings.withLock(\.self) == ["policy/v1beta1 is [31mdeprecated"])
      let headers = try #require(server.cluster.requests.first).headers.filter { $0.0.hasPrefix("Impersonate") }
      #expect(
        headers.map { "\($0.0)=\($0.1)" } == [
          "Impersonate-User=ann", "Impersonate-Group=dev", "Impersonate-Group=ops", "Impersonate-Uid=7",
          "Impersonate-Extra-team%2Fx=blue",
        ])
      #expect(server.cluster.requests.first?.header("Authorization") == "Bearer t")
    }
  }

  /// A token that has aged is read again, once.
  @Test func refusedTokensAreReadAgain() async throws {
    try await Fixtures.folder { folder in
      try Fixtures.write("old", "\(folder)/token")
      try await FakeServer.with { server in
        server.cluster.script("GET /x", [FakeCluster.Answer(status: 200, body: Array("{}".utf8))])
        try await server.client(change: { $0.user.tokenFile = "\(folder)/token" }) { client in
          _ = try await client.read("/x")
          try Fixtures.write("new", "\(folder)/token")
          server.cluster.fail([.status(401)])
          _ = try await client.read("/x")
          server.cluster.fail([.status(401), .status(401)])
          let failure = await Fixtures.failure { _ = try await client.read("/x") }
          #expect(failure?.kind == .unauthenticated)
        }
        let tokens = server.cluster.requests.map { $0.header("Authorization") ?? "" }
        #expect(tokens == ["old", "old", "new", "new", "new"].map { "Bearer \($0)" })
      }
    }
  }

  @Test func conflictsNameTheOwner() {
    let body = #"""
      {"kind":"Status","reason":"Conflict","message":"Apply failed","code":409,"details":{"causes":[
      {"reason":"FieldManagerConflict","field":".spec.replicas",
      "message":"conflict with \"argocd-controller\" using apps/v1"}]}}
      """#
    let failure = APIFailure(APIAnswer(status: 409, headers: [:], body: Array(body.utf8)), place: "patch /x")
    #expect(failure.kind == .fieldConflict)
    #expect(failure.owners == [APIFailure.Owner(manager: "argocd-controller", field: ".spec.replicas")])
    #expect(failure.error.message.contains(".spec.replicas belongs to argocd-controller"))
  }
}
