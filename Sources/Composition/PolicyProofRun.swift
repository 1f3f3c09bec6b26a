import Diagnostics
import FleetModel
import Intake
import IntentModel
import Planning
package import Policies
import Twin

/// Tries the policies that `bulkhead policies` writes, as they are written, on a twin of the fleet.
///
/// Twice: as network policies alone, before anything is in the mesh, and with every workload at the end of its way,
/// where the sidecars' own rules are added.
package struct PolicyProofRun: Sendable {
  private var options: RehearsalOptions
  private let policies: PolicyOptions

  package init(_ options: RehearsalOptions, policies: PolicyOptions) {
    self.options = options
    // Enough to know that users are served; the attempts are what counts.
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
    fleet.networkPolicies = try Intake().read(options.sources + [written]).fleet.networkPolicies
    let pairs = self.pairs(fleet, set.flows)
    guard !pairs.isEmpty else {
      throw BulkheadError(
        .badInput, "the input holds no two workloads of which one serves a port",
        cure: "name manifests with Services and what is behind them")
    }
    let plan = WavePlanner(capacity: options.capacity, fleet: fleet).plan(fleet)
    progress("network policies alone: \(pairs.count) attempts")
    let alone = try await attempt(pairs, fleet, [:], tools)
    progress("with every workload in the mesh: \(pairs.count) attempts")
    let inMesh = try await attempt(pairs, fleet, plan.postures(before: plan.waves.count), tools)
    return PolicyProof(stages: [
      PolicyProof.Stage(name: "network policies alone", attempts: alone),
      PolicyProof.Stage(name: "in the mesh", attempts: inMesh),
    ])
  }

  private struct Pair: Sendable {
    var from: ObjectReference
    var to: ObjectReference
    var port: Int
    var wireProtocol: WireProtocol
    var way: PolicyProof.Attempt.Way
    var needed: Bool
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
    _ pairs: [Pair], _ fleet: Fleet, _ postures: [ObjectReference: Posture], _ tools: Tools
  ) async throws -> [PolicyProof.Attempt] {
    let session = try TwinSession(fleet: fleet, options: options, tools: tools)
    do {
      try await session.twin.prepare(postures)
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
