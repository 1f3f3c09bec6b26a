import Diagnostics
import KubernetesTarget
import Planning
import Rollout

/// A `Rollout` object as `kubectl apply` takes it.
package struct RolloutManifest: Sendable {
  private let name: String
  private let options: ClusterRolloutOptions
  private let images: Images
  private let sidecar: (cpu: String, memory: String)
  private let keepsOnDeletion: Bool

  /// Those that somebody named; of the others the controller knows.
  package struct Images: Sendable {
    var bulkhead: String?
    var envoy: String?

    package init(bulkhead: String?, envoy: String?) { (self.bulkhead, self.envoy) = (bulkhead, envoy) }
  }

  /// - Parameter options: with the plan's bytes.
  package init(
    name: String, options: ClusterRolloutOptions, images: Images, sidecarCPU: String, sidecarMemory: String,
    keepsOnDeletion: Bool
  ) {
    (self.name, self.options, self.images, self.keepsOnDeletion) = (name, options, images, keepsOnDeletion)
    sidecar = (sidecarCPU, sidecarMemory)
  }

  /// - Throws: `BulkheadError(.badInput)` for a plan that no rollout takes.
  package func text() throws -> String {
    let plan = PlanText(try ClusterRun.plan(options.plan, name: options.planName)).text
    guard plan.utf8.count <= 900_000 else {
      throw BulkheadError(
        .badInput, "the plan has \(plan.utf8.count) bytes, more than an object of a cluster holds",
        cure: "carry it out from the command line: bulkhead rollout start")
    }
    let limits = options.limits
    var lines = [
      "apiVersion: \(RolloutDefinition.group)/\(RolloutDefinition.version)", "kind: Rollout", "metadata:",
      "  name: \(quoted(name))", "  namespace: \(ClusterNames.namespace)", "spec:", "  action: Run",
      "  approval: \(options.approval ? "PerWave" : "Automatic")",
      "  onFailure: \(options.onFailure == .freeze ? "Freeze" : "RollBack")",
      "  onDeletion: \(keepsOnDeletion ? "Keep" : "Undo")", "  trials: \(options.trials ? "Run" : "Skip")", "  gate:",
      "    tolerance: \"\(limits.tolerance)\"", "    alpha: \"\(limits.alpha)\"", "    beta: \"\(limits.beta)\"",
      "    deadlineSeconds: \(limits.deadline.seconds)",
    ]
    let named = [("bulkhead", images.bulkhead), ("envoy", images.envoy), ("standin", options.standinImage)]
      .compactMap { key, image in image.map { "    \(key): \(quoted($0))" } }
    if !named.isEmpty { lines += ["  images:"] + named }
    if options.meshRevision != nil || options.meshNamespace != nil {
      lines.append("  mesh:")
      if let revision = options.meshRevision { lines.append("    revision: \(quoted(revision))") }
      if let namespace = options.meshNamespace { lines.append("    namespace: \(quoted(namespace))") }
    }
    lines += ["  sidecar:", "    cpu: \(quoted(sidecar.cpu))", "    memory: \(quoted(sidecar.memory))", "  plan: |"]
    lines += plan.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "    \($0)" }
    while lines.last == "" { lines.removeLast() }
    return lines.joined(separator: "\n") + "\n"
  }

  private func quoted(_ text: String) -> String {
    let escaped = text.safeForTerminal.reduce(into: "") { result, character in
      if character == "\"" || character == "\\" { result.append("\\") }
      result.append(character)
    }
    return "\"\(escaped)\""
  }
}
