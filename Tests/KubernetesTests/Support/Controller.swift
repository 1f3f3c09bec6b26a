import Foundation
import Testing

/// The controller of `deploy/controller.yaml` in a test's cluster, with the rights of `deploy/` and no others.
struct Controller: Sendable {
  var rollout: Rollout

  var cluster: Cluster { rollout.cluster }
  private static let deploy = Tool.project + "/deploy"

  struct Status: Decodable, Sendable {
    struct Wave: Decodable, Sendable {
      var name: String
      var result: String
      var reason: String
    }
    struct Condition: Decodable, Sendable {
      var type: String
      var status: String
      var reason: String
    }
    var phase: String
    var progress: String
    var message: String
    var epoch: Int
    var exitCode: Int
    var waves: [Wave]
    var conditions: [Condition]

    func condition(_ type: String) -> String? { conditions.first { $0.type == type }?.status }
  }

  /// With its own images, in the namespace of the shop as well.
  func install() async throws {
    let text = try String(contentsOfFile: Self.deploy + "/controller.yaml", encoding: .utf8)
      .replacingOccurrences(of: "envoyproxy/envoy:distroless-v1.34-latest", with: "bulkhead.test/envoy:1")
      .replacingOccurrences(of: "bulkhead:0.1.0", with: "bulkhead.test/bulkhead:1")
    let own = try rollout.write("controller.yaml", text)
    let enrolled = Self.deploy + "/enrolled-namespace.yaml"
    try await cluster.kubectl("apply", "-f", Self.deploy + "/planner.yaml", "-f", Self.deploy + "/executor.yaml")
    try await cluster.kubectl("apply", "-f", own)
    try await cluster.kubectl("apply", "-n", RolloutShop.namespace, "-f", enrolled)
    try await allowReadingStandins()
    try await cluster.kubectl(
      "-n", "bulkhead", "rollout", "status", "deployment/bulkhead-controller", "--timeout=120s")
  }

  /// What stand-ins have counted is read through the API server; applications are not asked.
  func allowReadingStandins() async throws {
    let role = """
      {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role",
       "metadata":{"name":"standins","namespace":"\(RolloutShop.namespace)"},
       "rules":[{"apiGroups":[""],"resources":["pods/proxy"],"verbs":["get"]}]}
      {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
       "metadata":{"name":"standins","namespace":"\(RolloutShop.namespace)"},
       "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"standins"},
       "subjects":[{"kind":"ServiceAccount","name":"bulkhead-executor","namespace":"bulkhead"}]}
      """
    try await cluster.kubectl("apply", "-f", "-", input: role)
  }

  /// Orders a rollout, as a person would: the images are the controller's own.
  /// - Parameter edited: what the person makes of the manifest first.
  func order(
    _ name: String, plan: String, _ more: String..., edited: (String) -> String = { $0 }
  ) async throws {
    let words = [Tool.product("bulkhead"), "rollout", "manifest", "--plan", plan, "--name", name]
    let ending = try await Tool.run(words + more)
    try #require(ending.code == 0, "\(ending.messages)")
    try await cluster.kubectl("apply", "-f", "-", input: edited(ending.output))
  }

  func change(_ name: String, _ spec: String) async throws {
    try await cluster.kubectl(
      "-n", "bulkhead", "patch", "rollouts.bulkhead.dev", name, "--type", "merge", "-p", "{\"spec\":{\(spec)}}")
  }

  func status(_ name: String) async throws -> Status? {
    let ending = try await cluster.tryKubectl(["-n", "bulkhead", "get", "rollouts.bulkhead.dev", name, "-o", "json"])
    struct Object: Decodable { var status: Status? }
    guard ending.code == 0 else { return nil }
    return try JSONDecoder().decode(Object.self, from: Data(ending.output.utf8)).status
  }

  /// Waits for a status; what it was in the end is in the failure.
  @discardableResult
  func wait(
    _ name: String, within limit: Duration = .seconds(240), pace: Duration = .seconds(1), _ isSo: (Status) -> Bool
  ) async throws -> Status {
    var last: Status?
    let came = try await eventually(within: limit, pace: pace) {
      last = try await status(name)
      return last.map(isSo) ?? false
    }
    try #require(came, "\(name): \(String(describing: last))")
    return try #require(last)
  }

  // MARK: - Its processes

  /// The pod that leads; nil while none does.
  func leader() async throws -> String? {
    let ending = try await cluster.tryKubectl(
      ["-n", "bulkhead", "get", "lease", "bulkhead-rollout", "-o", "jsonpath={.spec.holderIdentity}"])
    guard ending.code == 0, let pod = ending.output.split(separator: "_").first else { return nil }
    return String(pod)
  }

  /// Sends a signal to a controller's process, which cannot object.
  func signal(_ signal: String, pod: String) async throws {
    let id = try await cluster.kubectl(
      "-n", "bulkhead", "get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].containerID}")
    let task = String(id.split(separator: "/").last ?? "")
    let folder = try #require(cluster.folder)
    let words = [
      Tool.script("enter"), folder, "ctr", "-n", "k8s.io", "tasks", "kill", "-s", signal, task,
    ]
    let ending = try await Tool.run(words)
    guard ending.code == 0 else { throw ToolFailure(words: words, ending: ending) }
  }

  /// How a controller's process ended last, and how often it was started again.
  func lastEnd(pod: String) async throws -> (code: String, restarts: Int) {
    let text = try await cluster.kubectl(
      "-n", "bulkhead", "get", "pod", pod, "-o",
      "jsonpath={.status.containerStatuses[0].restartCount} "
        + "{.status.containerStatuses[0].lastState.terminated.exitCode}")
    let parts = text.split(separator: " ").map(String.init)
    return (parts.count > 1 ? parts[1] : "", parts.first.flatMap { Int($0) } ?? 0)
  }

  func events(of name: String) async throws -> [String] {
    try await cluster.kubectl(
      "-n", "bulkhead", "get", "events", "--field-selector", "involvedObject.name=\(name)", "-o",
      #"jsonpath={range .items[*]}{.reason}{"\n"}{end}"#
    ).split(separator: "\n").map(String.init)
  }

  /// All that the controllers say of themselves; nil where one does not answer, as one that is being started again.
  func metrics() async throws -> String? {
    let pods = try await cluster.kubectl(
      "-n", "bulkhead", "get", "pods", "-l", "app=bulkhead-controller", "-o", "jsonpath={.items[*].metadata.name}")
    var text = ""
    for pod in pods.split(separator: " ") {
      let place = "/api/v1/namespaces/bulkhead/pods/\(pod):8080/proxy/metrics"
      let ending = try await cluster.tryKubectl(["get", "--raw", place])
      guard ending.code == 0 else { return nil }
      text += ending.output
    }
    return text
  }

  /// Who wrote what in the whole cluster since an earlier look.
  func writes(after earlier: Int = 0) throws -> [String] {
    let own = try cluster.audit(of: "bulkhead-executor").filter {
      ["create", "patch", "update", "delete"].contains($0.verb)
    }
    return own.dropFirst(earlier).map { "\($0.verb) \($0.requestURI)" }
  }
}
