import Diagnostics
package import FleetModel
import IntentModel
import Policies

/// The fields of a pod template that hardening sets, as an apply has them.
package enum HardeningFields {
  /// - Throws: `BulkheadError` where hardening would have to take something away, which only the owner can.
  package static func of(_ workload: Workload) throws -> DocumentValue {
    let (hard, changes) = Hardening.apply(to: workload.pod)
    var open = changes.map(\.path)
    var spec: [DocumentValue.Entry] = []
    func take(_ path: String) -> Bool {
      guard open.contains(path) else { return false }
      open.removeAll { $0 == path }
      return true
    }
    for key in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"] where take("spec.\(key)") {
      spec.append(.init(key, .bool(false)))
    }
    if take("spec.automountServiceAccountToken") {
      spec.append(.init("automountServiceAccountToken", .bool(false)))
    }
    // A read-only root gets scratch space for /tmp.
    let known = Set(workload.pod.volumes.map(\.name))
    let scratch = hard.volumes.filter { !known.contains($0.name) && $0.isScratch }.map(\.name)
    open.removeAll { path in scratch.contains { path == "spec.volumes[\($0)]" } }
    var lists: [DocumentValue.Entry] = []
    for (list, containers) in [("initContainers", hard.initContainers), ("containers", hard.containers)] {
      let changed = containers.compactMap { container -> DocumentValue? in
        let prefix = "spec.\(list)[\(container.name)].securityContext."
        let keys = open.filter { $0.hasPrefix(prefix) }
        let mounts = container.mounts.filter { scratch.contains($0.volume) }
        let mountPaths = mounts.map { "spec.\(list)[\(container.name)].volumeMounts[\($0.path)]" }
        guard !keys.isEmpty || !mounts.isEmpty else { return nil }
        let fields = Self.fields(container.securityContext, Set(keys.map { String($0.dropFirst(prefix.count)) }))
        open.removeAll { keys.contains($0) || mountPaths.contains($0) }
        return .map([
          "name": .string(container.name), "securityContext": fields.isEmpty ? nil : .mapping(fields),
          "volumeMounts": mounts.isEmpty
            ? nil : .list(mounts.map { .map(["name": .string($0.volume), "mountPath": .string($0.path)]) }),
        ])
      }
      if !changed.isEmpty { lists.append(.init(list, .list(changed))) }
    }
    if !scratch.isEmpty {
      let volumes = scratch.map { DocumentValue.map(["name": .string($0), "emptyDir": .mapping([])]) }
      lists.append(.init("volumes", .list(volumes)))
    }
    if let first = open.first {
      throw BulkheadError(
        .configuration, "hardening \(workload.id) would change \(first), which no apply can",
        cure: "make the change in its manifest: bulkhead policies --harden shows it")
    }
    return .mapping(spec + lists)
  }

  private static func fields(_ context: SecurityContext, _ keys: Set<String>) -> [DocumentValue.Entry] {
    func has(_ key: String) -> Bool {
      keys.contains { $0 == key || $0.hasPrefix(key + ".") || $0.hasPrefix(key + "[") }
    }
    var entries: [DocumentValue.Entry] = []
    let switches: [(String, Bool?)] = [
      ("privileged", context.privileged), ("allowPrivilegeEscalation", context.allowPrivilegeEscalation),
      ("readOnlyRootFilesystem", context.readOnlyRootFilesystem), ("runAsNonRoot", context.runAsNonRoot),
    ]
    for (key, value) in switches where has(key) { if let value { entries.append(.init(key, .bool(value))) } }
    for (key, value) in [("runAsUser", context.runAsUser), ("runAsGroup", context.runAsGroup)] where has(key) {
      if let value { entries.append(.init(key, .integer(value))) }
    }
    if has("capabilities") {
      entries.append(
        .init(
          "capabilities",
          .map([
            "add": context.addedCapabilities.isEmpty ? nil : .texts(context.addedCapabilities),
            "drop": context.droppedCapabilities.isEmpty ? nil : .texts(context.droppedCapabilities),
          ])))
    }
    if has("seccompProfile") { entries.append(.init("seccompProfile", .map(["type": .string("RuntimeDefault")]))) }
    return entries
  }
}

/// The ports that the kubelet asks.
package enum ProbePorts {
  package static func of(_ workload: Workload) -> [Int] {
    Set(
      workload.pod.containers.flatMap { container in
        [container.livenessProbe, container.readinessProbe, container.startupProbe].compactMap { probe -> Int? in
          switch probe?.action {
          case .http(_, let port, _, _), .tcp(_, let port): port.number(in: container)
          case .grpc(let port): port
          case .exec, .sleep, nil: nil
          }
        }
      }
    ).sorted()
  }
}

/// A patch for those who keep an object elsewhere.
enum PatchText {
  static func yaml(_ patch: DocumentValue, keeper: String) -> String {
    "# \(keeper.safeForTerminal) keeps this object: merge these fields into its source.\n" + YAMLText.document(patch)
  }
}

extension Volume {
  fileprivate var isScratch: Bool {
    if case .emptyDir = source { return true }
    return false
  }
}
