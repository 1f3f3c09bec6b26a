import Diagnostics
package import FleetModel
package import Foundation
import Intake
import KubernetesAPI
package import Planning
package import Rollout

/// The `status` of a `Rollout` object. What a run must know again is in its journal; that it is frozen, or was undone,
/// is here alone.
package struct RolloutStatus: Sendable, Equatable, Codable {
  package enum Phase: String, Sendable, Codable, CaseIterable {
    case pending = "Pending"
    /// The order cannot be carried out as it is.
    case invalid = "Invalid"
    case running = "Running"
    case paused = "Paused"
    case awaitingApproval = "AwaitingApproval"
    case rollingBack = "RollingBack"
    case frozen = "Frozen"
    case promoted = "Promoted"
    case rolledBack = "RolledBack"
    /// Something could not be put back, or was never begun; the message says what.
    case failed = "Failed"
    case undoing = "Undoing"
    case undone = "Undone"

    /// Whether a leader has something under way.
    package var isActive: Bool {
      [.running, .paused, .awaitingApproval, .rollingBack, .undoing].contains(self)
    }
  }

  package struct Wave: Sendable, Equatable, Codable {
    package var name: String
    /// open, running, promoted, rolledBack or failed.
    package var result: String
    package var reason: String
    /// Of a large plan the first of each wave: an object has room for some of them only.
    package var workloads: [String]
    package var workloadCount: Int?
  }

  /// How many names of workloads a status holds in all.
  package static let mostNames = 1_000

  /// Waves as a plan has them, with what became of them so far.
  package static func waves(of plan: Plan, _ ended: [Int: WaveRecord] = [:]) -> [Wave] {
    let all = plan.waves.reduce(0) { $0 + $1.workloads.count }
    let most = all <= mostNames ? mostNames : max(1, mostNames / max(1, plan.waves.count))
    return plan.waves.map { wave in
      Wave(
        name: wave.name, result: ended[wave.index]?.result.rawValue ?? "open",
        reason: reason(of: ended[wave.index]), workloads: wave.workloads.prefix(most).map(\.description),
        workloadCount: wave.workloads.count)
    }
  }

  /// Why a wave failed, and what could not be put back.
  package static func reason(of wave: WaveRecord?) -> String {
    let left = (wave?.notPutBack ?? []).map { "not put back: \($0)" }
    return String(([wave?.reason].compactMap(\.self) + left).joined(separator: "; ").safeForTerminal.prefix(1_000))
  }

  package struct Condition: Sendable, Equatable, Codable {
    package var type: String
    package var status: String
    package var reason: String
    package var message: String
    package var observedGeneration: Int
    package var lastTransitionTime: String
  }

  package var observedGeneration = 0
  package var phase = Phase.pending
  /// Promoted waves of all waves: `2/4`.
  package var progress = ""
  package var message = ""
  package var planDigest = ""
  /// Of the lease under which it was last written.
  package var epoch = 0
  /// As the command line would end; −1 before the end.
  package var exitCode = -1
  /// How long the journal was when this was written; it only grows.
  package var journalRecords = 0
  package var waves: [Wave] = []
  package var conditions: [Condition] = []

  package init() {}

  /// Fields that are missing, as those of a later version may be, are as in a new status.
  package init(from decoder: any Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ key: CodingKeys, _ usual: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? usual
    }
    observedGeneration = try read(.observedGeneration, observedGeneration)
    phase = try read(.phase, phase)
    progress = try read(.progress, progress)
    message = try read(.message, message)
    planDigest = try read(.planDigest, planDigest)
    epoch = try read(.epoch, epoch)
    exitCode = try read(.exitCode, exitCode)
    journalRecords = try read(.journalRecords, journalRecords)
    waves = try read(.waves, waves)
    conditions = try read(.conditions, conditions)
  }

  /// A text as a message has it.
  package static func message(_ text: String) -> String { String(text.safeForTerminal.prefix(2_000)) }

  /// Of an object; an unreadable one counts as none.
  package init(of object: DocumentValue) {
    self.init()
    guard let status = object["status"],
      let read = try? JSONDecoder().decode(Self.self, from: Data(JSONText(status).bytes))
    else { return }
    self = read
  }

  /// As a merge patch of the object.
  package var patch: DocumentValue {
    get throws {
      let data = try JSONEncoder().encode(self)
      return .map(["status": try JSONItem.read(Array(data)).value])
    }
  }

  package mutating func set(
    _ type: String, _ status: String, _ reason: String, _ message: String, generation: Int, now: Date
  ) {
    var condition = Condition(
      type: type, status: status, reason: reason, message: message, observedGeneration: generation,
      lastTransitionTime: now.formatted(.iso8601))
    guard let index = conditions.firstIndex(where: { $0.type == type }) else {
      conditions.append(condition)
      conditions.sort { $0.type < $1.type }
      return
    }
    if conditions[index].status == status { condition.lastTransitionTime = conditions[index].lastTransitionTime }
    conditions[index] = condition
  }
}
