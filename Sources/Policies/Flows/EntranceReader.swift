import Diagnostics
import FleetModel
import IntentModel

/// Who comes in without an identity of the fleet: users, ingress controllers, the API server, Prometheus.
struct EntranceReader {
  let fleet: Fleet
  let options: PolicyOptions
  /// Sorted, each once.
  var entrances: [Entrance] = []
  var decisions: [PolicyDecision] = []
  let scrapers: [Workload]
  let settings: MeshSettings
  let monitors: [CustomObject]

  init(_ fleet: Fleet, _ options: PolicyOptions) {
    self.fleet = fleet
    self.options = options
    scrapers = fleet.workloads.filter(Self.isPrometheus)
    settings = MeshSettings(fleet)
    monitors = fleet.customObjects.filter { $0.apiGroup == "monitoring.coreos.com" }
    readEntrances()
    readUncalled()
    for workload in fleet.workloads { readScrape(workload) }
    entrances.sort { Self.key($0) < Self.key($1) }
    entrances = entrances.reduce(into: []) { list, entrance in if list.last != entrance { list.append(entrance) } }
  }

  private static func key(_ entrance: Entrance) -> (ObjectReference, Int, String, String) {
    (entrance.target, entrance.port, "\(entrance.source)", entrance.what)
  }

  private mutating func readEntrances() {
    for entrance in OutsideEntrance.all(in: fleet) {
      guard let service = fleet.service(entrance.service) else { continue }
      for workload in fleet.workloads(behind: service) {
        guard let number = entrance.port.targetPort(in: workload) else { continue }
        entrances.append(
          Entrance(
            target: workload.id, port: number, transport: entrance.port.transport, source: source(entrance.kind),
            what: entrance.what, reason: Self.reason(entrance.kind), location: entrance.location))
        if entrance.kind == .routed { widened(workload.id, entrance) }
      }
    }
  }

  private func source(_ kind: OutsideEntrance.Kind) -> Entrance.Source {
    switch kind {
    case .exposed, .webhook: .anywhere
    case .routed: .pods(namespace: options.ingressNamespace)
    }
  }

  private static func reason(_ kind: OutsideEntrance.Kind) -> PlaintextCaller.Reason {
    switch kind {
    case .exposed: .outside
    case .routed: .ingress
    case .webhook: .webhook
    }
  }

  private mutating func widened(_ workload: ObjectReference, _ entrance: OutsideEntrance) {
    guard options.ingressNamespace == nil else { return }
    decisions.append(
      PolicyDecision(
        kind: .wideEntrance, workload: workload,
        message: "\(entrance.what) leads to it, and the input does not tell where the controller runs: every pod of "
          + "the cluster may call the port", cuts: false, cure: "name the controller's namespace: --ingress-namespace",
        evidence: [FlowEvidence(.declared, entrance.what, entrance.location)]))
  }

  /// A workload that calls others and that nobody calls must have its users outside.
  private mutating func readUncalled() {
    let entered = Set(entrances.map(\.target))
    let derivation = IntentDerivation(fleet: fleet)
    for workload in fleet.workloads where !entered.contains(workload.id) && derivation.servesOutside(workload) {
      for (service, port) in derivation.entrancePorts(of: workload) {
        guard let number = port.targetPort(in: workload) else { continue }
        entrances.append(
          Entrance(
            target: workload.id, port: number, transport: port.transport, source: .pods(namespace: nil),
            what: "users that the input does not name", reason: .outside, location: service.location))
      }
      let evidence = fleet.calls(from: workload.id).first.map { options.evidence(for: $0) } ?? []
      decisions.append(
        PolicyDecision(
          kind: .wideEntrance, workload: workload.id,
          message: "it calls others and nobody in the input calls it: its ports stay open to every pod of the cluster",
          cuts: false, cure: "add the Ingress, Gateway or caller that leads to it to the input",
          evidence: evidence))
    }
  }
}
