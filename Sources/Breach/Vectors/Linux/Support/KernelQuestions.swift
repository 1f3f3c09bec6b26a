import FleetModel
import IntentModel

extension AuditContext {
  var letsAnybodyLoadPrograms: NodeAnswer {
    switch nodeFacts.unprivilegedBPF {
    case true: .yes("kernel.unprivileged_bpf_disabled is 0")
    case false: .no
    case nil: .unknown("whether kernel.unprivileged_bpf_disabled is 0 on the nodes is not in the input")
    }
  }

  /// Since Linux 5.1; every kernel that Kubernetes still supports has it, so an unknown one counts.
  var kernelHasIOUring: Bool {
    guard let kernel = nodeFacts.kernel else { return true }
    return kernel >= Self.firstWithIOUring || kernel.isEnterpriseKernel
  }

  /// containerd took the calls out of its default profile for 2.0 (containerd#9320), Docker for 25.0 (moby#46762).
  var defaultProfileAllowsIOUring: NodeAnswer {
    guard let runtime = nodeFacts.runtime else { return .unknown("the nodes' container runtime is not in the input") }
    let first: Version? =
      switch runtime {
      case "containerd": Self.containerdWithoutIOUring
      case "docker": Self.dockerWithoutIOUring
      default: nil
      }
    guard let first, let version = nodeFacts.runtimeVersion else {
      return .unknown("whether the default profile of the nodes' \(runtime) lets io_uring through is not in the input")
    }
    if version >= first { return .no }
    if version.isVendorBuild {
      return .unknown("\(runtime) \(version) may have a default profile of its distributor's, with or without io_uring")
    }
    return .yes("the default profile of \(runtime) \(version) lets io_uring through")
  }

  private static let firstWithIOUring = Version("5.1")!  // A literal.
  private static let containerdWithoutIOUring = Version("2.0.0-beta.2")
  private static let dockerWithoutIOUring = Version("25.0")
}

extension EffectivePod {
  /// Who may use userfaultfd where no profile filters it: holders of SYS_PTRACE, everybody before Linux 5.2, and
  /// afterwards everybody where vm.unprivileged_userfaultfd is 1, which was the default until 5.11.
  func userfaultfd(_ context: AuditContext) -> NodeAnswer {
    if members.contains(where: { $0.effective.seccomp != .runtimeDefault && $0.effective.mayGain(.sysPtrace) }) {
      return .yes("SYS_PTRACE is within its reach")
    }
    switch context.nodeFacts.unprivilegedUserfaultfd {
    case true: return .yes("vm.unprivileged_userfaultfd is 1")
    case false: return .no
    case nil: return .unknown("whether vm.unprivileged_userfaultfd is 1 on the nodes is not in the input")
    }
  }
}
