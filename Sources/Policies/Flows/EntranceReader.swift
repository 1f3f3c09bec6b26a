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
    readServices()
    readIngresses()
    readWebhooks()
    for workload in fleet.workloads { readScrape(workload) }
    readUncalled()
    entrances.sort { Self.key($0) < Self.key($1) }
    entrances = entrances.reduce(into: []) { list, entrance in if list.last != entrance { list.append(entrance) } }
  }

  private static func key(_ entrance: Entrance) -> (ObjectReference, Int, String, String) {
    (entrance.target, entrance.port, "\(entrance.source)", entrance.what)
  }

  private mutating func open(
    _ service: Service, _ port: ServicePort, _ source: Entrance.Source, _ what: String,
    _ reason: PlaintextCaller.Reason, _ location: SourceLocation?
  ) {
    for workload in fleet.workloads(behind: service) {
      guard let number = port.targetPort(in: workload) else { continue }
      entrances.append(
        Entrance(
          target: workload.id, port: number, transport: port.transport, source: source, what: what, reason: reason,
          location: location))
    }
  }

  private mutating func readServices() {
    for service in fleet.services where service.facesOutside || !service.externalIPs.isEmpty {
      let way = service.facesOutside ? service.type : "Service with external addresses"
      for port in service.ports {
        open(service, port, .anywhere, "\(way) \(service.id.name)", .outside, service.location)
      }
    }
  }

  private mutating func readIngresses() {
    let source = Entrance.Source.pods(namespace: options.ingressNamespace)
    for ingress in fleet.ingresses {
      for backend in ingress.backends {
        let id = ObjectReference(kind: "Service", namespace: ingress.id.namespace, name: backend.service)
        guard let service = fleet.service(id) else { continue }
        for port in service.ports where port.isMeant(by: backend.port) {
          open(service, port, source, "Ingress \(ingress.id.name)", .ingress, ingress.location)
          widened(service, "Ingress \(ingress.id.name)", ingress.location)
        }
      }
    }
    for route in fleet.customObjects where route.apiGroup == "gateway.networking.k8s.io" {
      let rules = (route.spec["rules"]?.elements ?? []).prefix(500)
      for backend in rules.flatMap({ ($0["backendRefs"]?.elements ?? []).prefix(100) }) {
        guard backend["kind"]?.string ?? "Service" == "Service", let name = backend["name"]?.string else { continue }
        // A route between services of the mesh is no entrance.
        let parents = route.spec["parentRefs"]?.elements ?? []
        guard parents.contains(where: { $0["kind"]?.string ?? "Gateway" == "Gateway" }) else { continue }
        let namespace = backend["namespace"]?.string ?? route.id.namespace
        let id = ObjectReference(kind: "Service", namespace: namespace, name: name)
        guard let service = fleet.service(id) else { continue }
        for port in service.ports where port.port == backend["port"]?.integer {
          let what = "\(route.id.kind) \(route.id.name)"
          open(service, port, source, what, .ingress, route.location)
          widened(service, what, route.location)
        }
      }
    }
  }

  private mutating func widened(_ service: Service, _ what: String, _ location: SourceLocation) {
    guard options.ingressNamespace == nil else { return }
    for workload in fleet.workloads(behind: service) {
      let decision = PolicyDecision(
        kind: .wideEntrance, workload: workload.id,
        message: "\(what) leads to it, and the input does not tell where the controller runs: every pod of the "
          + "cluster may call the port", cuts: false, cure: "name the controller's namespace: --ingress-namespace",
        evidence: [FlowEvidence(.declared, what, location)])
      decisions.append(decision)
    }
  }

  private mutating func readWebhooks() {
    for configuration in fleet.webhooks {
      for hook in configuration.webhooks {
        guard let id = hook.service, let service = fleet.service(id) else { continue }
        for port in service.ports where port.port == hook.port {
          open(service, port, .anywhere, "the API server (webhook \(hook.name))", .webhook, configuration.location)
        }
      }
    }
  }

  /// A workload that calls others and that nobody calls must have its users outside.
  private mutating func readUncalled() {
    let entered = Set(entrances.map(\.target))
    let derivation = IntentDerivation(fleet: fleet)
    for workload in fleet.workloads where !entered.contains(workload.id) && derivation.servesOutside(workload) {
      for service in fleet.services(of: workload) where !service.facesOutside {
        for port in service.ports {
          guard let number = port.targetPort(in: workload) else { continue }
          entrances.append(
            Entrance(
              target: workload.id, port: number, transport: port.transport, source: .pods(namespace: nil),
              what: "users that the input does not name", reason: .outside, location: service.location))
        }
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

extension ServicePort {
  func isMeant(by reference: PortReference) -> Bool {
    switch reference {
    case .number(let number): port == number
    case .named(let text): name == text
    }
  }
}
