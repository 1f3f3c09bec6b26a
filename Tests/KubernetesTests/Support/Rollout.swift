import Foundation
import Glibc
import Subprocess
import SystemPackage
import Testing

/// `bulkhead` against a test's cluster, with everything that it writes in one folder.
struct Rollout: Sendable {
  var cluster: Cluster
  var folder: String
  var mesh = "envoy"

  private static let images = [
    "--image", "bulkhead.test/bulkhead:1", "--envoy-image", "bulkhead.test/envoy:1", "--standin-image",
    "bulkhead.test/standin:1",
  ]

  func bulkhead(_ words: String...) async throws -> Tool.Ending {
    try await Tool.run([Tool.product("bulkhead")] + words, environment: environment)
  }

  /// A new run in `out`.
  func start(plan: String, out: String, _ more: String...) async throws -> Tool.Ending {
    try await Tool.run(startWords(plan, out) + more, environment: environment)
  }

  /// A new run in `out` that is killed where `reached` says so; nothing of it can clean up.
  func startAndKill(
    plan: String, out: String, probes: Bool = true, trials: Bool = true,
    when reached: @escaping @Sendable () async throws -> Bool
  ) async throws {
    let words =
      [Tool.product("bulkhead")] + startArguments(plan: plan, out: out, probes: probes)
      + (trials ? [] : ["--skip-trials"])
    let result = try await Subprocess.run(
      .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())),
      environment: .inherit.updating(
        Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
      input: .none, output: .discarded, error: .discarded
    ) { execution -> Bool in
      let pid = execution.processIdentifier.value
      defer { kill(pid, SIGKILL) }
      // Whoever asks takes processors from those who are judged.
      return try await eventually(within: .seconds(900), pace: .milliseconds(500)) {
        let isOver =
          try await status(out) != "running" && FileManager.default.fileExists(atPath: path(out) + "/run.json")
        return try isOver ? true : await reached()
      }
    }
    #expect(result.closureResult, "the run did not come to where it was to be killed")
    guard case .signaled = result.terminationStatus else {
      Issue.record("the run ended before it was killed: \(result.terminationStatus)")
      return
    }
  }

  private func startWords(_ plan: String, _ out: String) -> [String] {
    [Tool.product("bulkhead")] + startArguments(plan: plan, out: out)
  }

  /// - Parameter probes: whether break-outs are tried.
  func startArguments(plan: String, out: String, probes: Bool = true) -> [String] {
    ["rollout", "start", "--plan", plan, "--kube", "--mesh", mesh, "--out", path(out)]
      + (probes ? Self.images : Array(Self.images.dropLast(2)))
  }

  var environment: [String: String] { ["KUBECONFIG": cluster.kubeconfig, "NO_COLOR": "1"] }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    return path(name)
  }

  // MARK: - What came of it

  /// `result` of the run's own document, or nil before there is one.
  func status(_ out: String) async throws -> String? {
    try await document(["rollout", "status", path(out), "-o", "json"])?["result"] as? String
  }

  /// The results of its waves.
  func waves(_ out: String) async throws -> [String] {
    let waves = try await document(["rollout", "status", path(out), "-o", "json"])?["waves"] as? [[String: Any]]
    return (waves ?? []).compactMap { $0["result"] as? String }
  }

  private func document(_ words: [String]) async throws -> [String: Any]? {
    let ending = try await Tool.run([Tool.product("bulkhead")] + words, environment: environment)
    guard ending.code == 0 else { return nil }
    return try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any]
  }

  /// The run's record.
  func record(_ out: String) throws -> RunRecord {
    try JSONDecoder().decode(RunRecord.self, from: Data(contentsOf: URL(filePath: path(out) + "/run.json")))
  }

  struct RunRecord: Decodable {
    struct Wave: Decodable {
      struct Trial: Decodable {
        struct Control: Decodable {
          var name: String
          var applies: Bool
          var result: String
          var positiveControl: String
        }
        var faults: [String]
        var injectionVerified: Bool
        var result: String
        var controls: [Control]
      }
      struct Probe: Decodable {
        var vector: String
        var phase: String
        var result: String
      }
      var name: String
      var result: String
      var reason: String?
      var notPutBack: [String]?
      var trials: [Trial]
      var probes: [Probe]
    }
    var result: String
    var leftOut: [String]?
    var waves: [Wave]
  }

  // MARK: - The cluster

  /// Everything that users have written in the namespace, without what the API server keeps for itself.
  func objects() async throws -> [String] {
    let text = try await cluster.kubectl(
      "-n", RolloutShop.namespace, "get",
      "deployments,statefulsets,daemonsets,services,serviceaccounts,configmaps,networkpolicies,pods", "-o", "json")
    let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try (list?["items"] as? [[String: Any]] ?? []).filter { $0["kind"] as? String != "Pod" }.map { item in
      var (item, metadata) = (item, item["metadata"] as? [String: Any] ?? [:])
      var annotations = metadata["annotations"] as? [String: Any] ?? [:]
      // Counted by controllers, and never back.
      for key in ["deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"] {
        annotations[key] = nil
      }
      metadata["annotations"] = annotations.isEmpty ? nil : annotations
      for key in ["managedFields", "resourceVersion", "generation"] { metadata[key] = nil }
      (item["metadata"], item["status"]) = (metadata, nil)
      item = Self.withoutEmptyContexts(item)
      let data = try JSONSerialization.data(withJSONObject: item, options: [.sortedKeys, .withoutEscapingSlashes])
      return String(decoding: data, as: UTF8.self)
    }.sorted()
  }

  /// An API server keeps the empty shell of a container's `securityContext` when the last field in it is given up; it
  /// says nothing.
  private static func withoutEmptyContexts(_ item: [String: Any]) -> [String: Any] {
    guard var spec = item["spec"] as? [String: Any], var template = spec["template"] as? [String: Any],
      var pod = template["spec"] as? [String: Any], let containers = pod["containers"] as? [[String: Any]]
    else { return item }
    pod["containers"] = containers.map { container in
      let isEmpty = (container["securityContext"] as? [String: Any])?.isEmpty == true
      return isEmpty ? container.filter { $0.key != "securityContext" } : container
    }
    template["spec"] = pod
    spec["template"] = template
    return item.merging(["spec": spec]) { _, new in new }
  }

  /// The names of all that Bulkhead keeps in the cluster for itself.
  func ownObjects() async throws -> String {
    try await cluster.kubectl(
      "get", "deployments,services,configmaps,secrets,clusterroles,clusterrolebindings,roles,rolebindings", "-A", "-l",
      "app.kubernetes.io/managed-by=bulkhead", "-o", "name")
  }

  /// By kind, namespace and name: what changes with every write. Endpoints and the cluster's own leases never rest.
  func versions(withLease: Bool = true) async throws -> [String] {
    var kinds = "deployments,services,serviceaccounts,configmaps,secrets,networkpolicies,clusterroles"
    kinds += ",clusterrolebindings,roles,rolebindings,namespaces"
    let name = "{.metadata.namespace}/{.metadata.name}"
    let text = try await cluster.kubectl(
      "get", kinds, "-A", "-o",
      #"jsonpath={range .items[*]}{.kind} \#(name) {.metadata.resourceVersion}{"\n"}{end}"#)
    let lease = try await cluster.kubectl(
      "-n", "bulkhead", "get", "lease", "bulkhead-rollout", "-o", "jsonpath={.metadata.resourceVersion}")
    // A workload's status counts pods as they come and go: its generation alone is a write.
    let generations = try await cluster.kubectl(
      "get", "deployments,statefulsets,daemonsets", "-A", "-o",
      #"jsonpath={range .items[*]}\#(name) {.metadata.generation}{"\n"}{end}"#)
    return text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("Deployment ") } + [generations]
      + (withLease ? [lease] : [])
  }

  /// What a stand-in without a sidecar, which calls the cart, has counted.
  func counted(by app: String) async throws -> (n: Int, errors: Int) {
    let pod = try await cluster.kubectl(
      "-n", RolloutShop.namespace, "get", "pods", "-l", "app=\(app)", "--sort-by=.metadata.creationTimestamp",
      "-o", "jsonpath={.items[-1:].metadata.name}")
    let text = try await cluster.kubectl(
      "get", "--raw", "/api/v1/namespaces/\(RolloutShop.namespace)/pods/\(pod):8080/proxy/.bulkhead/counters")
    struct Counters: Decodable {
      struct Count: Decodable {
        var n: Int
        var errors: Int
      }
      var users: Count
    }
    let users = try JSONDecoder().decode(Counters.self, from: Data(text.utf8)).users
    return (users.n, users.errors)
  }
}
