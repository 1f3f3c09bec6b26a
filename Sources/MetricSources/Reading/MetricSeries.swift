/// One value of a series, at a time in seconds since 1970.
struct MetricSample: Equatable {
  var time: Double
  var value: Double
}

/// One line of a metric over time, as Prometheus keeps it and as a scrape gives it with one sample.
struct MetricSeries: Equatable {
  struct Label: Equatable, Hashable {
    var name: String
    var value: String
  }

  var metric: String
  /// By name, each name once.
  var labels: [Label]
  /// Ascending in time.
  var samples: [MetricSample]

  subscript(_ label: String) -> String? { labels.first { $0.name == label }?.value }

  /// Whose counters these are: a process restarts, and is scraped, as a whole.
  var target: [Label] { labels.filter { Self.targetLabels.contains($0.name) } }

  private static let targetLabels: Set<String> = [
    "job", "instance", "namespace", "pod", "node", "kubernetes_namespace", "kubernetes_pod_name", "container",
  ]
}

/// Why a source's answer cannot be used, in words for a person.
struct SourceProblem: Error, Equatable, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// What a source may cost.
enum SourceLimits {
  /// One answer, one scrape.
  static let answerBytes = 16_000_000
  /// One line of a log or stream.
  static let lineBytes = 65_536
  static let series = 200_000
  static let labels = 64
}
