import Diagnostics
package import FleetModel

/// What one container really runs with once pod and container settings are merged and the runtime's defaults filled in.
///
/// The container's value wins over the pod's. Where a manifest leaves something to the image, which nobody here reads,
/// the assumption is: `runAsNonRoot` without an id means an image that runs as 65532:65532, anything else runs as root.
package struct EffectiveContainer: Sendable, Equatable {
  package var name: String
  package var uid: Int
  package var gid: Int
  /// `fsGroup` and `supplementalGroups`, sorted, each once.
  package var groups: [Int]
  /// Bounding, effective and permitted set at the start. Kubernetes sets no ambient capabilities, so a process of
  /// another user than root loses the effective and permitted ones at its first exec: see `running`.
  package var capabilities: CapabilitySet
  package var seccomp: SeccompProfile
  package var noNewPrivileges: Bool
  package var readOnlyRoot: Bool
  package var privileged: Bool
  /// `procMount: Unmasked`, or privileged: nothing below /proc and /sys is hidden or read-only.
  package var unmasked: Bool
  package var sharesNodeNetwork: Bool
  package var sharesNodeProcesses: Bool
  package var sharesNodeIPC: Bool
  package var sharesPodProcesses: Bool

  /// The user an image with `runAsNonRoot` and no id is assumed to have.
  package static let assumedImageUser = 65532

  /// The capabilities its program has after exec.
  package var running: CapabilitySet { uid == 0 ? capabilities : [] }

  /// Merges a container's settings with its pod's.
  ///
  /// Throws `.badInput` where the API server or the kubelet would refuse the pod.
  package init(_ container: Container, in pod: PodSpec) throws {
    try Self.refuseContradictions(in: container, pod: pod)
    self.init(unchecked: container, in: pod)
  }

  /// The same for analyses, which look at what is written even where the API server would refuse it.
  package init(unchecked container: Container, in pod: PodSpec) {
    let own = container.securityContext
    name = container.name
    privileged = own.privileged ?? false
    (uid, gid) = Self.user(of: container, in: pod)
    groups = Array(Set(pod.securityContext.supplementalGroups + [pod.securityContext.fsGroup].compactMap(\.self)))
      .sorted()
    capabilities = Self.capabilities(of: own)
    seccomp = privileged ? .unconfined : own.seccomp ?? pod.securityContext.seccomp ?? .unconfined
    noNewPrivileges = own.allowPrivilegeEscalation == false
    readOnlyRoot = own.readOnlyRootFilesystem ?? false
    unmasked = privileged || own.procMount == "Unmasked"
    sharesNodeNetwork = pod.hostNetwork
    sharesNodeProcesses = pod.hostPID
    sharesNodeIPC = pod.hostIPC
    sharesPodProcesses = pod.shareProcessNamespace && !pod.hostPID
  }

  /// The runtime's rule: the defaults; `add: ALL` fills and `drop: ALL` empties; then single adds; then single drops,
  /// so that a drop beats an add. Privileged means all of them, whatever is written.
  package static func capabilities(of context: SecurityContext) -> CapabilitySet {
    if context.privileged ?? false { return .all }
    var set = CapabilitySet.containerDefault
    if context.addedCapabilities.contains(where: isAll) { set = .all }
    if context.droppedCapabilities.contains(where: isAll) { set = [] }
    set.formUnion(CapabilitySet(context.addedCapabilities.compactMap(Capability.init(name:))))
    set.subtract(CapabilitySet(context.droppedCapabilities.compactMap(Capability.init(name:))))
    return set
  }

  static func isAll(_ name: String) -> Bool { ["ALL", "CAP_ALL"].contains(name.uppercased()) }

  private static func user(of container: Container, in pod: PodSpec) -> (uid: Int, gid: Int) {
    let own = container.securityContext
    let nonRoot = own.runAsNonRoot ?? pod.securityContext.runAsNonRoot ?? false
    let wantedUser = own.runAsUser ?? pod.securityContext.runAsUser
    let wantedGroup = own.runAsGroup ?? pod.securityContext.runAsGroup
    let assumed = nonRoot ? assumedImageUser : 0
    // An id that is not in the image's passwd file comes with group 0.
    return (wantedUser ?? assumed, wantedGroup ?? (wantedUser == nil ? assumed : 0))
  }

  private static func refuseContradictions(in container: Container, pod: PodSpec) throws {
    let own = container.securityContext
    func refuse(_ message: String, cure: String) -> BulkheadError {
      BulkheadError(
        .badInput, "container \(container.name): \(message)", cure: cure, location: container.location)
    }
    let nonRoot = own.runAsNonRoot ?? pod.securityContext.runAsNonRoot ?? false
    if nonRoot, (own.runAsUser ?? pod.securityContext.runAsUser) == 0 {
      throw refuse(
        "runAsNonRoot is set but runAsUser is 0; the kubelet refuses to start it",
        cure: "set runAsUser to an id other than 0, or remove runAsNonRoot")
    }
    if case .other(let type) = own.seccomp ?? pod.securityContext.seccomp {
      throw refuse(
        "its seccomp profile has the type '\(type)'; the API server refuses this",
        cure: "use RuntimeDefault, Unconfined or Localhost")
    }
    guard own.allowPrivilegeEscalation == false else { return }
    if own.privileged ?? false {
      throw refuse(
        "allowPrivilegeEscalation is false but privileged is true; the API server refuses this",
        cure: "remove privileged, or allowPrivilegeEscalation")
    }
    if own.addedCapabilities.contains(where: { Capability(name: $0) == .sysAdmin }) {
      throw refuse(
        "allowPrivilegeEscalation is false but SYS_ADMIN is added; the API server refuses this",
        cure: "remove SYS_ADMIN, or allowPrivilegeEscalation")
    }
  }
}
