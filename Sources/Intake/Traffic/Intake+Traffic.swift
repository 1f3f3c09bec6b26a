import Diagnostics
package import FleetModel

extension Intake {
  /// Adds what was seen in traffic to what was read: calls that no setting shows, and for the others that they were
  /// seen. Nothing is taken away, because what was not seen may still be needed.
  package func adding(_ reports: [TrafficReport], to result: IntakeResult) -> IntakeResult {
    var mapping = TrafficMapping(result.fleet)
    for report in reports { for sighting in report.sightings { mapping.add(sighting) } }
    var result = result
    result.fleet.calls = mapping.calls(with: result.fleet.calls)
    result.findings += mapping.findings + reports.flatMap(Self.gaps)
    result.findings.sort { Self.key($0) < Self.key($1) }
    return result
  }

  /// Adds calls that were observed before, such as when a plan was made.
  package func adding(observed calls: [Call], to fleet: Fleet) -> Fleet {
    var mapping = TrafficMapping(fleet)
    for call in calls { mapping.add(call) }
    var fleet = fleet
    fleet.calls = mapping.calls(with: fleet.calls)
    return fleet
  }

  private static func gaps(_ report: TrafficReport) -> [Finding] {
    report.gaps.map { gap in
      IntakeCode.trafficIncomplete.finding(
        .medium, "\(report.source): \(gap)", fix: "take what it shows for a part of the calls, never for all",
        at: SourceLocation(file: report.source, line: 0))
    }
  }
}
