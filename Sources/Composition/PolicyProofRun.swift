import Diagnostics
import FleetModel
import Intake
import IntentModel
import Planning
package import Policies
import Reachability
import Twin

/// Tries the policies that `bulkhead policies` writes, as they are written, on a twin of the fleet.
///
/// As network policies alone, before anything is in the mesh; with every workload at the end of its way, where the
/// sidecars' own rules are added; and, of a mesh that has objects of its own, as those alone: they are read back, and
/// what they let in is what real Envoys let in.
package struct PolicyProofRun: Sendable {
  private var options: RehearsalOptions
  private let policies: PolicyOptions

  package init(_ options: RehearsalOptions, policies: PolicyOptions) {
    self.options = options
    // The attempts are what counts.
    self.options.requestsPerSecond = 5
    self.policies = policies
  }

  /// - Parameter progress: told in words what is done next.
  /// - Throws: `BulkheadError`; nothing is left behind, however it ends.
  package func run(progress: @Sendable (String) -> Void) async throws -> PolicyProof {
    let tools = try Tools.find()
    let bare = try Intake().read(options.sources, strict: options.strictInput).fleet
    let set = PolicySolver(bare, options: policies).solve()
    // The text is what users apply, so the text is what is tried; the patches give pods the labels it selects.
    let written = InputSource(name: "policies", bytes: Array(set.yaml.utf8))
    var fleet = set.applied(to: bare)
    let later = try Intake().read(options.sources + [written]).fleet
    fleet.networkPolicies = later.networkPolicies
    let pairs = self.pairs(fleet, set.flows)
    guard !pairs.isEmpty else {
      throw BulkheadError(
        .badInput, "the input holds no two workloads of which one serves a port",
        cure: "name manifests with Services and what is behind them")
    }
    let plan = WavePlanner(capacity: options.capacity, fleet: fleet).plan(fleet)
    progress("network policies alone: \(pairs.count) attempts")
    let alone = try await attempt(pairs, IntentDerivation(fleet: fleet), [:], tools)
    progress("with every workload in the mesh: \(pairs.count) attempts")
    let inMesh = try await attempt(
      pairs, IntentDerivation(fleet: fleet), plan.postures(before: plan.waves.count), tools)
    var proof = PolicyProof(stages: [
      PolicyProof.Stage(name: "network policies alone", attempts: alone),
      PolicyProof.Stage(name: "in the mesh", attempts: inMesh),
    ])
    if let mesh = policies.target.mesh, mesh != .envoy {
      fleet.networkPolicies = bare.networkPolicies
      fleet.customObjects = later.customObjects
      let objects = MeshAdmissions(fleet, options: policies.meshOptions(in: bare))
      proof.stages.append(try await objectsAlone(objects, pairs, fleet, tools, progress))
    }
    return proof
  }

  /// Without a network policy of ours: what is refused is refused by the mesh's rules, or by its mutual TLS.
  private func objectsAlone(
    _ objects: MeshAdmissions, _ pairs: [Pair], _ fleet: Fleet, _ tools: Tools,
    _ progress: @Sendable (String) -> Void
  ) async throws -> PolicyProof.Stage {
    let open = pairs.map { $0.isOpen(by: objects) }
    let tried = zip(pairs, open).filter { $1 == nil }.map(\.0)
    progress("objects of \(policies.target.title) alone, enforced by Envoy: \(tried.count) attempts")
    let derivation = IntentDerivation(fleet: fleet, admissions: objects.admissions)
    var stage = PolicyProof.Stage(
      name: "objects of \(policies.target.title) alone",
      attempts: try await attempt(tried, derivation, objects.postures, tools))
    stage.leftOpen = zip(pairs, open).compactMap { pair, why in
      guard let why, pair.way == .service else { return nil }
      return PolicyProof.LeftOpen(from: pair.from, to: pair.to, port: pair.port, because: why)
    }
    return stage
  }

  private struct Pair: Sendable {
    var from: ObjectReference
    var to: ObjectReference
    var port: Int
    var wireProtocol: WireProtocol
    var way: PolicyProof.Attempt.Way
    var needed: Bool

    /// Why a mesh's objects do not refuse the call, or cannot be said to; nil where they must decide it.
    func isOpen(by objects: MeshAdmissions) -> String? {
      let at = Admissions.Port(workload: to, port: port)
      if objects.postures[to] == nil { return "the workload is not in the mesh" }
      if objects.undecided.contains(.init(caller: from, port: at)) {
        return "it hangs on requests, or on what is not in the input"
      }
      guard !needed else { return nil }
      if objects.admissions.outside.contains(at) { return "callers without an identity are let in" }
      if objects.admissions.callers[at]?.contains(from) == true { return "the mesh's rules let it in" }
      return nil
    }
  }

  /// Every workload against every port that services of another lead to. A pod on the node's network is the node.
  private func pairs(_ fleet: Fleet, _ flows: [PolicyFlow]) -> [Pair] {
    let derivation = IntentDerivation(fleet: fleet)
    let ordinary = fleet.workloads.filter { !$0.pod.hostNetwork }
    var result: [Pair] = []
    for to in ordinary {
      for flow in derivation.intent(of: to, posture: .untouched).inbound {
        for from in ordinary where from.id != to.id {
          let needed = flows.contains { $0.caller == from.id && $0.target == to.id && $0.port == flow.port }
          // A needed call goes by the service; another is tried past it too.
          for way in needed ? [PolicyProof.Attempt.Way.service] : [.service, .pod] {
            result.append(
              Pair(
                from: from.id, to: to.id, port: flow.port, wireProtocol: flow.wireProtocol, way: way, needed: needed))
          }
        }
      }
    }
    return result
  }

  /// Refused packets vanish in silence, so that an attempt may take its whole time: several are made at once.
  private static let atOnce = 12

  private func attempt(
    _ pairs: [Pair], _ derivation: IntentDerivation, _ postures: [ObjectReference: Posture], _ tools: Tools
  ) async throws -> [PolicyProof.Attempt] {
    let session = try TwinSession(
      fleet: derivation.fleet, derivation: derivation, options: options, tools: tools)
    do {
      try await session.twin.begin(postures)
      var results: [Int: PolicyProof.Attempt] = [:]
      let twin = session.twin
      try await withThrowingTaskGroup(of: (Int, PolicyProof.Attempt).self) { group in
        for (index, pair) in pairs.enumerated() {
          if index >= Self.atOnce, let (done, attempt) = try await group.next() { results[done] = attempt }
          group.addTask { (index, try await Self.attempt(pair, on: twin)) }
        }
        while let (done, attempt) = try await group.next() { results[done] = attempt }
      }
      await session.close()
      return pairs.indices.compactMap { results[$0] }
    } catch {
      await session.close()
      throw error
    }
  }

  private static func attempt(_ pair: Pair, on twin: LocalTwin) async throws -> PolicyProof.Attempt {
    let attempt = try await twin.tryFlow(
      from: pair.from, to: pair.to, port: pair.port, wireProtocol: pair.wireProtocol, directly: pair.way == .pod,
      patience: pair.needed ? .seconds(10) : .milliseconds(1500))
    return PolicyProof.Attempt(
      from: pair.from, to: pair.to, port: pair.port, way: pair.way, needed: pair.needed,
      result: attempt.result.rawValue, seen: attempt.seen)
  }
}
