import EnvoyMesh
import Testing

@Suite struct SubscriptionTests {
  private let listeners = ResourceKey(.listeners)

  private func set(_ text: JSONValue) -> ResourceSet {
    var set = ResourceSet()
    set.resources[listeners] = [["name": text]]
    return set
  }

  @Test func currentVersionsAreHeldUntilSomethingChanges() {
    var subscriptions = Subscriptions()
    let published = subscriptions.publish(set("a"))
    #expect(published.isEmpty)
    let first = subscriptions.ask(DiscoveryRequest(key: listeners, version: ""), poll: 1)
    #expect(first == .answer(#"{"resources":[{"name":"a"}],"version_info":"1"}"#))
    #expect(subscriptions.standing().standing == .waiting)
    let held = subscriptions.ask(DiscoveryRequest(key: listeners, version: "1"), poll: 2)
    #expect(held == .hold(isRefused: false))
    #expect(subscriptions.standing().standing == .current)
    let republished = subscriptions.publish(set("a"))
    #expect(republished.isEmpty, "an equal configuration is not sent again")
    let answers = subscriptions.publish(set("b"))
    #expect(answers.map(\.poll) == [2])
    #expect(subscriptions.standing().standing == .waiting)
  }

  @Test func aVersionThatIsNeverTakenIsRefused() {
    var subscriptions = Subscriptions()
    _ = subscriptions.publish(set("a"))
    for poll in 1...3 {
      guard case .answer = subscriptions.ask(DiscoveryRequest(key: listeners, version: ""), poll: UInt64(poll)) else {
        Issue.record("offer \(poll) is missing")
        return
      }
    }
    let last = DiscoveryRequest(key: listeners, version: "", refusal: "because")
    let refused = subscriptions.ask(last, poll: 4)
    #expect(refused == .hold(isRefused: true))
    #expect(subscriptions.standing().standing == .refused("because"))
    let again = subscriptions.expire(poll: 4)
    #expect(again != nil, "it gets another chance")
    let taken = subscriptions.ask(DiscoveryRequest(key: listeners, version: "1"), poll: 5)
    #expect(taken == .hold(isRefused: false))
    #expect(subscriptions.standing().standing == .current)
    let nothing = subscriptions.expire(poll: 5)
    #expect(nothing == nil)
  }

  @Test func aRestartedSidecarIsServedFromTheBeginning() {
    var subscriptions = Subscriptions()
    _ = subscriptions.publish(set("a"))
    _ = subscriptions.ask(DiscoveryRequest(key: listeners, version: ""), poll: 1)
    _ = subscriptions.ask(DiscoveryRequest(key: listeners, version: "1"), poll: 2)
    subscriptions.restart()
    #expect(subscriptions.standing().standing == .waiting)
    guard case .answer = subscriptions.ask(DiscoveryRequest(key: listeners, version: ""), poll: 3) else {
      Issue.record("no answer after the restart")
      return
    }
  }

  @Test func removedChainsMeanDraining() {
    var subscriptions = Subscriptions()
    var guarded = set("a")
    guarded.rights = ["plaintext", "tls"]
    _ = subscriptions.publish(guarded)
    _ = subscriptions.ask(DiscoveryRequest(key: listeners, version: "1"), poll: 1)
    let early = subscriptions.beginsDraining()
    #expect(!early)
    var strict = set("b")
    strict.rights = ["tls"]
    _ = subscriptions.publish(strict)
    let unasked = subscriptions.beginsDraining()
    #expect(!unasked, "not before the sidecar has it")
    _ = subscriptions.ask(DiscoveryRequest(key: listeners, version: "2"), poll: 2)
    let begins = subscriptions.beginsDraining()
    #expect(begins)
    let twice = subscriptions.beginsDraining()
    #expect(!twice)
  }

  @Test func requestsAreReadWithoutTheirNode() throws {
    let body =
      #"{"node":{"id":"x","extensions":[{"a":"}\"]"},[1,null,true]]},"version_info":"7","resource_names":["r\u0041"]}"#
    let request = DiscoveryRequest(path: "/v3/discovery:routes", body: Array(body.utf8))
    #expect(request == DiscoveryRequest(key: ResourceKey(.routes, "rA"), version: "7"))
  }

  @Test(arguments: [
    "", "{", "[]", "{\"a\"}", "{\"version_info\":1}", "{} x", "{\"resource_names\":[\"a\",\"b\"]}",
    "{\"resource_names\":[]}",
    "{\"node\":" + String(repeating: "[", count: 100_000), "{\"node\":]}", "{\"version_info\":\"\\u12\"}", "{\"a\":,}",
  ])
  func malformedRequestsAreRefused(_ body: String) {
    #expect(DiscoveryRequest(path: "/v3/discovery:secrets", body: Array(body.utf8)) == nil)
    #expect(DiscoveryRequest(path: "/v3/other", body: Array("{}".utf8)) == nil)
  }
}
