import Breach
import Crypto
package import Diagnostics
import EnvoyMesh
import FleetModel
import Foundation
import Intake
import IntentModel
import JournalStore
import KubernetesAPI
import KubernetesTarget
import Planning
import Reports
package import Rollout
import Trials

/// A rollout on a Kubernetes cluster with plain Envoy: wires plan, cluster, engine, journal and reports.
package struct ClusterRollout: Sendable {
  private let folder: ClusterRolloutFolder
  private let options: ClusterRolloutOptions
  private let plan: Plan
  private let resuming: Bool
  private let say: @Sendable (String) -> Void

  /// A new run into `options.out`.
  package init(starting options: ClusterRolloutOptions, say: @escaping @Sendable (String) -> Void) throws {
    let file = try PlanFile.read(options.plan, name: options.planName)
    guard file.plan.mesh == Mesh.envoy.rawValue || file.plan.mesh.isEmpty else {
      throw BulkheadError(
        .badInput, "the plan is for \(file.plan.mesh.safeForTerminal), and this is a rollout of plain Envoy",
        cure: "plan anew: bulkhead plan --mesh envoy")
    }
    try file.signature?.verifyUnchanged(file.plan)
    guard !file.plan.waves.isEmpty else {
      throw BulkheadError(.badInput, "the plan has no waves", cure: "plan a fleet with something to enrol")
    }
    folder = try ClusterRolloutFolder.vacant(options.out)
    (self.options, self.say) = (options, say)
    plan = file.plan
    resuming = false
  }

  /// The run in a folder: to go on with it, or to take it back.
  /// - Parameter place: names the cluster otherwise than the run was told when it began.
  package init(
    in path: String, at place: ClusterPlace = ClusterPlace(), say: @escaping @Sendable (String) -> Void
  ) throws {
    folder = try ClusterRolloutFolder.open(path)
    let kept = try JSONDecoder().decode(ClusterRolloutOptions.Kept.self, from: try folder.read(folder.start))
    var options = ClusterRolloutOptions(kept, out: path)
    place.override(&options.access)
    self.options = options
    plan = try PlanFile.read(Array(try folder.read(folder.plan)), name: folder.plan).plan
    self.say = say
    resuming = true
  }

  /// Nil where there was nothing to do.
  package var reportPath: String? { folder.has(folder.report) ? folder.report : nil }

  /// Runs to the end and writes the reports.
  package func run(_ watchers: RolloutWatchers) async throws -> ExitCode {
    guard !folder.has(folder.undone) else {
      throw BulkheadError(.usage, "this run was undone", cure: "start a new one in another folder")
    }
    return try await withCluster { client in
      if try await isDone(client) { return .ok }
      let fleet = try await self.fleet(client)
      try check(fleet)
      let journal = try await openJournal()
      do {
        let code = try await self.run(client, fleet, journal, watchers)
        try await journal.close()
        return code
      } catch {
        try? await journal.close()
        throw error
      }
    }
  }

  /// Puts every wave back that was promoted, the last one first.
  /// - Returns: what could not be put back.
  package func undo() async throws -> [String] {
    try await withCluster { client in
      let fleet = try await self.fleet(client)
      let journal = try await SQLiteJournal.open(at: folder.journal, .resume)
      let history = try RunHistory(try await journal.records())
      let lease = RolloutLease(client, holder: holder)
      let left = try await lease.with { () -> [String] in
        let target = try self.target(client, fleet, lease: lease)
        try await target.prepareUndo()
        var left: [String] = []
        // An interrupted wave may have left things, too.
        for wave in plan.waves.prefix(history.resume.nextWave + 1).reversed() {
          // A caller must not lose its identity while one whom it calls may still demand it.
          guard left.isEmpty else {
            left.append("\(wave.name): it waits for the later waves")
            continue
          }
          say("undoing \(wave.name)")
          left += await target.undo(wave)
        }
        if left.isEmpty, try await !target.uninstallDiscovery() {
          say("workloads outside of the plan have sidecars: the discovery server stays")
        }
        return left
      }
      try await journal.close()
      if left.isEmpty { try folder.write("undone\n", to: folder.undone) }
      return left
    }
  }

  // MARK: - Parts

  private var holder: String { "\(ProcessInfo.processInfo.hostName):\(URL(fileURLWithPath: folder.path).path)" }

  private func withCluster<Value: Sendable>(
    _ body: @Sendable (KubernetesClient) async throws -> Value
  ) async throws -> Value {
    var access = options.access
    access.isUrgent = true
    return try await access.with(warn: { say("the cluster warns: \($0)") }, body)
  }

  /// The fleet as it was when the run began.
  private func fleet(_ client: KubernetesClient) async throws -> Fleet {
    if !folder.has(folder.start) {
      let namespaces = Set(plan.waves.flatMap(\.workloads).map(\.namespace)).sorted()
      let text = try await FleetReader.text(client, namespaces: namespaces)
      try folder.make()
      try folder.write(text, to: folder.fleet)
      try folder.write(PlanText(plan).text, to: folder.plan)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      try folder.write(String(decoding: try encoder.encode(options.kept), as: UTF8.self), to: folder.start)
    }
    let source = InputSource(name: folder.fleet, bytes: Array(try folder.read(folder.fleet)))
    return try Intake().read([source], strict: false).fleet
  }

  /// Whether a new run finds everything as it would leave it. Nothing is written then.
  private func isDone(_ client: KubernetesClient) async throws -> Bool {
    guard !folder.has(folder.start) else { return false }
    switch try await ClusterStanding.of(plan, digest: planDigest, client) {
    case .untouched: return false
    case .done:
      say("nothing to do: every workload of the plan stands as its last wave leaves it")
      return true
    case .other(let workloads):
      throw BulkheadError(
        .configuration,
        "\(workloads.prefix(5).map(\.description).joined(separator: ", ")) were enrolled by another run or plan",
        cure: "go on with that run, or take it back: bulkhead rollout resume, bulkhead rollout undo")
    }
  }

  private func check(_ fleet: Fleet) throws {
    let missing = Set(plan.waves.flatMap(\.workloads)).filter { fleet.workload($0) == nil }.sorted()
    guard missing.isEmpty else {
      throw BulkheadError(
        .badInput,
        "the cluster lacks workloads of the plan: \(missing.prefix(5).map(\.description).joined(separator: ", "))",
        cure: "plan what the cluster has: bulkhead plan --kube --mesh envoy -o yaml")
    }
    if FleetDigest.of(fleet) != plan.fleetDigest, !resuming {
      say("the plan was made from another source than this cluster's present state; its workloads are all there")
    }
  }

  private var planDigest: String {
    SHA256.hash(data: Data(PlanText(plan).text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private func openJournal() async throws -> SQLiteJournal {
    try await SQLiteJournal.open(at: folder.journal, folder.has(folder.journal) ? .resume : .create)
  }

  private func target(_ client: KubernetesClient, _ fleet: Fleet, lease: RolloutLease) throws -> ClusterTarget {
    let folder = folder
    let settings = ClusterTargetSettings(
      plan: plan, planDigest: planDigest, fleet: fleet, derivation: IntentDerivation(fleet: fleet),
      images: options.images, makeKeys: { try MeshKeys.make() },
      bootstrap: { ClusterBootstrap.text(address: $0, serverName: ClusterNames.serverName, root: $1) },
      writePatch: { try folder.writePatch($0, $1) }, say: say)
    return ClusterTarget(client, settings, lease: lease)
  }

  private func run(
    _ client: KubernetesClient, _ fleet: Fleet, _ journal: SQLiteJournal, _ watchers: RolloutWatchers
  ) async throws -> ExitCode {
    _ = try await journal.verify()
    let history = try RunHistory(try await journal.records())
    let (trials, leftOut) = trials(fleet)
    if history.header == nil {
      var kept = ["target": "kubernetes", "planDigest": planDigest, "leftOut": leftOut.joined(separator: "\n")]
      kept["context"] = client.settings.name
      try await RunLedger(journal: journal).runBegins(
        RunHeader(
          fleetDigest: plan.fleetDigest, mesh: Mesh.envoy.rawValue, waves: plan.waves.count, options: kept, planted: [])
      )
    }
    if history.result == nil {
      try await BulkheadNamespace.make(client)
      let lease = RolloutLease(client, holder: holder)
      let target = try target(client, fleet, lease: lease)
      do {
        try await lease.with { try await execute(target, fleet, trials, journal, history.resume, watchers) }
      } catch let failure as APIFailure {
        throw try RunHistory(try await journal.records()).unfinishedUndo(plan, after: failure) ?? failure
      }
    }
    let finished = try RunHistory(try await journal.records())
    let report = RunReport(history: finished, fleet: fleet, plan: plan, findings: [])
    try folder.write(try report.json, to: folder.record)
    try folder.write(HTMLReport(report).text, to: folder.report)
    return finished.exitCode
  }

  private func execute(
    _ target: ClusterTarget, _ fleet: Fleet, _ trials: [[Trial]], _ journal: SQLiteJournal, _ resume: RunResume,
    _ watchers: RolloutWatchers
  ) async throws {
    let derivation = IntentDerivation(fleet: fleet)
    var limits = options.limits
    // How long a verdict may take is the cluster's matter; what becomes of none is the plan's.
    (limits.deadline.decision, limits.deadline.holdSeconds) = (plan.gate.decision, plan.gate.holdSeconds)
    let vectors =
      options.standinImage == nil ? [] : VectorCatalogue.probed.filter { ClusterTarget.vectors.contains($0.code) }
    var parts = RolloutExecutor.Parts(
      plan: plan, trials: trials, vectors: vectors,
      target: SteeredTarget(target, folder, approval: options.approval, say: say),
      traffic: SteeredTraffic(target: target, folder: folder), faults: target, range: target,
      escapes: vectors.isEmpty ? NoEscapes() : target, observer: watchers.observer, arbiter: watchers.arbiter,
      limits: limits,
      intent: { id, posture in fleet.workload(id).map { derivation.intent(of: $0, posture: posture) } })
    parts.controls = ClusterTarget.controls
    let executor = RolloutExecutor(parts, journal: journal, resume: resume)
    do {
      _ = try await executor.run()
    } catch {
      await Task { await target.close() }.value
      throw error
    }
    await target.close()
  }

  /// The trials that the cluster can show, and what was left out, in words.
  private func trials(_ fleet: Fleet) -> (trials: [[Trial]], leftOut: [String]) {
    let derivation = IntentDerivation(fleet: fleet)
    let players = Set(derivation.players.map(\.id))
    let planner = TrialPlanner(fleet: fleet)
    var leftOut: [String] = []
    let result = plan.waves.map { wave -> [Trial] in
      guard options.trials else { return [] }
      let postures = plan.postures(before: wave.index + 1)
      let all = planner.trials(for: wave.workloads, postures: postures, players: players)
      return all.filter { trial in
        guard ClusterTarget.supports(trial.fault) else {
          leftOut.append("\(wave.name): \(trial.fault.title): nothing shows on this cluster that packets are dropped")
          return false
        }
        guard case .delay(let caller, _, _) = trial.fault, postures[caller]?.enrolled != true else { return true }
        leftOut.append("\(wave.name): \(trial.fault.title): the caller has no sidecar yet that says who calls")
        return false
      }.map(\.onCluster)
    }
    if !options.trials { leftOut.append("all trials, as asked") }
    let untried = Control.all.filter { !ClusterTarget.controls.contains($0) }
    leftOut += untried.map { "control \($0.kind.rawValue): it cannot be tried from outside the workload's pods" }
    let unprobed = VectorCatalogue.probed.filter {
      options.standinImage == nil || !ClusterTarget.vectors.contains($0.code)
    }
    if !unprobed.isEmpty {
      leftOut.append("break-outs \(unprobed.map(\.code).joined(separator: " ")): tried on the twin (bulkhead rehearse)")
    }
    return (result, leftOut)
  }
}

extension Trial {
  /// Endpoints, pods and counts of a cluster take seconds where the twin's take tenths of them.
  fileprivate var onCluster: Trial {
    let patience = 10.0
    guard recoverySeconds < patience else { return self }
    var trial = self
    trial.hypothesis = hypothesis.replacingOccurrences(
      of: "within \(Int(recoverySeconds)) s", with: "within \(Int(patience)) s")
    trial.recoverySeconds = patience
    return trial
  }
}
