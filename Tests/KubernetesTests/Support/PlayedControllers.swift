import Foundation
import Synchronization

/// Plays what this cluster lacks: a controller of the Gateway API, Consul's, and Chaos Mesh. Each says of an object
/// that it was taken, as theirs would; of all that is meant by the objects only pods that are to be killed are killed.
final class PlayedControllers: Sendable {
  struct Sightings: Sendable {
    /// Shares of canaries that stood in routes.
    var shares: Set<Int> = []
    /// Backends of a route without a pod behind them, when the route was seen.
    var empty: Set<String> = []
    /// Kinds of Chaos Mesh's objects that were injected, and that were recovered.
    var injected: Set<String> = []
    var recovered: Set<String> = []
  }

  private let cluster: Cluster
  private let kinds: String
  private let state = Mutex(Sightings())

  /// - Parameter kinds: as kubectl names them.
  init(_ cluster: Cluster, kinds: [String]) {
    (self.cluster, self.kinds) = (cluster, kinds.joined(separator: ","))
  }

  var sightings: Sightings { state.withLock { $0 } }

  /// Plays while `body` does something.
  func playing(_ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled {
          // An object may be gone, or changed, since it was listed: the next look sees how it is.
          try? await self.look()
          // Polls, as long as the test lasts.
          try await Task.sleep(for: .milliseconds(300))
        }
      }
      defer { group.cancelAll() }
      try await body()
    }
  }

  private func look() async throws {
    let text = try await cluster.kubectl("-n", RolloutShop.namespace, "get", kinds, "-o", "json")
    let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    for item in list?["items"] as? [[String: Any]] ?? [] {
      switch item["kind"] as? String {
      case "HTTPRoute": try await accept(item)
      case "Gateway": try await program(item)
      case "PodChaos", "NetworkChaos", "StressChaos": try await inject(item)
      case "ServiceSplitter", "ServiceResolver": try await sync(item)
      default: continue
      }
    }
  }

  // MARK: - Gateway API

  private func accept(_ item: [String: Any]) async throws {
    let spec = item["spec"] as? [String: Any] ?? [:]
    let rules = spec["rules"] as? [[String: Any]] ?? []
    let backends = rules.flatMap { $0["backendRefs"] as? [[String: Any]] ?? [] }
    for backend in backends {
      let name = backend["name"] as? String ?? ""
      if name.hasPrefix("bulkhead-canary-"), let weight = backend["weight"] as? Int {
        state.withLock { _ = $0.shares.insert(weight) }
      }
      let addresses = try await cluster.kubectl(
        "-n", RolloutShop.namespace, "get", "endpoints", name, "-o", "jsonpath={.subsets[*].addresses[*].ip}")
      if addresses.isEmpty { state.withLock { _ = $0.empty.insert(name) } }
    }
    let generation = (item["metadata"] as? [String: Any])?["generation"] as? Int ?? 0
    let condition = ["type": "Accepted", "status": "True", "reason": "Accepted", "message": "played"]
    try await say(
      item, ["parents": [["controllerName": "example.com/played", "parentRef": ["name": "cart"]]]],
      conditions: [condition], generation)
  }

  private func program(_ item: [String: Any]) async throws {
    let generation = (item["metadata"] as? [String: Any])?["generation"] as? Int ?? 0
    let condition = ["type": "Programmed", "status": "True", "reason": "Programmed", "message": "played"]
    try await say(item, [:], conditions: [condition], generation)
  }

  /// Sets conditions of an object, or of its first parent, through the status that alone may be written.
  private func say(
    _ item: [String: Any], _ status: [String: Any], conditions: [[String: String]], _ generation: Int
  ) async throws {
    let dated = conditions.map { condition -> [String: Any] in
      var dated: [String: Any] = condition
      dated["observedGeneration"] = generation
      dated["lastTransitionTime"] = "2026-01-01T00:00:00Z"
      return dated
    }
    var status = status
    if var parents = status["parents"] as? [[String: Any]] {
      parents[0]["conditions"] = dated
      status["parents"] = parents
    } else {
      status["conditions"] = dated
    }
    let known = try JSONSerialization.data(withJSONObject: item["status"] ?? [:], options: .sortedKeys)
    guard try JSONSerialization.data(withJSONObject: status, options: .sortedKeys) != known else { return }
    var item = item
    item["status"] = status
    let (kind, metadata) = (item["kind"] as? String ?? "", item["metadata"] as? [String: Any] ?? [:])
    let path =
      "/apis/\(item["apiVersion"] ?? "")/namespaces/\(RolloutShop.namespace)/\(kind.lowercased())s"
      + "/\(metadata["name"] ?? "")/status"
    let text = String(decoding: try JSONSerialization.data(withJSONObject: item), as: UTF8.self)
    try await cluster.kubectl("replace", "--raw", path, "-f", "-", input: text)
  }

  // MARK: - Consul

  private func sync(_ item: [String: Any]) async throws {
    for split in (item["spec"] as? [String: Any])?["splits"] as? [[String: Any]] ?? []
    where split["serviceSubset"] as? String == "canary" {
      if let weight = split["weight"] as? Int { state.withLock { _ = $0.shares.insert(weight) } }
    }
    guard item["status"] == nil else { return }
    try await patch(item, #"{"status":{"conditions":[{"type":"Synced","status":"True"}]}}"#)
  }

  // MARK: - Chaos Mesh

  private func inject(_ item: [String: Any]) async throws {
    let metadata = item["metadata"] as? [String: Any] ?? [:]
    let kind = item["kind"] as? String ?? ""
    if metadata["deletionTimestamp"] != nil {
      state.withLock { _ = $0.recovered.insert(kind) }
      return try await patch(item, #"{"metadata":{"finalizers":null}}"#)
    }
    guard item["status"] == nil else { return }
    if kind == "PodChaos" {
      let selector = (item["spec"] as? [String: Any])?["selector"] as? [String: Any]
      let pods = (selector?["pods"] as? [String: [String]])?[RolloutShop.namespace] ?? []
      for pod in pods {
        try await cluster.kubectl(
          "-n", RolloutShop.namespace, "delete", "pod", pod, "--grace-period=0", "--force", "--wait=false")
      }
    }
    try await patch(
      item,
      #"{"metadata":{"finalizers":["example.com/records"]},"status":{"conditions":["#
        + #"{"type":"Selected","status":"True"},{"type":"AllInjected","status":"True"},"#
        + #"{"type":"AllRecovered","status":"False"}]}}"#)
    state.withLock { _ = $0.injected.insert(kind) }
  }

  private func patch(_ item: [String: Any], _ text: String) async throws {
    let name = (item["metadata"] as? [String: Any])?["name"] as? String ?? ""
    let kind = (item["kind"] as? String ?? "").lowercased()
    try await cluster.kubectl("-n", RolloutShop.namespace, "patch", kind, name, "--type", "merge", "-p", text)
  }
}

/// Definitions of kinds that this project does not have: anything is taken.
enum OpenDefinitions {
  static func of(_ group: String, version: String, _ kinds: [(plural: String, kind: String)]) -> String {
    kinds.map { plural, kind in
      """
      {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
       "metadata":{"name":"\(plural).\(group)"},
       "spec":{"group":"\(group)","scope":"Namespaced","names":{"plural":"\(plural)","kind":"\(kind)"},
        "versions":[{"name":"\(version)","served":true,"storage":true,
         "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}
      """
    }.joined(separator: "\n")
  }
}
