import Foundation
import Synchronization

/// Looks at a namespace again and again, past the command and its proxy, for what must never be seen.
final class ClusterWatch: Sendable {
  struct Findings: Sendable {
    /// How often was looked.
    var looks = 0
    /// How often a pod that demands identities was seen.
    var strict = 0
    var violations: [String] = []
  }
  private struct State {
    var findings = Findings()
    /// Fields by object, manager and operation, the last time they were seen.
    var fields: [String: Set<String>] = [:]
  }
  private let state = Mutex(State())
  private let upstream: Upstream
  /// Who calls whom, by the label `app`.
  private let calls: [(caller: String, callee: String)]

  private init(_ upstream: Upstream, calls: [(caller: String, callee: String)]) {
    (self.upstream, self.calls) = (upstream, calls)
  }

  /// Watches while `body` runs.
  static func during<Value: Sendable>(
    _ upstream: Upstream, calls: [(caller: String, callee: String)] = [("users", "cart")],
    _ body: @Sendable () async throws -> Value
  ) async throws -> (Value, Findings) {
    let watch = ClusterWatch(upstream, calls: calls)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled {
          try? await watch.look()
          // The pace of looking.
          try await Task.sleep(for: .milliseconds(400))
        }
      }
      defer { group.cancelAll() }
      let value = try await body()
      try await watch.look()
      return (value, watch.state.withLock { $0.findings })
    }
  }

  private func look() async throws {
    let place = "namespaces/\(RolloutShop.namespace)"
    let deployments = try await upstream.read("/apis/apps/v1/\(place)/deployments")["items"] as? [[String: Any]] ?? []
    let services = try await upstream.read("/api/v1/\(place)/services")["items"] as? [[String: Any]] ?? []
    let pods = try await upstream.read("/api/v1/\(place)/pods")["items"] as? [[String: Any]] ?? []
    let fields = (deployments + services).flatMap(Self.fields)
    let (strict, alone) = identities(pods)
    state.withLock { state in
      state.findings.looks += 1
      if strict { state.findings.strict += 1 }
      state.findings.violations += alone
      for entry in fields {
        let lost = state.fields[entry.key, default: []].subtracting(entry.value)
        if let first = lost.sorted().first {
          state.findings.violations.append("\(entry.key) lost \(lost.count) fields, such as \(first)")
        }
        state.fields[entry.key] = entry.value
      }
    }
  }

  /// Whether a ready pod demands identities, and which of its callers have none.
  private func identities(_ pods: [[String: Any]]) -> (strict: Bool, alone: [String]) {
    let ready = pods.filter(Self.isReady)
    func of(_ app: String) -> [[String: Any]] {
      ready.filter { (Self.metadata($0)["labels"] as? [String: String])?["app"] == app }
    }
    func isStrict(_ pod: [String: Any]) -> Bool {
      let posture = (Self.metadata(pod)["annotations"] as? [String: String])?["bulkhead.dev/posture"] ?? ""
      return posture.contains("mutualTLS=strict")
    }
    func hasSidecar(_ pod: [String: Any]) -> Bool {
      let containers = (pod["spec"] as? [String: Any])?["containers"] as? [[String: Any]] ?? []
      return containers.contains { $0["name"] as? String == "bulkhead-proxy" }
    }
    var alone: [String] = []
    for (caller, callee) in calls where of(callee).contains(where: isStrict) {
      for pod in of(caller) where !hasSidecar(pod) {
        alone.append("\(Self.metadata(pod)["name"] ?? "") has no identity while \(callee) demands one")
      }
    }
    return (ready.contains(where: isStrict), alone)
  }

  private static func metadata(_ object: [String: Any]) -> [String: Any] {
    object["metadata"] as? [String: Any] ?? [:]
  }

  private static func isReady(_ pod: [String: Any]) -> Bool {
    let conditions = (pod["status"] as? [String: Any])?["conditions"] as? [[String: Any]] ?? []
    return metadata(pod)["deletionTimestamp"] == nil
      && conditions.contains { $0["type"] as? String == "Ready" && $0["status"] as? String == "True" }
  }

  /// Of all managers but Bulkhead and the controllers, which count pods: what each of them owns of an object.
  private static func fields(_ object: [String: Any]) -> [(key: String, value: Set<String>)] {
    let metadata = metadata(object)
    let title = "\(metadata["name"] ?? "") (\(metadata["uid"] ?? ""))"
    return (metadata["managedFields"] as? [[String: Any]] ?? []).compactMap { entry in
      guard let manager = entry["manager"] as? String, !["bulkhead", "kube-controller-manager"].contains(manager) else {
        return nil
      }
      var paths: Set<String> = []
      collect(entry["fieldsV1"] as? [String: Any] ?? [:], "", &paths)
      return ("\(title) \(manager) \(entry["operation"] ?? "")", paths)
    }
  }

  private static func collect(_ fields: [String: Any], _ path: String, _ paths: inout Set<String>) {
    for (key, value) in fields {
      let below = value as? [String: Any] ?? [:]
      if below.isEmpty { paths.insert(path + "/" + key) } else { collect(below, path + "/" + key, &paths) }
    }
  }
}
