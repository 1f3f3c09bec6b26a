import Diagnostics
package import FleetModel
import IntentModel
import MeshTraps

/// Argues the choice of a mesh from the fleet: what it cannot do, what has to be fixed first, what is needed, what it
/// costs; in this order, and each with its reason.
package struct MeshRanking: Sendable {
  private let fleet: Fleet
  private let requirements: MeshRequirements

  package init(_ fleet: Fleet, requirements: MeshRequirements = MeshRequirements()) {
    self.fleet = fleet
    self.requirements = requirements
  }

  package func compare() -> MeshComparison {
    let context = TrapContext(fleet)
    let readiness = Mesh.allCases.map { (mesh: $0, list: Readiness.assess(context, mesh: $0)) }
    let needsMachines = fleet.customObjects.contains {
      ["WorkloadEntry", "ExternalWorkload", "WorkloadGroup"].contains($0.id.kind)
    }
    var needed = requirements.features
    if needsMachines, !needed.contains(.virtualMachines) { needed.append(.virtualMachines) }
    func ranking(_ isMeant: (ObjectReference) -> Bool) -> [MeshAssessment] {
      ordered(readiness.map { assess($0.mesh, $0.list.filter { isMeant($0.workload) }, needed) })
    }
    let names = Set(fleet.workloads.map(\.id.namespace)).sorted()
    return MeshComparison(
      requirements: requirements, ranking: ranking { _ in true },
      namespaces: names.map { name in (name, ranking { $0.namespace == name }) },
      notes: notes(needsMachines), assumptions: assumptions)
  }

  /// Weaknesses of the workload itself, which are the same in every mesh.
  private static let common: Set<String> = ["BH-SINGLE-REPLICA", "BH-NO-PROBES", "BH-SHARED-ACCOUNT", "T26", "T27"]

  private func assess(_ mesh: Mesh, _ list: [WorkloadReadiness], _ needed: [MeshFeature]) -> MeshAssessment {
    let facts = MeshFacts.of(mesh)
    var obstacles: [String: MeshAssessment.Obstacle] = [:]
    var hard: Set<String> = []
    for readiness in list {
      for finding in readiness.reasons where !Self.common.contains(finding.code) {
        let isHard = readiness.level == .notSuited && Self.forbids(finding.code)
        let key = "\(isHard ? 0 : 1) \(finding.code)"
        if isHard { hard.insert(key) }
        var obstacle =
          obstacles[key]
          ?? MeshAssessment.Obstacle(
            code: finding.code, title: finding.title, workloads: [], example: finding.message,
            location: finding.location)
        if obstacle.workloads.last != readiness.workload { obstacle.workloads.append(readiness.workload) }
        obstacles[key] = obstacle
      }
    }
    let sorted = obstacles.sorted { $0.key < $1.key }
    let missing = needed.compactMap { feature -> (feature: MeshFeature, support: Support, note: String)? in
      let own = facts.support(feature)
      return own.support == .yes ? nil : (feature, own.support, own.note)
    }
    return MeshAssessment(
      mesh: mesh, ready: list.count { $0.level == .ready }, readyAfterFix: list.count { $0.level == .readyAfterFix },
      notSuited: list.count { $0.level == .notSuited }, hard: sorted.filter { hard.contains($0.key) }.map(\.value),
      fixable: sorted.filter { !hard.contains($0.key) }.map(\.value), missing: missing,
      estimate: estimate(facts.cost, list))
  }

  /// The node's network, and whatever else readiness calls unsuited: told by trap or rule.
  private static func forbids(_ code: String) -> Bool { ["M05", "T3", "T4", "T6", "T7", "T10"].contains(code) }

  private func estimate(_ cost: PublishedCost, _ list: [WorkloadReadiness]) -> MeshAssessment.Estimate {
    var pods = 0
    for readiness in list where readiness.level != .notSuited {
      // Hostile counts of replicas must not overflow.
      pods += min(max(fleet.workload(readiness.workload)?.replicas ?? 1, 0), 100_000)
    }
    let perNode = requirements.podsPerNode
    let nodes = fleet.nodes.isEmpty ? (pods + perNode - 1) / perNode : fleet.nodes.count
    let proxies = cost.perPod ? pods : nodes
    // Each request passes the caller's proxy and the server's.
    let requests = Double(list.count) * requirements.requestsPerWorkload * 2
    return MeshAssessment.Estimate(
      proxies: proxies, cores: requests / 1_000 * cost.coresPerThousandRequests,
      megabytes: Double(proxies) * cost.proxyMegabytes)
  }

  private func ordered(_ all: [MeshAssessment]) -> [MeshAssessment] {
    var sorted = all.enumerated().sorted { left, right in
      let keys = zip(Self.criteria(left.element), Self.criteria(right.element))
      for (a, b) in keys where a.value != b.value { return a.value < b.value }
      return left.offset < right.offset
    }.map(\.element)
    for index in sorted.indices {
      sorted[index].rank = index + 1
      sorted[index].reasons = reasons(sorted, index)
    }
    return sorted
  }

  private struct Criterion {
    var value: Double
    var text: String
  }

  /// In the order in which they decide.
  private static func criteria(_ mesh: MeshAssessment) -> [Criterion] {
    let lacking = mesh.missing.filter { $0.support == .no }.map(\.feature.title).joined(separator: ", ")
    let partial = mesh.missing.filter { $0.support == .partly }.map { "\($0.feature.title) (\($0.note))" }
      .joined(separator: ", ")
    let codes = mesh.fixable.sorted { ($1.workloads.count, $0.code) < ($0.workloads.count, $1.code) }.prefix(3)
      .map { "\($0.code) in \($0.workloads.count)" }.joined(separator: ", ")
    let lacksControlPlane = mesh.mesh == .envoy
    return [
      Criterion(
        value: Double(mesh.lacking), text: lacking.isEmpty ? "offers all that is required" : "lacks \(lacking)"),
      Criterion(
        value: Double(mesh.notSuited),
        text: mesh.notSuited == 0 ? "can take every workload" : "cannot take \(mesh.notSuited) workloads"),
      // The proxy comes from a project; what configures it on a cluster would have to be brought along.
      Criterion(
        value: lacksControlPlane ? 1 : 0,
        text: lacksControlPlane ? "brings no control plane for a cluster" : "brings its control plane"),
      Criterion(
        value: Double(mesh.toFix),
        text: mesh.toFix == 0 ? "nothing to fix first" : "\(mesh.toFix) to fix first (\(codes))"),
      Criterion(value: Double(mesh.partial), text: partial.isEmpty ? "no requirement in part" : "in part: \(partial)"),
      Criterion(
        value: (mesh.estimate.megabytes / 64).rounded(),
        text: "about \(Int(mesh.estimate.megabytes)) MB in \(mesh.estimate.proxies) proxies"),
      Criterion(
        value: (mesh.estimate.cores * 10).rounded(),
        text: "about \((mesh.estimate.cores * 100).rounded() / 100) cores for proxies"),
      Criterion(
        value: MeshFacts.of(mesh.mesh).support(.openSourceReleases).support == .yes ? 0 : 1,
        text: "stable releases: \(MeshFacts.of(mesh.mesh).support(.openSourceReleases).note)"),
    ]
  }

  /// What sets it apart from its neighbours in the ranking.
  private func reasons(_ sorted: [MeshAssessment], _ index: Int) -> [String] {
    let own = Self.criteria(sorted[index])
    var texts: [String] = []
    func compare(with other: Int, _ word: String) {
      guard sorted.indices.contains(other) else { return }
      for (a, b) in zip(own, Self.criteria(sorted[other])) where a.value != b.value {
        return texts.append("\(word) \(sorted[other].mesh.title): \(a.text), against \(b.text)")
      }
    }
    compare(with: index - 1, "behind")
    compare(with: index + 1, "before")
    if texts.isEmpty { texts.append(own[1].text) }
    return texts
  }

  private func notes(_ needsMachines: Bool) -> [String] {
    var notes: [String] = []
    let udp = fleet.services.filter { service in service.ports.contains { $0.transport != .tcp } }
    if let first = udp.first {
      let more = udp.count > 1 ? " and \(udp.count - 1) more" : ""
      notes.append("no mesh carries UDP or SCTP: \(first.id)\(more) stays with network policies alone")
    }
    if needsMachines { notes.append("machines outside Kubernetes are in the input: they must be able to join") }
    let kernels = fleet.nodes.compactMap { node in node.facts.kernel.map { (node.name, $0) } }
    if let old = kernels.first(where: { $0.1.numbers.lexicographicallyPrecedes([5, 13]) }) {
      notes.append(
        "node \(old.0) has kernel \(old.1): Istio's nftables backend needs 5.13, its iptables backend does not")
    }
    return notes
  }

  private var assumptions: [String] {
    [
      "\(requirements.requestsPerWorkload) requests/s for each workload, through two proxies each",
      fleet.nodes.isEmpty
        ? "\(requirements.podsPerNode) pods on a node: no nodes in the input"
        : "\(fleet.nodes.count) nodes, from the input",
      "cost from published figures: nothing was measured here",
    ]
  }
}
