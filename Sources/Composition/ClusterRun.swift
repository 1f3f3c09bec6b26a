import Breach
import Crypto
import Diagnostics
import EnvoyMesh
import FleetModel
import Foundation
import Intake
import IntentModel
import KubernetesAPI
import KubernetesTarget
import Planning
import Reports
import Rollout
import Trials

/// A plan's run on a Kubernetes cluster, wherever it lives: wires plan, cluster, engine, journal and reports.
struct ClusterRun: Sendable {
  let home: any RolloutHome
  let plan: Plan
  let options: ClusterRolloutOptions
  let say: @Sendable (String) -> Void

  /// Reads a plan and checks that it is one for clusters.
  /// - Parameter mesh: that it must be for; nil for whichever it is.
  static func plan(_ bytes: [UInt8], name: String, mesh: String? = nil) throws -> Plan {
    let file = try PlanFile.read(bytes, name: name)
    guard file.plan.mesh.isEmpty || Mesh(rawValue: file.plan.mesh) != nil else {
      throw BulkheadError(
        .badInput, "the plan is for a mesh that is not known: \(file.plan.mesh.safeForTerminal)",
        cure: "plan anew with --mesh \(Mesh.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard mesh == nil || file.plan.mesh == mesh || file.plan.mesh.isEmpty && mesh == Mesh.envoy.rawValue else {
      throw BulkheadError(
        .badInput, "the plan is for \(file.plan.mesh.safeForTerminal), and this is to be a rollout of \(mesh ?? "")",
        cure: "plan anew: bulkhead plan --mesh \(mesh ?? "")")
    }
    try file.signature?.verifyUnchanged(file.plan)
    guard !file.plan.waves.isEmpty else {
      throw BulkheadError(.badInput, "the plan has no waves", cure: "plan a fleet with something to enrol")
    }
    return file.plan
  }

  /// Names the plan on everything that is written: SHA-256 of its text, in hex.
  var planDigest: String { Self.digest(of: plan) }

  static func digest(of plan: Plan) -> String {
    SHA256.hash(data: Data(PlanText(plan).text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Runs to the end and writes the reports. What finds everything as it would leave it writes nothing.
  func run(_ client: KubernetesClient, _ lease: RolloutLease, _ watchers: RolloutWatchers) async throws -> ExitCode {
    guard try await home.kept(.undone) == nil else {
      throw BulkheadError(.usage, "this run was undone", cure: "start a new one")
    }
    if try await home.kept(.frozen) != nil, !home.wishes(wave: 1).isAborted {
      throw BulkheadError(
        .configuration, "this run is frozen, so that people can look at what failed",
        cure: "abort it, and go on with it: its wave is then put back")
    }
    let isNew = try await home.fleet() == nil
    if isNew, try await isDone(client) { return .ok }
    if try await home.kept(.record) == nil { try await mesh.require(client) }
    let fleet = try await fleet(client, isNew: isNew)
    return try await home.withJournal { try await run(client, lease, fleet, $0, watchers) }
  }

  /// Puts every wave back that was promoted, the last one first.
  /// - Returns: what could not be put back.
  func undo(_ client: KubernetesClient, _ lease: RolloutLease) async throws -> [String] {
    if try await home.kept(.undone) != nil {
      say("this run was undone already")
      return []
    }
    guard try await home.fleet() != nil else {
      try await home.keep("undone\n", as: .undone)
      return []
    }
    let fleet = try await fleet(client, isNew: false)
    let left = try await home.withJournal { journal in
      let history = try RunHistory(try await journal.records())
      return try await lease.with { () -> [String] in
        guard try await isStillHere(client) else { return [] }
        let target = try await target(client, fleet, lease, try await chaosMesh(client))
        try await target.prepareUndo()
        var left: [String] = []
        // An interrupted wave may have left things, too; one that was rolled back as a whole has not.
        let begun = history.resume.nextWave + (history.result == .rolledBack ? 0 : 1)
        for wave in plan.waves.prefix(begun).reversed() {
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
    }
    if left.isEmpty { try await home.keep("undone\n", as: .undone) }
    return left
  }

  // MARK: - Parts

  var mesh: ClusterMesh {
    ClusterMesh(
      mesh: Mesh(rawValue: plan.mesh) ?? .envoy, revision: options.meshRevision, namespace: options.meshNamespace)
  }

  /// The fleet as it was when the run began. A new run begins once everything was found fit for it.
  private func fleet(_ client: KubernetesClient, isNew: Bool) async throws -> Fleet {
    let text: String
    if let kept = try await home.fleet() {
      text = kept
    } else {
      let namespaces = Set(plan.waves.flatMap(\.workloads).map(\.namespace)).sorted()
      text = try await FleetReader.text(client, namespaces: namespaces)
    }
    let read = try Intake().read([InputSource(name: "the cluster", bytes: Array(text.utf8))], strict: false).fleet
    // What no object of the cluster tells: without it, such calls would be refused.
    let fleet = Intake().adding(observed: plan.observedCalls, to: read)
    guard isNew else { return fleet }
    try Self.require(plan, fits: fleet, context: client.settings.name, at: WaveSteering.clock())
    if FleetDigest.of(fleet) != plan.fleetDigest {
      say("the plan was made from another source than this cluster's present state; its workloads are all there")
    }
    if let policies = mesh.policies(plan, fleet, watchers: []) { try MeshReadiness(plan, fleet, policies).check() }
    try await home.begin(fleet: text)
    return fleet
  }

  /// Whether a new run finds everything as it would leave it. Nothing is written then.
  private func isDone(_ client: KubernetesClient) async throws -> Bool {
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

  /// Whether anything of this run is left to be gone on with, or put back. What another plan has enrolled since is not
  /// this run's to touch: its callers would lose the identities that others ask them for.
  private func isStillHere(_ client: KubernetesClient) async throws -> Bool {
    let (own, foreign) = try await ClusterStanding.enrolled(plan, digest: planDigest, client)
    guard !foreign.isEmpty else { return true }
    let names = foreign.prefix(5).map(\.description).joined(separator: ", ").safeForTerminal
    guard own.isEmpty else {
      throw BulkheadError(
        .configuration, "\(names) were enrolled by another plan since, and others by this run",
        cure: "take the run of that plan back first: bulkhead rollout undo")
    }
    say("nothing of this run is left: \(names) were enrolled by another plan since, and are left alone")
    return false
  }

  private func chaosMesh(_ client: KubernetesClient) async throws -> ChaosMeshStanding {
    let namespaces = Set(plan.waves.flatMap(\.workloads).map(\.namespace)).sorted()
    return try await ClusterTarget.chaosMesh(client, namespaces: namespaces)
  }

  private func target(
    _ client: KubernetesClient, _ fleet: Fleet, _ lease: RolloutLease, _ chaosMesh: ChaosMeshStanding
  ) async throws -> ClusterTarget {
    let (home, mesh) = (home, mesh)
    var settings = ClusterTargetSettings(
      plan: plan, planDigest: planDigest, fleet: fleet, derivation: IntentDerivation(fleet: fleet),
      images: options.images, makeKeys: { try MeshKeys.make() },
      bootstrap: { ClusterBootstrap.text(address: $0, serverName: ClusterNames.serverName, root: $1) },
      writePatch: { try await home.keep($1, as: .patch($0)) },
      checkpoint: { try home.wishes(wave: 1).refuseIfAborted() }, say: say)
    (settings.hasChaosMesh, settings.servesChaosMesh) = (chaosMesh == .usable, chaosMesh != .absent)
    let watchers = try await mesh.watchers(client, say: say)
    if let policies = mesh.policies(plan, fleet, watchers: watchers) {
      (settings.policies, settings.enrolment) = (policies, mesh.enrolment(policies))
      (settings.readStatistics, settings.readDurations) = (mesh.readStatistics, mesh.readDurations)
      settings.keepList = { try await home.keep($0, as: .sidecarsLeft) }
    }
    return ClusterTarget(client, settings, lease: lease)
  }

  private func run(
    _ client: KubernetesClient, _ lease: RolloutLease, _ fleet: Fleet, _ journal: any Journal,
    _ watchers: RolloutWatchers
  ) async throws -> ExitCode {
    let history = try RunHistory(try await journal.records())
    let chaosMesh = try await chaosMesh(client)
    if history.result == nil {
      try await BulkheadNamespace.make(client)
      do {
        try await lease.with {
          guard try await isStillHere(client) else {
            throw BulkheadError(
              .configuration, "there is nothing left to go on with",
              cure: "take the other run back, then start a new one")
          }
          let target = try await target(client, fleet, lease, chaosMesh)
          let enforcement = try await target.enforcement()
          let (trials, leftOut) = trials(fleet, chaosMesh, enforcement)
          if history.header == nil { try await begin(client, journal, leftOut: leftOut) }
          try await execute(target, fleet, trials, controls(enforcement), journal, history.resume, watchers)
        }
      } catch let failure as APIFailure {
        throw try RunHistory(try await journal.records()).unfinishedUndo(plan, after: failure) ?? failure
      }
    }
    let finished = try RunHistory(try await journal.records())
    let report = RunReport(history: finished, fleet: fleet, plan: plan, findings: [])
    try await home.keep(try report.json, as: .record)
    try await home.keep(HTMLReport(report).text, as: .report)
    return finished.exitCode
  }

  private func begin(_ client: KubernetesClient, _ journal: any Journal, leftOut: [String]) async throws {
    var kept = ["target": "kubernetes", "planDigest": planDigest, "leftOut": leftOut.joined(separator: "\n")]
    kept["context"] = client.settings.name
    try await RunLedger(journal: journal).runBegins(
      RunHeader(
        fleetDigest: plan.fleetDigest, mesh: mesh.mesh.rawValue, waves: plan.waves.count, options: kept, planted: []))
  }

  private func execute(
    _ target: ClusterTarget, _ fleet: Fleet, _ trials: [[Trial]], _ controls: [Control], _ journal: any Journal,
    _ resume: RunResume, _ watchers: RolloutWatchers
  ) async throws {
    let derivation = IntentDerivation(fleet: fleet)
    var limits = options.limits
    // How long a verdict may take is the cluster's matter; what becomes of none is the plan's.
    (limits.deadline.decision, limits.deadline.holdSeconds) = (plan.gate.decision, plan.gate.holdSeconds)
    limits.tolerance = min(limits.tolerance, plan.tolerance ?? limits.tolerance)
    let vectors = vectors
    let steered = SteeredTarget(
      target: target, home: home, onFailure: options.onFailure, observer: watchers.observer)
    var parts = RolloutExecutor.Parts(
      plan: plan, trials: trials, vectors: vectors, target: steered,
      traffic: SteeredTraffic(target: target, home: home), faults: target, range: target,
      escapes: vectors.isEmpty ? NoEscapes() : target, observer: watchers.observer, arbiter: watchers.arbiter,
      limits: limits,
      intent: { id, posture in fleet.workload(id).map { derivation.intent(of: $0, posture: posture) } })
    (parts.controls, parts.leavesBlindVectorsOut) = (controls, true)
    let executor = RolloutExecutor(parts, journal: journal, resume: resume)
    do {
      _ = try await executor.run()
    } catch {
      await Task { await target.close() }.value
      throw error
    }
    await target.close()
  }
}
