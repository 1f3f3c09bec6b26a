package import Diagnostics
import FleetModel
import Foundation
import KubernetesAPI
import KubernetesTarget
import Planning
package import Rollout

/// A rollout that the command line carries out, and that lives in a folder.
package struct ClusterRollout: Sendable {
  private let folder: ClusterRolloutFolder
  private let plan: Plan
  private let options: ClusterRolloutOptions
  private let say: @Sendable (String) -> Void

  /// A new run into `options.out`.
  package init(starting options: ClusterRolloutOptions, say: @escaping @Sendable (String) -> Void) throws {
    let plan = try ClusterRun.plan(options.plan, name: options.planName, mesh: options.mesh)
    var options = options
    options.runner = String(UUID().uuidString.prefix(8))
    self.init(try ClusterRolloutFolder.vacant(options.out), plan, options, say)
  }

  /// The run in a folder: to go on with it, or to take it back.
  /// - Parameter place: names the cluster otherwise than the run was told when it began.
  package init(
    in path: String, at place: ClusterPlace = ClusterPlace(), say: @escaping @Sendable (String) -> Void
  ) throws {
    let folder = try ClusterRolloutFolder.open(path)
    let kept = String(decoding: try folder.read(folder.start), as: UTF8.self)
    var options = try ClusterRolloutOptions(keptText: kept, out: path)
    place.override(&options.access)
    let plan = try PlanFile.read(Array(try folder.read(folder.plan)), name: folder.plan).plan
    self.init(folder, plan, options, say)
  }

  private init(
    _ folder: ClusterRolloutFolder, _ plan: Plan, _ options: ClusterRolloutOptions,
    _ say: @escaping @Sendable (String) -> Void
  ) {
    (self.folder, self.plan, self.options, self.say) = (folder, plan, options, say)
  }

  /// Nil where there was nothing to do.
  package var reportPath: String? { folder.has(folder.report) ? folder.report : nil }

  /// Runs to the end and writes the reports.
  package func run(_ watchers: RolloutWatchers) async throws -> ExitCode {
    try await withCluster { try await $0.run($1, RolloutLease($1, holder: holder, say: say), watchers) }
  }

  /// Puts every wave back that was promoted, the last one first.
  /// - Returns: what could not be put back.
  package func undo() async throws -> [String] {
    try await withCluster(isUndo: true) { try await $0.undo($1, RolloutLease($1, holder: holder, say: say)) }
  }

  /// A run that goes on on the same machine takes its own lease back at once.
  private var holder: String {
    "\(ProcessInfo.processInfo.hostName):\(URL(fileURLWithPath: folder.path).path)#\(options.runner ?? "")"
  }

  private func withCluster<Value: Sendable>(
    isUndo: Bool = false, _ body: @Sendable (ClusterRun, KubernetesClient) async throws -> Value
  ) async throws -> Value {
    let say = say
    var access = options.access
    access.answerSeconds = RolloutLease.seconds / 3
    return try await access.with(warn: { say("the cluster warns: \($0)") }) { client in
      try await body(try await run(on: client, isUndo: isUndo), client)
    }
  }

  /// On the cluster that it began on, and on no other.
  private func run(on client: KubernetesClient, isUndo: Bool) async throws -> ClusterRun {
    var options = options
    let cluster = try await ClusterIdentity.read(
      client, namespaces: Set(plan.waves.flatMap(\.workloads).map(\.namespace)))
    try options.cluster?.require(cluster, isUndo: isUndo)
    options.cluster = options.cluster ?? cluster
    let home = FolderHome(folder: folder, options: options, plan: PlanText(plan).text)
    return ClusterRun(home: home, plan: plan, options: options, say: say)
  }
}
