import Foundation
import Glibc
import Rollout
import Testing

/// Whole rehearsals by the built program, with real containers, real Envoys and real signals. One at a time: each has
/// its users' pace to keep.
@Suite(
  "Rehearsals", .serialized, .timeLimit(.minutes(15)),
  .enabled(if: Requirements.areMet, "needs root, runc, nftables, iproute2, dnsmasq and Envoy: see 'bulkhead doctor'"))
struct RehearsalTests {
  static let options = ["--out", "out", "--rate", "120"]
  static let start = ["rehearse", "-f", "fleet"] + options
  static let resume = ["rehearse", "--resume", "out"]
}

enum Requirements {
  static let areMet = geteuid() == 0 && exists("runc") && exists("nft") && exists("ip") && exists("dnsmasq") && envoy

  static func path(of program: String) -> String? {
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
  }

  private static func exists(_ program: String) -> Bool { path(of: program) != nil }

  /// As the program looks for it: named, in the project's own folder, or in the PATH.
  private static var envoy: Bool {
    let environment = ProcessInfo.processInfo.environment
    if let named = environment["BULKHEAD_ENVOY"] { return access(named, X_OK) == 0 }
    var ancestor = URL(filePath: Program.path)
    for _ in 0..<5 {
      ancestor.deleteLastPathComponent()
      if access(ancestor.path + "/.tools/envoy", X_OK) == 0 { return true }
    }
    return (environment["PATH"] ?? "").split(separator: ":").contains { access("\($0)/envoy", X_OK) == 0 }
  }
}

/// A rehearsal that nobody disturbed: looked at by itself, and the measure of those that were killed.
struct UndisturbedRun: Sendable {
  var ending: Program.Ending
  var records: [JournalRecord]
  var history: RunHistory
  var json: String
  var page: String

  /// How many records there were at the end of each wave.
  var recordsAtWaveEnds: [Int] { records.filter { $0.kind == "wave" }.map(\.seq) }

  /// Made once for all tests.
  static var shared: UndisturbedRun {
    get async throws { try await maker.value }
  }

  private struct NoReport: Error { var messages: String }

  private static let maker = Task { try await make() }

  private static func make() async throws -> UndisturbedRun {
    try await Folder.withFleet { folder in
      let ending = try await Program.rehearse(RehearsalTests.start, in: folder)
      // Not #require: its error counts as reported already, and every later test that meets it would pass.
      guard folder.holds("out/run.json") else { throw NoReport(messages: ending.messages) }
      let records = try await folder.journal("out")
      return UndisturbedRun(
        ending: ending, records: records, history: try RunHistory(records), json: try folder.text("out/run.json"),
        page: try folder.text("out/report.html"))
    }
  }
}
