package import Diagnostics
import Foundation

/// A run as its journal tells it. The report and a resume know nothing else.
package struct RunHistory: Sendable {
  package private(set) var header: RunHeader?
  package private(set) var waves: [WaveRecord] = []
  package private(set) var result: RolloutResult?
  package private(set) var seconds: Double = 0
  /// Why the last wave was undone, when one was.
  package private(set) var undoCause: UndoCause?
  /// The wave whose undo has begun and not ended.
  package private(set) var undoUnderway: Int?
  /// How often a target was built: more than once after a resume.
  package private(set) var epochs = 0
  /// Steps whose effect is in force, with how often each took effect.
  package private(set) var effects: [String: Int] = [:]

  /// - Throws: `BulkheadError(.journalDamaged)` for a record that cannot be read.
  package init(_ records: [JournalRecord]) throws {
    for record in records {
      do {
        try take(record)
      } catch {
        throw BulkheadError(
          .journalDamaged, "journal record \(record.seq) (\(record.kind)) cannot be read", cause: error)
      }
    }
  }

  private mutating func take(_ record: JournalRecord) throws {
    let body = Data(record.body.utf8)
    let decoder = JSONDecoder()
    switch RunLedger.Kind(rawValue: record.kind) {
    case .run: header = try decoder.decode(RunHeader.self, from: body)
    case .epoch: epochs += 1
    case .wave:
      let wave = try decoder.decode(WaveRecord.self, from: body)
      waves.append(wave)
      if wave.result == .promoted {
        for step in wave.steps { effects[step.id, default: 0] += 1 }
      }
      seconds = wave.startSeconds + wave.seconds
    case .end:
      let end = try decoder.decode(EndRecord.self, from: body)
      result = end.result
      seconds = end.seconds
    case .command:
      undoUnderway = nil
      if case .undo(let wave, let cause) = try decoder.decode(RolloutCommand.self, from: body) {
        (undoUnderway, undoCause) = (wave, cause)
      }
    case .event:
      if case .undone = try decoder.decode(RolloutEvent.self, from: body) { undoUnderway = nil }
    case .stepIntent, .stepUndone: break
    case nil: throw BulkheadError(.journalDamaged, "unknown kind of record \"\(record.kind.safeForTerminal)\"")
    }
  }

  /// What the command line answers (design, section 4: 81 over 82 over 80).
  package var exitCode: ExitCode {
    switch (result, undoCause) {
    case (.promoted, _): .ok
    case (.rolledBack, .escape): .probeEscaped
    case (.rolledBack, _): .gateFailed
    case (.failed, .some): .rollbackIncomplete
    case (.failed, nil), (nil, _): .unexpected
    }
  }

  /// Where to go on: after the last wave whose end is in the journal as promoted.
  package var resume: RunResume {
    RunResume(nextWave: waves.count { $0.result == .promoted }, elapsedSeconds: seconds)
  }
}

package struct RunResume: Sendable, Equatable {
  package var nextWave: Int
  package var elapsedSeconds: Double

  package init(nextWave: Int = 0, elapsedSeconds: Double = 0) {
    self.nextWave = nextWave
    self.elapsedSeconds = elapsedSeconds
  }
}
