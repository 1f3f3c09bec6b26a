import Diagnostics
import FleetModel
import IntentModel

/// All that the input, and what was observed, say about who needs to reach whom.
struct FlowReader {
  let fleet: Fleet
  let options: PolicyOptions
  private(set) var flows: [FlowKey: PolicyFlow] = [:]
  private(set) var outside: [OutsideCall] = []
  private(set) var decisions: [PolicyDecision] = []
  /// Policies in the input name more pairs than were looked at.
  var isTruncated = false
  /// Every namespace that has workloads, with its labels.
  let namespaces: [(name: String, labels: [String: String])]

  init(_ fleet: Fleet, _ options: PolicyOptions) {
    self.fleet = fleet
    self.options = options
    let known = Dictionary(fleet.namespaces.map { ($0.name, $0.labels) }) { first, _ in first }
    namespaces = Set(fleet.workloads.map(\.id.namespace)).sorted().map { name in
      (name, (known[name] ?? [:]).merging(["kubernetes.io/metadata.name": name]) { _, own in own })
    }
    // Settings first: what they show needs no second sighting.
    for call in fleet.calls where !call.isOnlyObserved { read(call) }
    for call in fleet.calls where call.isOnlyObserved { read(call) }
    for call in options.observed { read(call) }
    readDeclarations()
    outside = Self.distinct(outside)
  }

  var sortedFlows: [PolicyFlow] {
    flows.values.sorted { $0.key < $1.key }.map { flow in
      var flow = flow
      flow.services = Array(Set(flow.services)).sorted()
      flow.evidence = Array(Set(flow.evidence)).sorted()
      return flow
    }
  }

  /// A call leads to every workload behind the service, not to the first alone.
  private mutating func read(_ call: Call) {
    let evidence = options.evidence(for: call)
    guard let serviceID = call.service, let service = fleet.service(serviceID) else {
      if call.isOnlyObserved, let target = call.target.flatMap(fleet.workload) {
        return addSeen(flow(call.caller, target, call.port, .tcp, evidence[0]), call)
      }
      return call.leavesTheCluster ? leave(call, evidence) : unresolved(call, evidence, "leads to nothing in the input")
    }
    let targets = fleet.workloads(behind: service)
    guard !targets.isEmpty else {
      if let name = service.externalName {
        return outside.append(
          OutsideCall(
            caller: call.caller, host: name, port: call.port, wireProtocol: call.wireProtocol, evidence: evidence[0]))
      }
      return unresolved(call, evidence, "leads to \(serviceID), which has no pods in the input")
    }
    let ports = service.ports.filter { $0.port == call.port }
    guard !ports.isEmpty else {
      return unresolved(call, evidence, "leads to port \(call.port), which \(serviceID) does not have")
    }
    for port in ports {
      for target in targets {
        guard let number = port.targetPort(in: target) else {
          unresolved(call, evidence, "leads to a port that \(target.id) does not name")
          continue
        }
        let flow = PolicyFlow(
          caller: call.caller, target: target.id, port: number, transport: port.transport,
          wireProtocol: port.wireProtocol,
          services: [ServicePortReference(service: serviceID, port: port.port)], evidence: evidence)
        call.isOnlyObserved ? addSeen(flow, call) : add(flow)
      }
    }
  }

  /// What traffic alone shows counts like what is declared, unless it is too little to tell.
  private mutating func addSeen(_ flow: PolicyFlow, _ call: Call) {
    let times = call.observation?.times ?? 2
    let days = options.age(of: call)
    if flows[flow.key] != nil || (times > 1 && days ?? 0 <= options.staleAfterDays) { return add(flow) }
    let age = days.map { ", \($0) days ago" } ?? ""
    undecided(
      flow, times > 1 ? .staleCall : .onceSeenCall,
      times > 1 ? "was last seen \(days ?? 0) days ago" : "was seen once\(age)")
  }

  private mutating func leave(_ call: Call, _ evidence: [FlowEvidence]) {
    outside.append(
      OutsideCall(
        caller: call.caller, host: call.host, port: call.port, wireProtocol: call.wireProtocol, evidence: evidence[0]))
  }

  private mutating func unresolved(_ call: Call, _ evidence: [FlowEvidence], _ what: String) {
    decisions.append(
      PolicyDecision(
        kind: .unresolvedCall, workload: call.caller,
        message: "its call to \(call.host):\(call.port) \(what)", cuts: true,
        cure: "add what it calls to the input, or remove the setting", evidence: evidence))
  }

