package import FleetModel

/// Takes a pod as far towards Pod Security "restricted" as is possible without knowing its code.
///
/// Pure and idempotent: applying it to its own result changes nothing.
package struct Hardening: Sendable {
  /// The user and group given to containers that would run as root or as the mesh's sidecar.
  package static let unprivilegedID = 10001
  /// The user and group whose traffic a sidecar's capture rules let through (trap T6).
  package static let sidecarID = 1337

  /// The order matters where a rule reads what another wrote: escalation after privileged, capabilities before user.
  static let rules: [any HardeningRule.Type] = [
    HostNetworkOff.self, HostPIDOff.self, HostIPCOff.self, SharedProcessesOff.self, HostPathsReplaced.self,
    HostPortsRemoved.self, UnsafeSysctlsRemoved.self, PrivilegedOff.self, CapabilitiesDropped.self,
    PrivilegeEscalationOff.self, SeccompRuntimeDefault.self, NonRootUser.self, SidecarIdentityFreed.self,
    ReadOnlyRoot.self, ProcMasked.self, TokenNotMounted.self,
  ]

  package static func apply(to pod: PodSpec) -> (pod: PodSpec, changes: [HardeningChange]) {
    var hardened = pod
    var changes: [HardeningChange] = []
    for rule in rules { changes += rule.apply(to: &hardened) }
    return (hardened, changes)
  }
}

/// One value that hardening changed, told to the people who own the manifest.
package struct HardeningChange: Sendable, Equatable, Hashable, Codable {
  /// Where, such as `spec.containers[server].securityContext.privileged`; list elements by name.
  package var path: String
  /// As written; `unset` where nothing was.
  package var before: String
  package var after: String
  /// Codes of the vectors that this change alone closes or takes a precondition from; empty for depth of defence.
  package var closes: [String]
  package var why: String

  package init(path: String, before: String, after: String, closes: [String], why: String) {
    self.path = path
    self.before = before
    self.after = after
    self.closes = closes
    self.why = why
  }
}

/// One rule of the hardening. `apply` changes only what is not hard already and says what it changed.
protocol HardeningRule: SendableMetatype {
  static func apply(to pod: inout PodSpec) -> [HardeningChange]
}

extension HardeningRule {
  /// Runs over init containers and containers; `path` is the container's own, such as `spec.containers[web]`.
  static func forEachContainer(
    of pod: inout PodSpec, _ body: (inout Container, _ path: String) -> [HardeningChange]
  ) -> [HardeningChange] {
    var changes: [HardeningChange] = []
    for index in pod.initContainers.indices {
      changes += body(&pod.initContainers[index], "spec.initContainers[\(pod.initContainers[index].name)]")
    }
    for index in pod.containers.indices {
      changes += body(&pod.containers[index], "spec.containers[\(pod.containers[index].name)]")
    }
    return changes
  }

  static func text<T>(_ value: T?) -> String { value.map { "\($0)" } ?? "unset" }
}
