import Foundation
import Testing

/// What a rollout finds on a cluster: pods, services and names that work as users expect.
@Suite(
  "A cluster", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: Cluster.canBeMade || Cluster.foreign != nil, Cluster.whyNot), .cluster)
struct ClusterTests {
  struct Report: Decodable {
    struct Counters: Decodable {
      struct Count: Decodable {
        var n: Int
        var errors: Int
      }
      var users: [Count]
    }
    var counters: Counters?
  }

  /// Sums of what a stand-in reported so far.
  private func totals(
    ofPod pod: String, _ path: (Report.Counters) -> [Report.Counters.Count]
  ) async throws -> (n: Int, errors: Int) {
    let log = try await Cluster.current().kubectl("-n", "shop", "logs", pod)
    var sum = (n: 0, errors: 0)
    for line in log.split(separator: "\n") {
      guard let counters = try? JSONDecoder().decode(Report.self, from: Data(line.utf8)).counters else { continue }
      for count in path(counters) { sum = (sum.n + count.n, sum.errors + count.errors) }
    }
    return sum
  }

  @Test("makes pods ready, and they reach each other by the names of services")
  func shop() async throws {
    let cluster = try Cluster.current()
    try await cluster.kubectl("apply", "-f", Tool.fixtures + "/shop.yaml")
    for name in ["cart", "user"] {
      try await cluster.kubectl("-n", "shop", "rollout", "status", "deployment/\(name)", "--timeout=120s")
    }
    // Errors before every part of a new service is in place are no fault; they must stop.
    var first = try await totals(ofPod: "deployment/user", \.users)
    let flows = try await eventually {
      let next = try await totals(ofPod: "deployment/user", \.users)
      if next.errors > first.errors { first = next }
      return next.n >= first.n + 40
    }
    #expect(flows, "calls by name through the service fail")
    let answer = try await cluster.kubectl("get", "--raw", "/api/v1/namespaces/shop/services/cart:80/proxy/")
    #expect(answer.contains("cart"))
    try await cluster.deleteNamespaces("shop")
  }

  @Test(
    "lets nobody in without a right",
    arguments: [
      ["--token=nobody", "get", "namespaces"],
      ["--as=system:anonymous", "get", "secrets", "-A"],
      ["--as=system:serviceaccount:default:default", "get", "secrets", "-A"],
      ["--as=system:node:bulkhead-node", "--as-group=system:nodes", "delete", "namespace", "default"],
    ])
  func refused(_ words: [String]) async throws {
    // An administrator's certificate would speak before any token: `--token` needs a kubeconfig without one.
    let cluster = try Cluster.current()
    let view = try await cluster.kubectl("config", "view", "--raw", "-o", "json")
    let ending = try await withFolder { folder in
      let isToken = words[0].hasPrefix("--token")
      let file = folder + "/kubeconfig"
      try (isToken ? withoutUsers(view) : view).write(toFile: file, atomically: true, encoding: .utf8)
      return try await Cluster(kubeconfig: file).tryKubectl(words)
    }
    #expect(ending.code != 0)
    let isRefusal = ["Forbidden", "Unauthorized", "must be logged in"].contains { ending.messages.contains($0) }
    #expect(isRefusal, "\(ending.messages)")
  }

  private func withoutUsers(_ kubeconfig: String) throws -> String {
    var object = try #require(try JSONSerialization.jsonObject(with: Data(kubeconfig.utf8)) as? [String: Any])
    let users = try #require(object["users"] as? [[String: Any]])
    object["users"] = users.map { ["name": $0["name"] ?? "", "user": [String: String]()] }
    return String(
      decoding: try JSONSerialization.data(withJSONObject: object, options: .withoutEscapingSlashes), as: UTF8.self)
  }

  @Test("vouches for the token of a service account, and for no other")
  func tokens() async throws {
    let cluster = try Cluster.current()
    let request = #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"audiences":["bulkhead"]}}"#
    let path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    let made = try await cluster.kubectl("create", "--raw", path, "-f", "-", input: request)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(made.utf8)) as? [String: Any])
    let token = try #require((object["status"] as? [String: Any])?["token"] as? String)
    #expect(try await review(token, audience: "bulkhead") == "system:serviceaccount:default:default")
    #expect(try await review(token, audience: "somebody-else") == nil)
    #expect(try await review(String(token.dropLast(8)) + "AAAAAAAA", audience: "bulkhead") == nil)
  }

  /// The user that the API server says the token belongs to.
  private func review(_ token: String, audience: String) async throws -> String? {
    let body = """
      {"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview",
       "spec":{"token":"\(token)","audiences":["\(audience)"]}}
      """
    let answer = try await Cluster.current().kubectl(
      "create", "--raw", "/apis/authentication.k8s.io/v1/tokenreviews", "-f", "-", input: body)
    let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
    let status = try #require(object?["status"] as? [String: Any])
    guard status["authenticated"] as? Bool == true else { return nil }
    return (status["user"] as? [String: Any])?["username"] as? String
  }
}
