import FleetModel
import IntentModel

/// An OCI bundle for one container: its runtime configuration and everything that must lie on disk before it starts.
///
/// Pure: `BundleWriter` writes it. Making one twice from the same request gives the same bytes.
package struct ContainerBundle: Sendable, Equatable {
  /// The bundle's directory, relative to the world's.
  package var directory: String
  package var spec: OCISpec
  /// Folders, files and links, parents first, relative to the world's directory.
  package var entries: [BundleEntry]
  /// What the manifest expects on its node. The caller sees to those that must exist already.
  package var nodePaths: [NodePath]
  /// Where the twin had to differ from what the manifest says, for the report.
  package var assumptions: [String]

  /// Throws `.badInput` where the kubelet or the runtime would refuse the container.
  package init(_ request: ContainerRequest) throws {
    directory = "pods/\(request.podID)/\(request.id)"
    var mounts = BundleMounts(request, directory: directory)
    try mounts.build()
    let identity = PlayedIdentity(request)
    let user = identity.user
    mounts.addAccounts(for: user)
    let sysctls = PodSysctls(request)
    entries = mounts.entries
    nodePaths = mounts.nodePaths
    spec = OCISpec(
      hostname: Self.ownsHostName(request) ? request.pod.hostname ?? request.podName : nil,
      root: OCISpec.Root(path: "root", readonly: request.security.readOnlyRoot),
      process: Self.process(request, user: user), mounts: mounts.mounts,
      linux: Self.linux(request, sysctls: sysctls.played, propagation: mounts.rootPropagation))
    assumptions = identity.assumptions + mounts.assumptions + sysctls.assumptions + Self.seccompAssumptions(request)
  }

  /// The configuration as runc reads it: keys sorted.
  package func configuration(pretty: Bool = false) throws -> [UInt8] { try SortedJSON.encode(spec, pretty: pretty) }

  private static func ownsHostName(_ request: ContainerRequest) -> Bool {
    !request.security.sharesNodeNetwork && request.namespaces.uts == nil
  }

  private static func process(_ request: ContainerRequest, user: OCISpec.User) -> OCISpec.Process {
    let names = request.security.capabilities.intersection(request.traits.capabilities).members.map { "CAP_\($0.name)" }
    return OCISpec.Process(
      user: user, args: request.arguments, env: environment(request), cwd: request.workingDirectory,
      capabilities: OCISpec.Capabilities(bounding: names, effective: names, permitted: names),
      noNewPrivileges: request.security.noNewPrivileges)
  }

  private static func environment(_ request: ContainerRequest) -> [String] {
    let defaults = [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOSTNAME=\(request.pod.hostname ?? request.podName)",
    ]
    let missing = defaults.filter { pair in
      let key = pair.prefix { $0 != "=" } + "="
      return !request.environment.contains { $0.hasPrefix(key) }
    }
    return missing + request.environment
  }

  private static func linux(
    _ request: ContainerRequest, sysctls: [String: String], propagation: String?
  ) -> OCISpec.Linux {
    let security = request.security
    return OCISpec.Linux(
      cgroupsPath: request.cgroupsPath, maskedPaths: security.unmasked ? [] : ProcDefaults.masked,
      namespaces: namespaces(request), readonlyPaths: security.unmasked ? [] : ProcDefaults.readOnly,
      resources: CgroupLimits.resources(request), rootfsPropagation: propagation, seccomp: seccomp(request),
      sysctl: sysctls.isEmpty ? nil : sysctls)
  }

  private static func namespaces(_ request: ContainerRequest) -> [OCISpec.Namespace] {
    let security = request.security
    let joined = request.namespaces
    var list = [OCISpec.Namespace(type: "mount")]
    if !security.sharesNodeProcesses {
      list.append(OCISpec.Namespace(type: "pid", path: security.sharesPodProcesses ? joined.pid : nil))
    }
    if !security.sharesNodeIPC { list.append(OCISpec.Namespace(type: "ipc", path: joined.ipc)) }
    // A pod on the node's network has the node's host name too.
    if !security.sharesNodeNetwork {
      list.append(OCISpec.Namespace(type: "uts", path: joined.uts))
      list.append(OCISpec.Namespace(type: "network", path: joined.network))
    }
    // As runtimes do on cgroup v2: only privileged containers see the node's tree.
    if request.cgroupsPath != nil, !security.privileged { list.append(OCISpec.Namespace(type: "cgroup")) }
    return list
  }

  private static func seccomp(_ request: ContainerRequest) -> OCISeccomp? {
    guard request.security.seccomp != .unconfined else { return nil }
    let rules = RuntimeDefault(bounding: request.security.capabilities, edition: request.traits.seccomp)
    var profile = rules.profile
    if !request.filtersForeignInterfaces { profile.architectures.removeLast(profile.architectures.count - 1) }
    return profile
  }

  private static func seccompAssumptions(_ request: ContainerRequest) -> [String] {
    guard case .localhost(let profile) = request.security.seccomp else { return [] }
    return ["\(request.container.name): seccomp profile \(profile) lies on the node, played as RuntimeDefault"]
  }
}

/// What containerd hides and protects below /proc and /sys.
enum ProcDefaults {
  static let masked = [
    "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
    "/proc/timer_list", "/proc/timer_stats", "/sys/firmware",
  ]
  static let readOnly = [
    "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
  ]
}
