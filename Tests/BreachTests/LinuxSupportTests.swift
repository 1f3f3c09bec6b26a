import FleetModel
import Testing

@testable import Breach

@Suite struct KernelFixTests {
  typealias Verdict = FixedVersions.Verdict

  static let dirtyPipe: [(String, Verdict)] = [
    ("5.7.19", .predates), ("4.19.300", .predates), ("5.8.0", .affected), ("5.8", .affected), ("5.10.101", .affected),
    ("5.10.102", .fixed), ("5.10.230", .fixed), ("5.11.22", .affected), ("5.15.24", .affected), ("5.15.25", .fixed),
    ("5.16.10", .affected), ("5.16.11", .fixed), ("5.17.0-rc3", .affected), ("5.17", .fixed), ("6.8.0", .fixed),
    // Distributors: the number says nothing until it reaches the fix.
    ("5.15.0-91-generic", .mayCarryFix), ("5.10.0-8-amd64", .mayCarryFix), ("5.10.109-1-pve", .fixed),
    ("5.14.0-362.el9.x86_64", .mayCarryFix), ("5.10.184-175.731.amzn2.x86_64", .fixed), ("5.15.133+", .fixed),
    ("5.15.10+", .mayCarryFix), ("6.1.58-talos", .fixed), ("5.4.0-150-generic", .predates),
    // Makers of enterprise kernels carry features back, too.
    ("4.18.0-372.el8.x86_64", .mayCarryFix), ("5.3.18-150300.59.93-default", .mayCarryFix),
  ]

  @Test(arguments: dirtyPipe) func verdictsOnDirtyPipe(_ kernel: String, _ expected: Verdict) throws {
    #expect(KernelFix.pageCache[0].verdict(try #require(Version(kernel))) == expected)
  }

  static let others: [([KernelFix], String, Verdict)] = [
    (KernelFix.fsconfig, "5.0.21", .predates), (KernelFix.fsconfig, "5.4.172", .affected),
    (KernelFix.fsconfig, "5.4.173", .fixed), (KernelFix.fsconfig, "5.16.2", .fixed),
    (KernelFix.releaseAgent, "2.6.32", .affected), (KernelFix.releaseAgent, "4.9.301", .fixed),
    (KernelFix.releaseAgent, "5.16.5", .affected), (KernelFix.overlay, "5.10.150", .predates),
    (KernelFix.overlay, "6.1.8", .affected), (KernelFix.overlay, "6.1.9", .fixed),
    (KernelFix.bpf, "5.10.36", .affected), (KernelFix.bpf, "5.10.37", .fixed),
  ]

  @Test(arguments: others.indices) func verdictsOnOthers(_ index: Int) throws {
    let (fixes, kernel, expected) = Self.others[index]
    #expect(fixes[0].verdict(try #require(Version(kernel))) == expected, "\(fixes[0].cve) \(kernel)")
  }

