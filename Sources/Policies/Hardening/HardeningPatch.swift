import FleetModel
import IntentModel

/// Turns changes back into the fields that they changed, with the values of the hardened pod.
struct HardeningPatch {
  let pod: PodSpec
  let workload: Workload
  let changes: [HardeningChange]

  var document: DocumentValue {
    var spec: [DocumentValue.Entry] = []
    for key in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"] where changed("spec.\(key)") {
      spec.append(.init(key, .bool(false)))
    }
    if changed("spec.hostUsers") { spec.append(.init("hostUsers", .bool(false))) }
    if changed("spec.automountServiceAccountToken") {
      spec.append(.init("automountServiceAccountToken", .bool(false)))
    }
    let context = podContext
    if !context.isEmpty { spec.append(.init("securityContext", .mapping(context))) }
    let containers = pod.containers.compactMap { container($0, list: "containers") }
    let initial = pod.initContainers.compactMap { container($0, list: "initContainers") }
    if !initial.isEmpty { spec.append(.init("initContainers", .list(initial))) }
    if !containers.isEmpty { spec.append(.init("containers", .list(containers))) }
    let volumes = self.volumes
    if !volumes.isEmpty { spec.append(.init("volumes", .list(volumes))) }
    return WorkloadPatch.document(of: workload.id, template: [.init("spec", .mapping(spec))])
  }

  private func changed(_ path: String) -> Bool { changes.contains { $0.path == path } }

  private var podContext: [DocumentValue.Entry] {
    let context = pod.securityContext
    var entries: [DocumentValue.Entry] = []
    func number(_ key: String, _ value: Int?) {
      if changed("spec.securityContext.\(key)"), let value { entries.append(.init(key, .integer(value))) }
    }
    number("runAsUser", context.runAsUser)
    number("runAsGroup", context.runAsGroup)
    number("fsGroup", context.fsGroup)
    if changed("spec.securityContext.runAsNonRoot"), let value = context.runAsNonRoot {
      entries.append(.init("runAsNonRoot", .bool(value)))
    }
    if changes.contains(where: { $0.path.hasPrefix("spec.securityContext.supplementalGroups") }) {
      entries.append(.init("supplementalGroups", .list(context.supplementalGroups.map { .integer($0) })))
    }
    if changed("spec.securityContext.seccompProfile") {
      entries.append(.init("seccompProfile", Self.seccomp(context.seccomp)))
    }
    if changes.contains(where: { $0.path.hasPrefix("spec.securityContext.sysctls[") }) {
      // The list is replaced as a whole: a merge could not take an element away.
      let values = context.sysctls.sorted { $0.key < $1.key }.map { name, value in
        DocumentValue.map(["name": .string(name), "value": .string(value)])
      }
      entries.append(.init("sysctls", .list([.map(["$patch": .string("replace")])] + values)))
    }
    return entries
  }

  static func seccomp(_ profile: SeccompProfile?) -> DocumentValue {
    switch profile {
    case .runtimeDefault: .map(["type": .string("RuntimeDefault"), "localhostProfile": .null])
    case .localhost(let path): .map(["type": .string("Localhost"), "localhostProfile": .string(path)])
    case .other(let type): .map(["type": .string(type)])
    case .unconfined, nil: .map(["type": .string("Unconfined")])
    }
  }

  private func container(_ container: Container, list: String) -> DocumentValue? {
    let path = "spec.\(list)[\(container.name)]"
    let own = changes.filter { $0.path.hasPrefix(path + ".") }
    guard !own.isEmpty else { return nil }
    func has(_ key: String) -> Bool { own.contains { $0.path == "\(path).\(key)" } }
    let context = container.securityContext
    var entries: [DocumentValue.Entry] = []
    for (key, value) in [
      ("privileged", context.privileged), ("allowPrivilegeEscalation", context.allowPrivilegeEscalation),
      ("readOnlyRootFilesystem", context.readOnlyRootFilesystem), ("runAsNonRoot", context.runAsNonRoot),
    ] where has("securityContext.\(key)") {
      if let value { entries.append(.init(key, .bool(value))) }
    }
    for (key, value) in [("runAsUser", context.runAsUser), ("runAsGroup", context.runAsGroup)]
    where has("securityContext.\(key)") {
      if let value { entries.append(.init(key, .integer(value))) }
    }
    if has("securityContext.procMount") { entries.append(.init("procMount", .string("Default"))) }
    if has("securityContext.seccompProfile") {
      entries.append(.init("seccompProfile", Self.seccomp(context.seccomp)))
    }
    if has("securityContext.capabilities") {
      entries.append(
        .init(
          "capabilities",
          .map([
            "add": context.addedCapabilities.isEmpty ? .null : .texts(context.addedCapabilities),
            "drop": .texts(context.droppedCapabilities),
          ])))
    }
    var body: [DocumentValue.Entry] = [.init("name", .string(container.name))]
    if !entries.isEmpty { body.append(.init("securityContext", .mapping(entries))) }
    if let change = own.first(where: { $0.path == "\(path).resources.limits.memory" }) {
      body.append(.init("resources", .map(["limits": .map(["memory": .string(change.after)])])))
    }
    body += ports(container, own, path) + mounts(container, own, path)
    return .mapping(body)
  }

  private func ports(_ container: Container, _ own: [HardeningChange], _ path: String) -> [DocumentValue.Entry] {
    let freed = container.ports.filter { port in own.contains { $0.path == "\(path).ports[\(port.port)].hostPort" } }
    guard !freed.isEmpty else { return [] }
    return [
      .init(
        "ports",
        .list(
          freed.map { port in
            .map([
              "containerPort": .integer(port.port), "protocol": .string(port.transport.rawValue), "hostPort": .null,
            ])
          }))
    ]
  }

  private func mounts(_ container: Container, _ own: [HardeningChange], _ path: String) -> [DocumentValue.Entry] {
    let list = container.mounts.compactMap { mount -> DocumentValue? in
      if own.contains(where: { $0.path == "\(path).volumeMounts[\(mount.path)].mountPropagation" }) {
        return .map(["mountPath": .string(mount.path), "name": .string(mount.volume), "mountPropagation": .null])
      }
      guard own.contains(where: { $0.path == "\(path).volumeMounts[\(mount.path)]" }) else { return nil }
      return .map(["mountPath": .string(mount.path), "name": .string(mount.volume)])
    }
    return list.isEmpty ? [] : [.init("volumeMounts", .list(list))]
  }

  /// Volumes that became empty folders, and those that mounts of this step need.
  private var volumes: [DocumentValue] {
    let added = changes.contains { $0.path.contains("volumeMounts[") && $0.after == "emptyDir" }
    let before = Set(workload.pod.volumes.map(\.name))
    return pod.volumes.compactMap { volume in
      if changed("spec.volumes[\(volume.name)]") {
        return .map(["name": .string(volume.name), "hostPath": .null, "emptyDir": .mapping([])])
      }
      guard added, !before.contains(volume.name) else { return nil }
      return .map(["name": .string(volume.name), "emptyDir": .mapping([])])
    }
  }
}
