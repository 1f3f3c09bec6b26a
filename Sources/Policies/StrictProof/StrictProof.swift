import Diagnostics
package import FleetModel
package import IntentModel

/// Proves, or refuses to prove, that nobody speaks plaintext to a server any more.
///
/// A server is safe when every known caller has an identity of the mesh and shows it. What is not known does not count
/// as proof: the basis of each verdict says what was looked at.
package struct StrictProof: Sendable {
  private let fleet: Fleet
  private let mesh: Mesh
  private let enrolment: Enrolment
  private let entrances: [ObjectReference: [Entrance]]
  private let flows: [ObjectReference: [PolicyFlow]]
  private let settings: MeshSettings
  private let end: String?
  private let basis: String

  /// - Parameter enrolled: the workloads that are in the mesh at the moment in question; nil means all that it takes.
  package init(_ fleet: Fleet, mesh: Mesh, enrolled: Set<ObjectReference>? = nil, options: PolicyOptions) {
    let reader = FlowReader(fleet, options)
    self.init(
      fleet, mesh, Enrolment(fleet, mesh, enrolled: enrolled, options), reader.sortedFlows,
      EntranceReader(fleet, options).entrances, options)
  }

  init(
    _ fleet: Fleet, _ mesh: Mesh, _ enrolment: Enrolment, _ flows: [PolicyFlow], _ entrances: [Entrance],
    _ options: PolicyOptions
  ) {
    self.fleet = fleet
    self.mesh = mesh
    self.enrolment = enrolment
    self.entrances = Dictionary(grouping: entrances, by: \.target)
    self.flows = Dictionary(grouping: flows, by: \.target)
    settings = MeshSettings(fleet)
    end = options.exceptionsEnd
    let observed = options.observed.count + fleet.calls.count { $0.observation != nil }
    basis =
      observed == 0
      ? "static wiring, services, probes, webhooks and annotations; no traffic was observed"
      : "static wiring, services, probes, webhooks, annotations and \(observed) observed calls"
  }

  package func verdict(of workload: Workload) -> StrictVerdict {
    if let because = enrolment.obstacle(of: workload.id) {
      return StrictVerdict(
        workload: workload.id, outcome: .notInMesh, callers: [], exceptions: [], because: because, basis: basis)
    }
    var callers = byEntrance(workload) + byFlow(workload) + byProbe(workload)
    callers.sort { $0.order < $1.order }
    callers = callers.reduce(into: []) { list, caller in if list.last != caller { list.append(caller) } }
    let ports = Array(Set(callers.compactMap(\.port))).sorted()
    let outcome: StrictVerdict.Outcome
    if callers.isEmpty {
      outcome = .strict
    } else if end != nil, callers.allSatisfy({ $0.port != nil }) {
      outcome = .strictWithExceptions
    } else {
      outcome = .refused
    }
    return StrictVerdict(
      workload: workload.id, outcome: outcome, callers: callers,
      exceptions: outcome == .strictWithExceptions ? ports : [], because: nil, basis: basis)
  }

  private func byEntrance(_ workload: Workload) -> [PlaintextCaller] {
    (entrances[workload.id] ?? []).filter { $0.transport == .tcp }.compactMap { entrance in
      if case .workload(let scraper) = entrance.source, enrolment.obstacle(of: scraper) == nil { return nil }
      if entrance.reason == .scrape, entrance.port == EntranceReader.istioMergedPort { return nil }
      let who: String
      switch entrance.source {
      case .anywhere: who = entrance.what
      case .pods(let namespace): who = namespace.map { "pods of \($0)" } ?? entrance.what
      case .workload(let id): who = "\(id)"
      }
      return PlaintextCaller(
        reason: entrance.reason, who: who, port: entrance.port,
        message: "\(entrance.what) calls port \(entrance.port) without a certificate", location: entrance.location,
        cure: Self.cure(entrance.reason))
    }
  }

  static func cure(_ reason: PlaintextCaller.Reason) -> String {
    switch reason {
    case .outside: "lead users through a gateway of the mesh, or except the port until a date"
    case .ingress: "take the ingress controller into the mesh, or except the port until a date"
    case .webhook: "except the port until a date: the API server is never in a mesh"
    case .scrape: "take Prometheus into the mesh, merge the metrics into the proxy's, or except the port until a date"
    case .hostNetwork: "give the caller a network of its own, or except the port until a date"
    case .notEnrolled: "take the caller into the mesh, or except the port until a date"
    case .job: "run the proxy as a native sidecar (Kubernetes 1.29 or newer), or except the port until a date"
    case .probe: "let the mesh rewrite the probe, or probe by a command"
    case .excluded: "remove the annotation, or except the port until a date"
    }
  }

  private func byFlow(_ workload: Workload) -> [PlaintextCaller] {
    (flows[workload.id] ?? []).filter { $0.transport == .tcp }.flatMap { flow -> [PlaintextCaller] in
      guard let caller = fleet.workload(flow.caller) else { return [] }
      let evidence = flow.evidence.first
      func plaintext(_ reason: PlaintextCaller.Reason, _ why: String) -> PlaintextCaller {
        PlaintextCaller(
          reason: reason, who: "\(caller.id)", port: flow.port, message: "\(caller.id) calls port \(flow.port): \(why)",
          location: evidence?.location ?? caller.location, cure: Self.cure(reason))
      }
      if caller.pod.hostNetwork {
        return [plaintext(.hostNetwork, "it uses the node's network, where no proxy captures its traffic")]
      }
      if let obstacle = enrolment.obstacle(of: caller.id) { return [plaintext(.notEnrolled, obstacle)] }
      if caller.runsToCompletion, mesh.hasSidecar, !hasNativeSidecar(caller) {
        return [plaintext(.job, "it is a \(caller.id.kind), and nothing shows that its proxy would let it end")]
      }
      return enrolment.exclusions(of: caller).filter { $0.direction != .inbound }.map { exclusion in
        plaintext(.excluded, "\(exclusion.annotation)=\(exclusion.value) may keep the call away from its proxy")
      }
    }
  }

  private func hasNativeSidecar(_ workload: Workload) -> Bool {
    let namespace = fleet.namespaces.first { $0.name == workload.id.namespace }
    return MeshMembership.nativeSidecar(
      of: workload, in: mesh, namespaceAnnotations: namespace?.annotations ?? [:], settings: settings) ?? false
  }

  private func byProbe(_ workload: Workload) -> [PlaintextCaller] {
    guard mesh == .istioSidecar || mesh == .consul else { return [] }
    return workload.pod.containers.flatMap { container in
      ProbeCaller.all(container, workload, mesh).map { caller in
        PlaintextCaller(
          reason: .probe, who: "the kubelet (\(caller.name) of \(container.name))", port: caller.port,
          message: caller.message, location: container.location, cure: Self.cure(.probe))
      }
    }
  }
}
