import Diagnostics
package import FleetModel
import IntentModel

/// Solves for every layer at once what each workload needs: network policy, mutual TLS, authorisation, egress scope.
///
/// All layers are written from one list of flows, so that none forbids what another one needs and none opens more; the
/// result is then read back by the analysis (`PolicyCheck`), together with the policies that are there already.
package struct PolicySolver: Sendable {
  private let fleet: Fleet
  private let options: PolicyOptions

  package init(_ fleet: Fleet, options: PolicyOptions) {
    self.fleet = fleet
    self.options = options
  }

  package func solve() -> PolicySet {
    let reader = FlowReader(fleet, options)
    let entrances = EntranceReader(fleet, options)
    let flows = reader.sortedFlows
    let left = fleet.workloads.map(reasonToLeaveAlone)
    let names = PodNames(fleet, governed: left.map { $0 == nil }, splitsAccounts: splitsAccounts)
    let enrolment = options.target.mesh.map { Enrolment(fleet, $0, enrolled: options.enrolled, options) }
    let needs = self.needs(flows, reader.outside, entrances.entrances, left, names, enrolment)
    var set = PolicySet(
      target: options.target, workloads: needs,
      leftAlone: zip(fleet.workloads, left).compactMap { workload, reason in
        reason.map { PolicySet.LeftAlone(workload: workload.id, because: $0) }
      },
      flows: flows, outside: reader.outside, patches: patches(left, names, enrolment), objects: [],
      networkPolicies: [], decisions: reader.decisions + entrances.decisions, findings: [],
      isTruncated: reader.isTruncated,
      peers: PeerNames(fleet, names, members: Set(needs.filter(\.isInMesh).map(\.workload))))
    write(&set, names, enrolment)
    set.decisions += RightsOfAccounts(fleet, set.patches, needs).decisions
    set.decisions = set.decisions.sorted { $0.order < $1.order }
      .reduce(into: []) { list, decision in if list.last != decision { list.append(decision) } }
    set.findings = PolicyCheck(fleet, set, options).findings
    return set
  }

  /// Identities are what authorisation is written for, in the meshes that take them from service accounts.
  private var splitsAccounts: Bool {
    guard !options.keepsAccounts else { return false }
    switch options.target {
    case .istioSidecar, .istioAmbient, .linkerd, .consul: return true
    case .envoy, .networkPolicy: return false
    }
  }

  private func reasonToLeaveAlone(_ workload: Workload) -> String? {
    if options.leftAlone.contains(workload.id.namespace) {
      return "\(workload.id.namespace) belongs to the cluster or to the mesh"
    }
    if workload.pod.hostNetwork { return "it uses the node's network, which most network plugins do not govern" }
    if let owner = workload.firstOwner, fleet.workload(owner) != nil { return "\(owner) has its policies" }
    return nil
  }

  private func needs(
    _ flows: [PolicyFlow], _ outside: [OutsideCall], _ entrances: [Entrance], _ left: [String?], _ names: PodNames,
    _ enrolment: Enrolment?
  ) -> [WorkloadPolicy] {
    let byTarget = Dictionary(grouping: flows, by: \.target)
    let byCaller = Dictionary(grouping: flows, by: \.caller)
    let entering = Dictionary(grouping: entrances, by: \.target)
    let leaving = Dictionary(grouping: outside, by: \.caller)
    let proof = options.target.mesh.flatMap { mesh in
      enrolment.map { StrictProof(fleet, mesh, $0, flows, entrances, options) }
    }
    return fleet.workloads.indices.filter { left[$0] == nil }.map { index in
      let workload = fleet.workloads[index]
      let strict = proof?.verdict(of: workload)
      let plaintext = Set((strict?.callers ?? []).filter { $0.reason != .probe }.map { "\($0.who) \($0.port ?? 0)" })
      let inbound = inbound(byTarget[workload.id] ?? [], entering[workload.id] ?? [], plaintext) { id in
        enrolment.map { $0.obstacle(of: id) == nil } ?? false
      }
      return WorkloadPolicy(
        workload: workload.id, location: workload.location, selector: names.selectors[index],
        account: names.accounts[index], inbound: inbound, outbound: byCaller[workload.id] ?? [],
        outside: leaving[workload.id] ?? [], scrapers: Self.scrapers(entering[workload.id] ?? []), strict: strict)
    }
  }

  private static func scrapers(_ entrances: [Entrance]) -> [Entrance.Source] {
    entrances.filter { $0.reason == .scrape }.map(\.source)
      .reduce(into: []) { list, source in if !list.contains(source) { list.append(source) } }
  }

  private func inbound(
    _ flows: [PolicyFlow], _ entrances: [Entrance], _ plaintext: Set<String>,
    isEnrolled: (ObjectReference) -> Bool
  ) -> [InboundNeed] {
    struct Key: Hashable {
      var port: Int
      var transport: Transport
    }
    var needs: [Key: InboundNeed] = [:]
    func need(_ port: Int, _ transport: Transport, _ wire: WireProtocol) -> InboundNeed {
      needs[Key(port: port, transport: transport)]
        ?? InboundNeed(
          port: port, transport: transport, wireProtocol: wire, members: [], strangers: [], entrances: [])
    }
    for flow in flows {
      var inbound = need(flow.port, flow.transport, flow.wireProtocol)
      if flow.wireProtocol == .tcp { inbound.wireProtocol = .tcp }
      // Where there is no mesh the difference does not matter.
      let isPlaintext = plaintext.contains("\(flow.caller) \(flow.port)")
      if isPlaintext { inbound.strangers.append(flow.caller) } else { inbound.members.append(flow.caller) }
      needs[Key(port: flow.port, transport: flow.transport)] = inbound
    }
    for entrance in entrances {
      var inbound = need(entrance.port, entrance.transport, .http)
      if case .workload(let id) = entrance.source, isEnrolled(id), entrance.port != EntranceReader.istioMergedPort {
        inbound.members.append(id)
      } else {
        inbound.entrances.append(entrance)
      }
      needs[Key(port: entrance.port, transport: entrance.transport)] = inbound
    }
    return needs.values.map { need in
      var need = need
      need.members = Set(need.members).sorted()
      need.strangers = Set(need.strangers).sorted()
      return need
    }.sorted { ($0.port, $0.transport.rawValue) < ($1.port, $1.transport.rawValue) }
  }

  private func patches(_ left: [String?], _ names: PodNames, _ enrolment: Enrolment?) -> [WorkloadPatch] {
    let namespaces = Dictionary(fleet.namespaces.map { ($0.name, $0.labels) }) { first, _ in first }
    return fleet.workloads.indices.filter { left[$0] == nil }.compactMap { index in
      let workload = fleet.workloads[index]
      var patch = WorkloadPatch(workload: workload.id)
      if names.needsLabel[index] {
        patch.labels[PodNames.ownLabel] = PodNames.labelValue(workload.id)
        patch.why.append("its labels do not tell its pods from those of other workloads")
      }
      if let mesh = options.target.mesh, enrolment?.obstacle(of: workload.id) == nil {
        patch.enrol(workload, in: mesh, namespace: namespaces[workload.id.namespace] ?? [:])
        patch.why.append("takes \(workload.id.name) into \(mesh.title)")
        if names.needsAccount[index] {
          patch.serviceAccount = names.accounts[index]
          patch.why.append("an identity of its own instead of the shared account \(workload.pod.serviceAccount)")
        }
      }
      return patch.isEmpty ? nil : patch
    }
  }

  private func write(_ set: inout PolicySet, _ names: PodNames, _ enrolment: Enrolment?) {
    let accounts = Dictionary(zip(fleet.workloads.map(\.id), names.accounts)) { first, _ in first }
    let context = RenderContext(target: options.target, options: options, accounts: accounts, fleet: fleet)
    let rules = NetworkRules(target: options.target, peers: set.peers, watchers: options.watchers)
    let renderer = context.renderer
    set.objects = ServiceAccounts(fleet, set.patches).objects
    set.objects += renderer?.common(set.workloads) ?? []
    for need in set.workloads {
      let policy = rules.policy(need)
      set.networkPolicies.append(policy)
      set.objects.append(
        ManifestObject(
          policy, for: need.workload, purpose: "\(need.workload.name): \(RenderContext.callers(need))"))
      set.objects += renderer?.objects(for: need) ?? []
    }
  }
}
