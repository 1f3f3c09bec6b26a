import KubernetesAPI
import KubernetesTarget
import Rollout

/// A run that lives in the cluster: in ConfigMaps and in the status of its `Rollout`.
struct ControllerHome: RolloutHome {
  let client: KubernetesClient
  let owner: RolloutOwner
  let picture: RolloutPicture
  let reporter: ControllerReporter
  /// What the run begins with, to be kept: what the order says later does not change a run that has begun.
  let plan: String
  let options: ClusterRolloutOptions

  private var texts: ClusterTexts { ClusterTexts(client, owner) }

  func fleet() async throws -> String? { try await texts.read("fleet") }

  func begin(fleet: String) async throws {
    try await texts.write(plan, as: "plan")
    try await texts.write(try options.keptText, as: "start")
    // Last: where it is, all of the rest is.
    try await texts.write(fleet, as: "fleet")
  }

  /// What a run was begun with; nil where none was.
  static func beginning(_ texts: ClusterTexts) async throws -> (plan: String, options: ClusterRolloutOptions)? {
    guard let plan = try await texts.read("plan"), let start = try await texts.read("start") else { return nil }
    return (plan, try ClusterRolloutOptions(keptText: start))
  }

  func withJournal<Value: Sendable>(
    _ body: @Sendable (any Journal) async throws -> Value
  ) async throws -> Value {
    let journal = try await ClusterJournal.open(client, owner, least: await reporter.status.journalRecords)
    await reporter.follows(journal)
    return try await body(journal)
  }

  func kept(_ file: RunFile) async throws -> String? {
    switch file {
    case .frozen: await reporter.status.phase == .frozen ? "" : nil
    case .undone: await reporter.status.phase == .undone ? "" : nil
    case .record: try await texts.read("record")
    case .report: try await texts.read("report")
    case .sidecarsLeft: try await texts.read("sidecars-left")
    case .patch(let name): try await texts.read("patch-\(name)")
    }
  }

  func keep(_ text: String, as file: RunFile) async throws {
    switch file {
    case .frozen: await reporter.froze()
    case .undone: await reporter.undid(left: [])
    case .record: try await texts.write(text, as: "record")
    case .report: try await texts.write(text, as: "report")
    case .sidecarsLeft: try await texts.write(text, as: "sidecars-left")
    case .patch(let name): try await texts.write(text, as: "patch-\(name)")
    }
  }

  /// An object that is gone wants nothing any more.
  func wishes(wave: Int) -> RolloutWishes {
    guard let order = picture.entry(uid: owner.uid)?.order else { return RolloutWishes(isAborted: true) }
    return RolloutWishes(
      isPaused: order.action == .pause, isAborted: order.isAborted,
      isApproved: !order.approvesWaves || order.approvedWaves >= wave)
  }
}