  /// Entries are versions, newest first, below the main line's and at or above the flaw's beginning.
  @Test func theTablesAreSound() {
    let tables = [
      KernelFix.releaseAgent, KernelFix.fsconfig, KernelFix.nfTables, KernelFix.packetSocket, KernelFix.bpf,
      KernelFix.pageCache, KernelFix.overlay,
    ].joined()
    for fix in tables {
      #expect(fix.cve.hasPrefix("CVE-20"))
      let line = [fix.versions.fixed] + fix.versions.branches
      #expect(zip(line, line.dropFirst()).allSatisfy { $0 > $1 }, "\(fix.cve)")
      if let introduced = fix.versions.introduced { #expect(line.allSatisfy { $0 > introduced }, "\(fix.cve)") }
      for branch in fix.versions.branches { #expect(fix.verdict(branch) == .fixed, "\(fix.cve) \(branch)") }
    }
  }

  static let releases: [(FixedVersions, String, Verdict)] = [
    (ReleaseFix.runcBinary, "1.0.0-rc6", .affected), (ReleaseFix.runcBinary, "1.0.0-rc10", .fixed),
    (ReleaseFix.runcBinary, "0.1.1", .affected), (ReleaseFix.runcBinary, "1.1.5", .fixed),
    (ReleaseFix.runcMounts, "1.0.0-rc94", .affected), (ReleaseFix.runcMounts, "1.0.0-rc95", .fixed),
    (ReleaseFix.runcWorkingDirectory, "1.0.0-rc92", .predates), (ReleaseFix.runcWorkingDirectory, "1.1.11", .affected),
    (ReleaseFix.runcMaskedPaths, "1.3.2", .affected), (ReleaseFix.runcMaskedPaths, "1.2.10", .fixed),
    (ReleaseFix.runcMaskedPaths, "1.4.0-rc.3", .fixed), (ReleaseFix.runcMaskedPaths, "1.1.15", .affected),
    (ReleaseFix.runcMaskedPaths, "1.1.12-0ubuntu1", .mayCarryFix),
    (ReleaseFix.crioSysctl, "1.24.0", .fixed), (ReleaseFix.crioSysctl, "1.22.2", .affected),
    (ReleaseFix.containerdVolumes, "1.4.12", .affected), (ReleaseFix.containerdVolumes, "1.4.13", .fixed),
    (ReleaseFix.shimSocket, "1.3.8", .affected), (ReleaseFix.shimSocket, "1.3.9", .fixed),
    (ReleaseFix.kubeletSubPath, "v1.18.20", .affected), (ReleaseFix.kubeletSubPath, "v1.22.2", .fixed),
    (ReleaseFix.gitRepo, "v1.28.11", .affected), (ReleaseFix.gitRepo, "v1.30.3", .fixed),
    (ReleaseFix.docker, "24.0.9", .fixed), (ReleaseFix.docker, "25.0.1", .affected),
  ]

  @Test(arguments: releases.indices) func verdictsOnReleases(_ index: Int) throws {
    let (fix, version, expected) = Self.releases[index]
    #expect(fix.verdict(try #require(Version(version))) == expected, "\(version)")
  }
}

@Suite struct NodePathTests {
  static let table: [(String, String, NodePath.Relation)] = [
    ("/", "/etc", .holds), ("/var", "/var/lib/kubelet", .holds), ("/var/", "/var/lib/kubelet", .holds),
    ("/var/lib/kubelet/pods", "/var/lib/kubelet", .inside), ("/var/lib/kubelet", "/var/lib/kubelet", .holds),
    ("/var/lib/kubelet2", "/var/lib/kubelet", .apart), ("/var/lib", "/var/lib/kubelet2", .holds),
    ("//var//lib/./kubelet/", "/var/lib/kubelet", .holds), ("/etc/../var/lib", "/var/lib/kubelet", .holds),
    ("/var/run/docker.sock", "/run/docker.sock", .holds), ("/run", "/var/run/docker.sock", .holds),
    ("/var", "/var/run/docker.sock", .holds), ("/var", "/run/docker.sock", .holds), ("/var/runs", "/run", .apart),
    ("/run/containerd", "/var/run", .inside), ("/e", "/etc", .apart), ("", "/etc", .holds), ("..", "/etc", .holds),
    ("/srv", "/etc", .apart), ("/var/log", "/run/docker.sock", .apart),
  ]

  @Test(arguments: table) func containment(_ path: String, _ place: String, _ expected: NodePath.Relation) {
    #expect(NodePath(path).relation(to: NodePath(place)) == expected, "\(path) and \(place)")
  }

  @Test func writableThroughAReadOnlyParent() {
    func mount(_ path: String, readOnly: Bool) -> HostMount {
      HostMount(
        path: NodePath(path), text: path, volume: "v", kind: .hostPath, mountPath: "/x", readOnly: readOnly, member: 0)
    }
    let place = NodePath("/proc/sys")
    #expect(mount("/", readOnly: true).mayWrite(place))
    #expect(!mount("/proc/sys", readOnly: true).mayWrite(place))
    #expect(mount("/proc/sys/kernel", readOnly: false).mayWrite(place))
    #expect(!mount("/srv", readOnly: false).mayWrite(place))
  }
}

@Suite struct NodeAnswerTests {
  @Test func noDecidesThenUnknown() {
    let all: [NodeAnswer] = [.no, .yes("a"), .unknown("b")]
    for left in all {
      for right in all {
        let both = left && right
        #expect((both == .no) == (left == .no || right == .no))
        if left == .yes("a"), right == .yes("a") { #expect(both == .yes("a")) }
        let worst = NodeAnswer.worst([left, right])
        #expect((worst == .yes("a")) == (left == .yes("a") || right == .yes("a")))
        #expect((worst == .no) == (left == .no && right == .no))
      }
    }
  }
}
