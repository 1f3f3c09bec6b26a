import Foundation
import Judgement
import Testing

@testable import MetricSources

enum Support {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  static func corpus(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent("Corpus/\(name)")))
  }

  /// A folder of a test's own, gone with it.
  static func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = FileManager.default.temporaryDirectory.path + "/bulkhead-metrics-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
  }

  static func append(_ text: String, to path: String) throws {
    if !FileManager.default.fileExists(atPath: path) {
      try Data().write(to: URL(fileURLWithPath: path))
    }
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
  }

  static func series(
    _ metric: String, _ labels: [String: String], _ samples: [(Double, Double)]
  ) -> MetricSeries {
    MetricSeries(
      metric: metric,
      labels: labels.sorted { $0.key < $1.key }.map { MetricSeries.Label(name: $0.key, value: $0.value) },
      samples: samples.map { MetricSample(time: $0.0, value: $0.1) })
  }

  static func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)"
    }
  }
}
