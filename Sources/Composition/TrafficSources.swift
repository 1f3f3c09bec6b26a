import Diagnostics
package import FleetModel
import Foundation
package import Intake
import MetricSources

/// The sources of traffic that a user named, in the user's words; read here, where adapters are known.
package struct TrafficSources: Sendable {
  /// `http://HOST:PORT` or `unix:/PATH` of a Prometheus; FILE, or NAMESPACE/WORKLOAD=FILE; `-` for standard input.
  package var places: [String]
  /// How far a Prometheus is asked to look back.
  package var days = 7
  /// Seconds for one answer.
  package var timeout = 60.0

  package init(_ places: [String]) { self.places = places }

  /// Reads all of them and adds what they show.
  ///
  /// - Throws: `BulkheadError`: a source that is named and cannot be read must not look like one without calls.
  package func added(
    to result: IntakeResult, environment: [String: String] = ProcessInfo.processInfo.environment
  ) async throws -> IntakeResult {
    guard !places.isEmpty else { return result }
    return Intake().adding(try await reports(environment: environment), to: result)
  }

  /// What each of them shows.
  /// - Throws: as `added(to:environment:)`.
  package func reports(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) async throws -> [TrafficReport] {
    let now = Date().timeIntervalSince1970
    var reports: [TrafficReport] = []
    for place in places { reports.append(try await report(place, now, environment)) }
    return reports
  }

  private func report(_ place: String, _ now: Double, _ environment: [String: String]) async throws -> TrafficReport {
    if ["http://", "https://", "unix:"].contains(where: place.hasPrefix) {
      let token = try environment[MetricSourceRequest.tokenVariable].map(BearerToken.init)
      let limits = MetricLimits(seconds: timeout, bytes: 64_000_000)
      return try await PrometheusTraffic(MetricAddress(place), token: token, days: days, limits: limits)
        .report(now: now)
    }
    let (owner, path) = Self.parted(place)
    let file = TrafficFile(path, owner: owner)
    // Reading a file blocks, and a stream may never end: a thread of its own, which the end of the program takes along.
    return try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try file.report(now: now) }) }
    }
  }

  /// A file that has `=` in its name wins where it exists.
  static func parted(_ place: String) -> (owner: String?, path: String) {
    let parts = place.split(separator: "=", maxSplits: 1).map(String.init)
    let isOwner =
      parts.count == 2 && parts[0].split(separator: "/", omittingEmptySubsequences: false).count == 2
      && parts[0].utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "-./".utf8.contains($0)
      }
    guard isOwner, !FileManager.default.fileExists(atPath: place) else { return (nil, place) }
    return (parts[0], parts[1])
  }
}
