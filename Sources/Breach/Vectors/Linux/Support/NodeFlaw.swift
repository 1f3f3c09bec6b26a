import FleetModel

/// A flaw of something on the nodes that several versions have: one per vector that depends on it.
enum NodeFlaw: Int, Sendable, CaseIterable {
  case releaseAgent, fsconfig, nfTables, packetSocket, bpf, pageCache, overlay
  case runcBinary, runcWorkingDirectory, runcMaskedPaths, runcMounts
  case crioSysctl, kubeletSubPath, gitRepo, containerdVolumes, shimSocket

  /// What is known of one node, or of all when facts are given by flags.
  func answer(_ facts: NodeFacts) -> NodeAnswer {
    switch self {
    case .releaseAgent: Self.kernel(facts, KernelFix.releaseAgent)
    case .fsconfig: Self.kernel(facts, KernelFix.fsconfig)
    case .nfTables: Self.kernel(facts, KernelFix.nfTables)
    case .packetSocket: Self.kernel(facts, KernelFix.packetSocket)
    case .bpf: Self.kernel(facts, KernelFix.bpf)
    case .pageCache: Self.kernel(facts, KernelFix.pageCache)
    case .overlay: Self.kernel(facts, KernelFix.overlay)
    case .runcBinary: Self.runc(facts, "CVE-2019-5736", ReleaseFix.runcBinary)
    case .runcWorkingDirectory: Self.runc(facts, "CVE-2024-21626", ReleaseFix.runcWorkingDirectory)
    case .runcMaskedPaths: Self.runc(facts, "CVE-2025-31133", ReleaseFix.runcMaskedPaths)
    case .runcMounts: Self.runc(facts, "CVE-2021-30465", ReleaseFix.runcMounts)
    case .crioSysctl: Self.runtime(facts, "cri-o", "CVE-2022-0811", ReleaseFix.crioSysctl)
    case .containerdVolumes: Self.runtime(facts, "containerd", "CVE-2022-23648", ReleaseFix.containerdVolumes)
    case .shimSocket: Self.runtime(facts, "containerd", "CVE-2020-15257", ReleaseFix.shimSocket)
    case .kubeletSubPath: Self.kubelet(facts, "CVE-2021-25741", ReleaseFix.kubeletSubPath)
    case .gitRepo: Self.gitRepo(facts)
    }
  }

  private static func kernel(_ facts: NodeFacts, _ fixes: [KernelFix]) -> NodeAnswer {
    guard let kernel = facts.kernel else { return .unknown("the nodes' kernel version is not in the input") }
    return .worst(fixes.map { answer($0.verdict(kernel), "kernel", kernel, $0.cve, $0.versions) })
  }

  private static func runc(_ facts: NodeFacts, _ cve: String, _ versions: FixedVersions) -> NodeAnswer {
    guard let runc = facts.runcVersion else { return .unknown("the nodes' runc version is not in the input") }
    return answer(versions.verdict(runc), "runc", runc, cve, versions)
  }

  private static func kubelet(_ facts: NodeFacts, _ cve: String, _ versions: FixedVersions) -> NodeAnswer {
    guard let kubelet = facts.kubelet else { return .unknown("the nodes' kubelet version is not in the input") }
    return answer(versions.verdict(kubelet), "kubelet", kubelet, cve, versions)
  }

  private static func runtime(
    _ facts: NodeFacts, _ name: String, _ cve: String, _ versions: FixedVersions
  ) -> NodeAnswer {
    guard let runtime = facts.runtime else { return .unknown("the nodes' container runtime is not in the input") }
    // Docker brings a containerd of its own, whose version no Node object tells.
    if runtime == "docker", name == "containerd" {
      return .unknown("the version of the containerd inside Docker is not in the input")
    }
    guard runtime == name else { return .no }
    guard let version = facts.runtimeVersion else { return .unknown("the version of \(name) is not in the input") }
    return answer(versions.verdict(version), name, version, cve, versions)
  }

  /// CVE-2024-10220 has fixes; CVE-2025-1767 has none, but since 1.33 the driver is off unless the feature gate
  /// GitRepoVolumeDriver turns it on, and since 1.36 it cannot be turned on (KEP-5040).
  private static func gitRepo(_ facts: NodeFacts) -> NodeAnswer {
    guard let kubelet = facts.kubelet, kubelet.numbers.count >= 2 else {
      return .unknown("the nodes' kubelet version is not in the input")
    }
    let minor = kubelet.numbers[1]
    if kubelet.numbers[0] > 1 || minor >= 36 { return .no }
    if minor >= 33 {
      return .unknown("kubelet \(kubelet) mounts gitRepo volumes only where the gate GitRepoVolumeDriver is on")
    }
    switch ReleaseFix.gitRepo.verdict(kubelet) {
    case .affected: return .yes("kubelet \(kubelet) has CVE-2024-10220 and CVE-2025-1767")
    case .mayCarryFix: return .yes("kubelet \(kubelet) has CVE-2025-1767 and may have CVE-2024-10220")
    case .fixed, .predates: return .yes("kubelet \(kubelet) has CVE-2025-1767, which is not fixed")
    }
  }

  private static func answer(
    _ verdict: FixedVersions.Verdict, _ what: String, _ version: Version, _ cve: String, _ versions: FixedVersions
  ) -> NodeAnswer {
    switch verdict {
    case .fixed, .predates: .no
    case .affected: .yes("\(what) \(version) has \(cve) (fixed in \(versions.releases))")
    case .mayCarryFix: .unknown("\(what) \(version) is in the range of \(cve) but may carry the fix of its distributor")
    }
  }
}
