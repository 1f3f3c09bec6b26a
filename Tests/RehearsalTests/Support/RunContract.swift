import Foundation
import JournalStore
import Rollout

/// `run.json` as other programs may rely on it, written down here a second time on purpose.
struct RunContract: Decodable {
  var schema: String
  var result: String
  var planted: [String]?
  var waves: [Wave]
  var weaknesses: [Weakness]
  var timings: Timings

  struct Wave: Decodable {
    var name: String
    var result: String
    var reason: String?
    var workloads: [String]
    var steps: [String]
    var canary: [Share]
    var trials: [Trial]
    var probes: [Probe]
    var waysOutBefore: Int
    var waysOutAfter: Int
  }
  struct Share: Decodable {
    var percent: Int
    var verdict: String
    var seconds: Double
    var disturbedSeconds: Double?
    var workloads: [Judged]
  }
  struct Judged: Decodable {
    var workload: String
    var latency: [Latency]
  }
  struct Latency: Decodable {
    var percentile: Double
    var stable: Double
    var budget: Double
    var canarySlower: Double
  }
  struct Trial: Decodable {
    var hypothesis: String
    var faults: [String]
    var injectionVerified: Bool
    var result: String
    var controls: [Control]
  }
  struct Control: Decodable {
    var name: String
    var applies: Bool
    var result: String
    var positiveControl: String
  }
  struct Probe: Decodable {
    var vector: String
    var workload: String
    var phase: String
    var result: String
  }
  struct Weakness: Decodable {
    var code: String
    var workload: String
    var evidence: String
    var remediation: String
  }
  struct Timings: Decodable {
    var totalSeconds: Double
    var epochs: Int
  }

  init(_ folder: Folder, _ out: String) throws {
    self = try JSONDecoder().decode(RunContract.self, from: try folder.data(out + "/run.json"))
  }
}

extension Folder {
  /// Reads a run's journal as the program would: fails when a page or a link of its chain is damaged.
  func journal(_ out: String) async throws -> [JournalRecord] {
    let journal = try await SQLiteJournal.open(at: "\(path)/\(out)/journal.sqlite", .resume)
    do {
      try await journal.verify()
      let records = try await journal.records()
      try await journal.close()
      return records
    } catch {
      try await journal.close()
      throw error
    }
  }
}
