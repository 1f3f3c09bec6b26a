/// In which releases the runtimes and the kubelet fixed the flaws of the vectors L22 and L41 to L49.
///
/// Sources: the projects' own advisories and release notes, as named in each vector's references.
enum ReleaseFix {
  /// CVE-2019-5736.
  static let runcBinary = FixedVersions(fixed: "1.0.0-rc7")
  /// CVE-2024-21626 (GHSA-xr7r-f8xq-vfvv).
  static let runcWorkingDirectory = FixedVersions(introduced: "1.0.0-rc93", fixed: "1.1.12")
  /// CVE-2025-31133, CVE-2025-52565, CVE-2025-52881: fixed together; the first is in every older version.
  static let runcMaskedPaths = FixedVersions(fixed: "1.4.0-rc.3", branches: ["1.3.3", "1.2.8"])
  /// CVE-2021-30465 (GHSA-c3xm-pvg7-gh7r).
  static let runcMounts = FixedVersions(fixed: "1.0.0-rc95")
  /// CVE-2022-0811 (GHSA-6x2m-w449-qwx7): the flaw came with 1.19.
  static let crioSysctl = FixedVersions(
    introduced: "1.19", fixed: "1.24", branches: ["1.23.2", "1.22.3", "1.21.6", "1.20.7", "1.19.6"])
  /// CVE-2022-23648.
  static let containerdVolumes = FixedVersions(fixed: "1.6.1", branches: ["1.5.10", "1.4.13"])
  /// CVE-2020-15257 (GHSA-36xw-fx78-c5r4).
  static let shimSocket = FixedVersions(fixed: "1.4.3", branches: ["1.3.9"])
  /// CVE-2021-25741 (kubernetes#104980). CVE-2017-1002101 was fixed long before, in 1.9.4 and 1.10.
  static let kubeletSubPath = FixedVersions(fixed: "1.22.2", branches: ["1.21.5", "1.20.11", "1.19.15"])
  /// CVE-2024-10220 (kubernetes#128885).
  static let gitRepo = FixedVersions(fixed: "1.31", branches: ["1.30.3", "1.29.7", "1.28.12"])
  /// CVE-2024-23651, -23652 and -23653.
  static let buildKit = FixedVersions(fixed: "0.12.5")
  /// The same flaws in the BuildKit that Docker brings; 24.0.9 and 25.0.2 took 0.12.5's fixes.
  static let docker = FixedVersions(fixed: "25.0.2", branches: ["24.0.9"])
  /// CVE-2024-0132 and CVE-2025-23266: up to and including 1.17.7 by the CVE records.
  static let nvidiaToolkit = FixedVersions(fixed: "1.17.8")
}
