import ArgumentParser
import Composition
import Diagnostics
import FleetModel
import Intake

/// `--traffic`, for commands that take a fleet.
struct TrafficOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Add the calls that were seen: a Prometheus' address, or a file of Hubble flows or of an Envoy's access log; \
      repeatable (docs/traffic.md).
      """, valueName: "url|[namespace/workload=]file|-"))
  var traffic: [String] = []
  @Option(name: .long, help: ArgumentHelp("How far back a Prometheus is asked.", valueName: "days"))
  var trafficDays = 7

  init() {}

  func validate() throws {
    if !(1...90).contains(trafficDays) { throw ValidationError("--traffic-days must be between 1 and 90") }
    if traffic.filter({ $0 == "-" || $0.hasSuffix("=-") }).count > 1 {
      throw ValidationError("standard input can be read once")
    }
  }

  var sources: TrafficSources {
    var sources = TrafficSources(traffic)
    sources.days = trafficDays
    return sources
  }

  /// Adds what the sources show, and says how much that is.
  func added(to result: IntakeResult) async throws -> IntakeResult {
    guard !traffic.isEmpty else { return result }
    let with = try await sources.added(to: result)
    let seen = with.fleet.calls.count { $0.observation != nil }
    let new = with.fleet.calls.count - result.fleet.calls.count
    StandardError.write("traffic: \(seen) calls seen, of which \(new) stand in no setting\n")
    for finding in with.findings where Self.isOfTraffic(finding) && finding.severity >= .low {
      StandardError.write("\(finding.code) \(finding.message.safeForTerminal)\n  cure: \(finding.fix)\n")
    }
    return with
  }

  private static func isOfTraffic(_ finding: Finding) -> Bool {
    let codes: [IntakeCode] = [.trafficUnknown, .trafficIncomplete, .trafficWithoutPort]
    return codes.contains { $0.rawValue == finding.code }
  }
}
