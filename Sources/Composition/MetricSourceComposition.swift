import Diagnostics
import Foundation
package import Judgement
import MetricSources

/// Which metric source a user named, in the user's words; made into a source here, where adapters are known.
package struct MetricSourceRequest: Sendable {
  /// One of them is named: a Prometheus, Envoys' admin interfaces, metric pages, access logs, or lines of counts.
  package var prometheus: String?
  package var envoys: [String] = []
  package var pages: [String] = []
  package var accessLogs: [String] = []
  package var lines: String?

  /// Names of queries (`MetricSourceRequest.queryNames`).
  package var queries: String?
  package var baselineQueries: String?
  /// Conditions on labels: of both arms, and instead of the queries' own way of telling them.
  package var match: [String] = []
  package var matchBaseline: [String] = []
  package var matchCanary: [String] = []
  /// PromQL of the user's own instead of queries.
  package var requestsExpression: String?
  package var errorsExpression: String?
  /// Which of an Envoy's statistics: `inbound:STAT_PREFIX` or `cluster:NAME`.
  package var scope: String?

  package var tokenFile: String?
  /// Seconds without data after which they are stale; more than the scrape interval.
  package var patience = 30.0
  /// Seconds for one answer.
  package var timeout = 5.0
  /// Seconds by which samples may come late to Prometheus. A scrape that is under way when a window ends has a time
  /// within it, and would be in neither that window nor the next.
  package var delay = 1.0
  package var latency = true
  package var fromStart = false

  package init() {}

  package static var queryNames: [String] { MetricQueries.names }

  /// Holds the bearer token where no file is named, so that it stands in no list of processes.
  package static let tokenVariable = "BULKHEAD_METRICS_TOKEN"

  /// - Throws: `BulkheadError`: `.usage` for a request that cannot be meant, `.configuration` for a bad token.
  package func source(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> any MetricSource {
    let named = [prometheus != nil, !envoys.isEmpty, !pages.isEmpty, !accessLogs.isEmpty, lines != nil]
    guard named.count(where: \.self) == 1 else {
      throw BulkheadError(
        .usage, named.contains(true) ? "more than one kind of source is named" : "no metric source is named",
        cure: "name one of --prometheus, --envoy, --metrics-page, --access-log, --lines")
    }
    if let lines { return CountLineSource(path: lines, patience: patience) }
    if !accessLogs.isEmpty {
      return AccessLogSource(try accessLogs.map(binding), fromStart: fromStart, patience: patience)
    }
    let token = try token(environment)
    let limits = MetricLimits(seconds: timeout)
    if let prometheus {
      return try prometheusSource(PrometheusClient(MetricAddress(prometheus), token: token, limits: limits))
    }
    let targets = try envoys.isEmpty ? pages.map(page) : envoys.map(envoy)
    return ScrapeSource(targets, token: token, limits: limits, patience: patience)
  }

  private func prometheusSource(_ client: PrometheusClient) throws -> any MetricSource {
    if let requestsExpression, let errorsExpression {
      return PrometheusExpressionSource(client, requests: requestsExpression, errors: errorsExpression, delay: delay)
    }
    guard requestsExpression == nil, errorsExpression == nil else {
      throw BulkheadError(
        .usage, "one expression is missing", cure: "give both --requests-expression and --errors-expression")
    }
    guard let queries else {
      throw BulkheadError(
        .usage, "--prometheus needs to know the metrics",
        cure: "add --queries \(MetricQueries.names.joined(separator: "|")), or two expressions of your own")
    }
    let selection = ArmSelection(
      both: try match.map(LabelMatcher.init(parsing:)), baseline: try matchers(matchBaseline),
      canary: try matchers(matchCanary))
    return PrometheusSource(
      client, queries: try MetricQueries.named(queries),
      baselineQueries: try baselineQueries.map(MetricQueries.named), selection: selection, patience: patience,
      latency: latency, delay: delay)
  }

  private func matchers(_ texts: [String]) throws -> [LabelMatcher]? {
    texts.isEmpty ? nil : try texts.map(LabelMatcher.init(parsing:))
  }

  private func envoy(_ text: String) throws -> ScrapeTarget {
    let (arm, address) = try armed(text)
    let parts = (scope ?? "").split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2, !parts[1].isEmpty, let kind = ["inbound", "cluster"].firstIndex(of: parts[0]) else {
      throw BulkheadError(
        .usage, "--envoy needs to know which requests count",
        cure: "add --scope inbound:STAT_PREFIX (its own requests) or --scope cluster:NAME (a caller's)")
    }
    let scope: EnvoyScope = kind == 0 ? .inbound(parts[1]) : .cluster(parts[1])
    return .envoy(try MetricAddress(address), scope: scope, arm: arm)
  }

  /// `ARM=http://HOST:PORT/PATH`: what follows the authority is the page's path.
  private func page(_ text: String) throws -> ScrapeTarget {
    let (arm, place) = try armed(text)
    let start = place.hasPrefix("http://") ? place.index(place.startIndex, offsetBy: 7) : place.startIndex
    let slash = place.hasPrefix("unix:") ? nil : place[start...].firstIndex(of: "/")
    let path = slash.map { String(place[$0...]) } ?? (place.hasPrefix("unix:") ? "/stats/prometheus" : "/metrics")
    guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw BulkheadError(.usage, "a page's path has blanks or unusual letters", cure: "write it percent-encoded")
    }
    return .exposition(
      try MetricAddress(slash.map { String(place[..<$0]) } ?? place), path: path,
      queries: try MetricQueries.named(queries ?? "app"), matchers: try match.map(LabelMatcher.init(parsing:)),
      arm: arm)
  }

  private func armed(_ text: String) throws -> (Arm, String) {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let arm = Arm(rawValue: parts[0]) else {
      throw BulkheadError(
        .usage, "'\(String(text.prefix(200)).safeForTerminal)' does not say whose it is",
        cure: "write baseline=ADDRESS or canary=ADDRESS")
    }
    return (arm, parts[1])
  }

  /// `FILE`, whose lines tell the arm, or `ARM=FILE`; a file that has `=` in its name wins where it exists.
  private func binding(_ text: String) throws -> AccessLogBinding {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let arm = Arm(rawValue: parts[0]), !FileManager.default.fileExists(atPath: text) else {
      return AccessLogBinding(path: text)
    }
    return AccessLogBinding(path: parts[1], arm: arm)
  }

  private func token(_ environment: [String: String]) throws -> BearerToken? {
    guard let tokenFile else { return try environment[Self.tokenVariable].map(BearerToken.init) }
    // A secret that is mounted may be renewed; it is read at each start only.
    guard let handle = FileHandle(forReadingAtPath: tokenFile), let bytes = try handle.read(upToCount: 16_385) else {
      throw BulkheadError(
        .configuration, "the token file '\(tokenFile)' cannot be read or is empty",
        cure: "name a readable file that holds the token alone")
    }
    return try BearerToken(String(decoding: bytes, as: UTF8.self))
  }
}
