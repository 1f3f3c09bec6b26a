import FleetModel

/// Kernel flaws that lead out of a container, and in which releases they are fixed.
///
/// A kernel's number tells the truth only upstream. Distributors carry fixes back without changing it, so a kernel
/// with a distributor's suffix in the range of a flaw may have the fix; and the makers of enterprise kernels carry
/// features back as well, so that one older than the flaw may have it all the same. Both are `mayCarryFix`, never
/// `affected` or `fixed`. A number at or above the fix of its own stable branch proves it, whoever built the kernel.
///
/// Sources of the figures: the fixed releases of each stable branch as listed by the linux_kernel_cves project from the
/// stable trees' commits; first affected releases from the CVE records.
struct KernelFix: Sendable {
  var cve: String
  var versions: FixedVersions

  func verdict(_ kernel: Version) -> FixedVersions.Verdict {
    let verdict = versions.verdict(kernel)
    return verdict == .predates && kernel.isEnterpriseKernel ? .mayCarryFix : verdict
  }

  init(_ cve: String, introduced: String? = nil, fixed: String, branches: [String]) {
    self.cve = cve
    versions = FixedVersions(introduced: introduced, fixed: fixed, branches: branches)
  }

  static let releaseAgent = [
    KernelFix(
      "CVE-2022-0492", fixed: "5.17",
      branches: ["5.16.6", "5.15.20", "5.10.97", "5.4.177", "4.19.229", "4.14.266", "4.9.301"])
  ]
  static let fsconfig = [
    KernelFix(
      "CVE-2022-0185", introduced: "5.1", fixed: "5.17", branches: ["5.16.2", "5.15.16", "5.10.93", "5.4.173"])
  ]
  static let nfTables = [
    KernelFix(
      "CVE-2022-25636", introduced: "5.4", fixed: "5.17", branches: ["5.16.12", "5.15.26", "5.10.103", "5.4.182"]),
    KernelFix(
      "CVE-2023-32233", fixed: "6.4",
      branches: ["6.3.2", "6.2.15", "6.1.28", "5.15.111", "5.10.180", "5.4.243", "4.19.283", "4.14.315"]),
    KernelFix(
      "CVE-2024-1086", introduced: "3.15", fixed: "6.8",
      branches: ["6.7.3", "6.6.15", "6.1.76", "5.15.149", "5.10.210", "5.4.269", "4.19.307"]),
  ]
  static let packetSocket = [
    KernelFix(
      "CVE-2020-14386", introduced: "4.6", fixed: "5.9",
      branches: ["5.8.8", "5.4.64", "4.19.150", "4.14.201", "4.9.239"]),
    KernelFix(
      "CVE-2017-7308", introduced: "3.2", fixed: "4.11", branches: ["4.10.11", "4.9.23", "4.4.62", "3.18.49"]),
  ]
  static let bpf = [
    KernelFix("CVE-2021-31440", introduced: "5.7", fixed: "5.13", branches: ["5.12.4", "5.11.21", "5.10.37"]),
    // Debian's DSA-5050 counts 5.10.92 as fixed by a smaller patch than the one that went into the later branches.
    KernelFix("CVE-2022-23222", introduced: "5.8", fixed: "5.17", branches: ["5.16.11", "5.15.37", "5.10.92"]),
  ]
  static let pageCache = [
    KernelFix("CVE-2022-0847", introduced: "5.8", fixed: "5.17", branches: ["5.16.11", "5.15.25", "5.10.102"]),
    KernelFix(
      "CVE-2016-5195", introduced: "2.6.22", fixed: "4.9", branches: ["4.8.3", "4.7.9", "4.4.26", "3.18.44"]),
  ]
  static let overlay = [
    KernelFix("CVE-2023-0386", introduced: "5.11", fixed: "6.2", branches: ["6.1.9", "5.15.91"])
  ]
}

extension Version {
  /// Red Hat's and SUSE's kernels, which bear features of much newer ones.
  var isEnterpriseKernel: Bool { isVendorBuild && (description.contains(".el") || description.hasSuffix("-default")) }
}
