import Foundation
import IntentModel
import Planning

/// What the executor writes to the journal, and how it is read back. One place knows the kinds of records.
package struct RunLedger: Sendable {
  package enum Kind: String, Sendable {
    case run, epoch, event, command, stepIntent, stepUndone, wave, end
  }

  private let journal: any Journal

  package init(journal: any Journal) { self.journal = journal }

  /// Record 0 of a run: what it was started with. A journal cannot go on over another plan.
  package func runBegins(_ header: RunHeader) async throws { try await write(.run, header) }

  func epochBegins(fromWave wave: Int) async throws { try await write(.epoch, EpochRecord(fromWave: wave)) }

  func happened(_ event: RolloutEvent) async throws { try await write(.event, event) }

  func commandBegins(_ command: RolloutCommand) async throws { try await write(.command, command) }

  func stepsBegin(_ wave: Wave) async throws {
    for step in wave.steps { try await write(.stepIntent, StepKey(step)) }
  }

  func stepsUndone(_ wave: Wave, left: [String]) async throws {
    for step in wave.steps.reversed() { try await write(.stepUndone, StepKey(step, left: left)) }
  }

  /// One record ends a wave and, when it was promoted, is what gives all its steps effect: a crash before it starts the
  /// wave again, a crash after it does not, so no step takes effect twice.
  func waveEnds(_ record: WaveRecord) async throws { try await write(.wave, record) }

  func runEnds(_ result: RolloutResult, seconds: Double) async throws {
    try await write(.end, EndRecord(result: result, seconds: seconds))
  }

  private func write(_ kind: Kind, _ value: some Encodable) async throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = String(decoding: try encoder.encode(value), as: UTF8.self)
    _ = try await journal.append(kind: kind.rawValue, body: body)
  }
}

/// What a run was started with; enough to go on with it.
package struct RunHeader: Codable, Sendable, Equatable {
  package var fleetDigest: String
  package var mesh: String
  package var waves: Int
  package var options: [String: String]
  /// Deliberate wrongs, as text, for tests and for learning only.
  package var planted: [String]

  package init(fleetDigest: String, mesh: String, waves: Int, options: [String: String], planted: [String]) {
    self.fleetDigest = fleetDigest
    self.mesh = mesh
    self.waves = waves
    self.options = options
    self.planted = planted
  }

  /// Whether it was carried out on a cluster, and not rehearsed on the twin.
  package var isOnCluster: Bool { options["target"] == "kubernetes" }
  /// What the target cannot do or show, and was therefore left out.
  package var leftOut: [String] { (options["leftOut"] ?? "").split(separator: "\n").map(String.init) }
}

struct EpochRecord: Codable, Sendable { var fromWave: Int }

struct EndRecord: Codable, Sendable {
  var result: RolloutResult
  var seconds: Double
}

/// A step's idempotency key and what became of it.
struct StepKey: Codable, Sendable {
  var key: String
  var left: [String]

  init(_ step: Step, left: [String] = []) {
    key = step.id
    self.left = left
  }
}