  private mutating func read(_ call: ObservedCall) {
    guard fleet.workload(call.caller) != nil, let target = fleet.workload(call.target) else { return }
    let seen = call.times == 1 ? "seen once" : "seen \(call.times) times"
    let evidence = FlowEvidence(.observed, "\(seen) in \(call.source)", nil, ageDays: call.lastSeenDays)
    let flow = flow(call.caller, target, call.port, call.transport, evidence)
    if flows[flow.key] != nil || (call.times > 1 && call.lastSeenDays <= options.staleAfterDays) { return add(flow) }
    let isOld = call.times > 1
    undecided(
      flow, isOld ? .staleCall : .onceSeenCall,
      isOld ? "was last seen \(call.lastSeenDays) days ago" : "was seen once, \(call.lastSeenDays) days ago")
  }

  mutating func undecided(_ flow: PolicyFlow, _ kind: PolicyDecision.Kind, _ what: String) {
    if options.keepsUndecided { add(flow) }
    decisions.append(
      PolicyDecision(
        kind: kind, workload: flow.target,
        message: "the call from \(flow.caller) to its port \(flow.port)/\(flow.transport.rawValue) \(what)",
        cuts: !options.keepsUndecided,
        cure: "if it is needed, say so in the caller's configuration, or keep all such calls with --keep-undecided",
        evidence: flow.evidence))
  }

  func flow(
    _ caller: ObjectReference, _ target: Workload, _ port: Int, _ transport: Transport, _ evidence: FlowEvidence
  ) -> PolicyFlow {
    let services = fleet.services(of: target).flatMap { service in
      service.ports.filter { $0.transport == transport && $0.targetPort(in: target) == port }
        .map { (reference: ServicePortReference(service: service.id, port: $0.port), wire: $0.wireProtocol) }
    }
    return PolicyFlow(
      caller: caller, target: target.id, port: port, transport: transport,
      wireProtocol: services.first?.wire ?? .tcp, services: services.map(\.reference), evidence: [evidence])
  }

  private mutating func add(_ flow: PolicyFlow) {
    guard var known = flows[flow.key] else { return flows[flow.key] = flow }
    known.services += flow.services
    known.evidence += flow.evidence
    flows[flow.key] = known
  }

  private static func distinct(_ calls: [OutsideCall]) -> [OutsideCall] {
    let order = calls.sorted {
      ($0.caller, $0.host, $0.port, $0.evidence) < ($1.caller, $1.host, $1.port, $1.evidence)
    }
    var result: [OutsideCall] = []
    for call in order {
      if let last = result.last, (last.caller, last.host, last.port) == (call.caller, call.host, call.port) { continue }
      result.append(call)
    }
    return result
  }
}

extension PolicyOptions {
  /// What speaks for a call, its setting first.
  func evidence(for call: Call) -> [FlowEvidence] {
    var evidence: [FlowEvidence] = []
    if case .wiring(let text, let location) = call.evidence { evidence.append(FlowEvidence(.wiring, text, location)) }
    if let seen = call.observation {
      evidence.append(FlowEvidence(.observed, seen.text, nil, ageDays: age(of: call)))
    }
    return evidence
  }

  /// Days since it was last seen; nil where that is not known.
  func age(of call: Call) -> Int? {
    guard let now, let seen = call.observation?.lastSeen else { return nil }
    return max(0, (now - seen) / 86_400)
  }
}

extension Call {
  /// No setting shows it.
  var isOnlyObserved: Bool {
    if case .observed = evidence { return true }
    return false
  }

  /// A name that cannot be one of the cluster's, or an address outside the private ranges.
  var leavesTheCluster: Bool {
    if let address = IPv4Text(host) { return !address.isPrivate }
    let labels = host.split(separator: ".")
    guard labels.count >= 2, let last = labels.last, last.count >= 2, last.allSatisfy(\.isLetter) else { return false }
    return !["local", "svc", "internal", "cluster", "localhost"].contains(last.lowercased())
      && !(labels.count <= 3 && labels.last == "svc")
      && isPublicTail(labels)
  }

  /// Two labels may be `service.namespace`: only the tails of public names count as outside then.
  private func isPublicTail(_ labels: [Substring]) -> Bool {
    let tails: Set<String> = [
      "com", "org", "net", "io", "dev", "app", "cloud", "ai", "co", "eu", "de", "fr", "uk", "us", "gov", "edu", "info",
    ]
    return labels.count > 2 || tails.contains(labels[labels.count - 1].lowercased())
  }
}

/// A dotted IPv4 address.
struct IPv4Text {
  let bytes: [UInt8]

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt8($0) : nil }
    guard parts.count == 4, numbers.count == 4 else { return nil }
    bytes = numbers
  }

  /// RFC 1918, RFC 6598, loopback and link-local.
  var isPrivate: Bool {
    switch (bytes[0], bytes[1]) {
    case (10, _), (127, _), (0, _), (192, 168), (169, 254): true
    case (172, 16...31), (100, 64...127): true
    default: false
    }
  }
}
