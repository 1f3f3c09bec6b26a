import Diagnostics
package import FleetModel
package import IntentModel

/// One hardening of one workload: a step of its own, because each can break a workload in a way of its own.
package struct HardeningStep: Sendable, Equatable {
  package var workload: ObjectReference
  /// Stable within a workload, such as `capabilities`.
  package var name: String
  package var changes: [HardeningChange]
  /// A strategic merge patch of the workload.
  package var patch: DocumentValue
  /// What is likely to break, in a sentence.
  package var risk: String

  package var yaml: String {
    let notes = changes.map { "# \("\($0.path): \($0.before) -> \($0.after)".safeForTerminal)\n" }
    return notes.joined() + YAMLText.document(patch)
  }
}

/// The way of each workload to Pod Security "restricted" as patches that can be applied one by one.
package enum HardeningSteps {
  /// In the order in which they should be tried: what seldom breaks anything first.
  static let topics: [(name: String, risk: String)] = [
    ("seccomp", "programs that make system calls outside the runtime's default profile get EPERM"),
    ("privilege-escalation", "setuid programs in the image no longer gain rights"),
    ("proc-mount", "containers inside the container no longer work"),
    ("token", "programs that speak to the API server lose their credentials"),
    ("user-namespace", "needs Kubernetes 1.33 or a feature gate, and a runtime and file systems with id-mapped mounts"),
    ("resources", "containers that need more than the limit are throttled, or killed when it is memory"),
    ("shared-processes", "containers that signal each other's processes no longer see them"),
    ("sysctls", "settings of the kernel that the workload asked for are gone"),
    ("host-namespaces", "programs that look at the node's processes, network or memory no longer see them"),
    ("host-ports", "callers of the node's port must use a Service"),
    ("privileged", "programs that use devices or change the kernel fail"),
    ("capabilities", "programs that use a dropped capability get EPERM"),
    ("user", "files of volumes that belong to root can no longer be written"),
    ("read-only-root", "programs that write outside /tmp and their volumes fail"),
    ("host-paths", "programs that read or write files of the node find an empty folder"),
    ("other", "read the changes"),
  ]

  package static func steps(for workload: Workload) -> [HardeningStep] {
    let (pod, changes) = Hardening.apply(to: workload.pod)
    var groups = Dictionary(grouping: changes) { topic(of: $0.path) }
    for (name, extra) in HardeningExtras.changes(for: workload) { groups[name, default: []] += extra }
    return topics.compactMap { topic in
      guard let changes = groups[topic.name], !changes.isEmpty else { return nil }
      let builder = HardeningPatch(pod: pod, workload: workload, changes: changes)
      return HardeningStep(
        workload: workload.id, name: topic.name, changes: changes, patch: builder.document, risk: topic.risk)
    }
  }

  static func topic(of path: String) -> String {
    let parts = path.split(separator: ".").map(String.init)
    let last = parts.last ?? ""
    if path.contains("sysctls[") { return path.contains("unprivileged_port_start") ? "user" : "sysctls" }
    if path.contains(".volumes[") || last == "mountPropagation" { return "host-paths" }
    if path.contains("volumeMounts[") { return "read-only-root" }
    switch last {
    case "seccompProfile": return "seccomp"
    case "allowPrivilegeEscalation": return "privilege-escalation"
    case "procMount": return "proc-mount"
    case "automountServiceAccountToken": return "token"
    case "shareProcessNamespace": return "shared-processes"
    case "hostNetwork", "hostPID", "hostIPC": return "host-namespaces"
    case "hostPort": return "host-ports"
    case "privileged": return "privileged"
    case "capabilities": return "capabilities"
    case "runAsUser", "runAsGroup", "runAsNonRoot", "fsGroup", "supplementalGroups": return "user"
    case "readOnlyRootFilesystem": return "read-only-root"
    default: return "other"
    }
  }
}

/// What hardening of the pod's own fields leaves open: a user namespace of its own, and limits.
enum HardeningExtras {
  static func changes(for workload: Workload) -> [(String, [HardeningChange])] {
    var result: [(String, [HardeningChange])] = []
    let sharesHost = workload.pod.hostNetwork || workload.pod.hostPID || workload.pod.hostIPC
    if workload.pod.hostUsers != false, !sharesHost {
      result.append(
        (
          "user-namespace",
          [
            HardeningChange(
              path: "spec.hostUsers", before: workload.pod.hostUsers.map { "\($0)" } ?? "unset", after: "false",
              closes: ["L36", "L43"], why: "root of the container is then nobody on the node")
          ]
        ))
    }
    let limits = workload.pod.containers.flatMap { container -> [HardeningChange] in
      // Without a request there is nothing to derive a limit from; a guess would kill the container.
      guard container.resources.memoryLimitBytes == nil, let request = container.resources.memoryRequestBytes else {
        return []
      }
      return [
        HardeningChange(
          path: "spec.containers[\(container.name)].resources.limits.memory", before: "unset",
          after: "\(request * 2)", closes: [],
          why: "a container that takes all memory takes its neighbours down; twice the request until usage is measured")
      ]
    }
    if !limits.isEmpty { result.append(("resources", limits)) }
    return result
  }
}
