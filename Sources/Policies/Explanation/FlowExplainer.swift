import FleetModel

/// Looks up the rules of a set by flow.
struct FlowExplainer {
  private let set: PolicySet
  private let needs: [ObjectReference: WorkloadPolicy]
  private let policies: [ObjectReference: NetworkPolicy]
  private let objects: [ObjectReference: ManifestObject]
  private let reasons: [ObjectReference: String]
  /// By the name of the destination.
  private let intentions: [String: ManifestObject]

  init(_ set: PolicySet) {
    self.set = set
    needs = Dictionary(set.workloads.map { ($0.workload, $0) }) { first, _ in first }
    policies = Dictionary(set.networkPolicies.map { ($0.id, $0) }) { first, _ in first }
    objects = Dictionary(set.objects.map { ($0.id, $0) }) { first, _ in first }
    reasons = Dictionary(set.leftAlone.map { ($0.workload, $0.because) }) { first, _ in first }
    intentions = Dictionary(
      set.objects.filter { $0.id.kind == "ServiceIntentions" }.compactMap { object in
        object.spec["destination"]?["name"]?.string.map { ($0, object) }
      }
    ) { first, _ in first }
  }

  func explanation(_ flow: PolicyFlow) -> PolicyExplanation {
    let caller = needs[flow.caller]
    let server = needs[flow.target]
    var steps: [PolicyExplanation.Step] = []
    steps.append(network("egress", of: flow.caller, peer: flow.target, flow, caller != nil))
    if let caller { steps += scope(flow, caller) }
    steps.append(network("ingress", of: flow.target, peer: flow.caller, flow, server != nil))
    if let server, flow.transport == .tcp { steps += mesh(flow, server) }
    return PolicyExplanation(
      from: flow.caller, to: flow.target, port: flow.port, transport: flow.transport, isNeeded: true,
      evidence: flow.evidence, steps: steps, decisions: [])
  }

  private func network(
    _ direction: String, of subject: ObjectReference, peer: ObjectReference, _ flow: PolicyFlow, _ isGoverned: Bool
  ) -> PolicyExplanation.Step {
    let layer = "network policy, \(direction) of \(subject)"
    guard isGoverned,
      let policy = policies[
        ObjectReference(kind: "NetworkPolicy", namespace: subject.namespace, name: ObjectName.of(subject))]
    else {
      let reason = reasons[subject] ?? "it has no policy"
      return .init(layer: layer, object: nil, rule: nil, says: "no rule needed: \(reason)")
    }
    let named = set.peers.peer(peer, seenFrom: subject.namespace)
    let rules = direction == "egress" ? policy.egress : policy.ingress
    let number = rules.firstIndex { rule in
      (rule.peers.isEmpty || rule.peers.contains(named))
        && rule.ports.contains(
          NetworkPolicy.Port(transport: flow.transport, number: .range(flow.port, flow.port)))
    }
    var says = direction == "egress" ? "may call port \(flow.port)" : "admits it on port \(flow.port)"
    if let tunnel = set.target.tunnelPort, flow.transport == .tcp,
      rules.contains(where: {
        $0.peers.contains(named) && $0.ports.contains(NetworkPolicy.Port(number: .range(tunnel, tunnel)))
      })
    {
      says += ", and on the mesh's port \(tunnel)"
    }
    return .init(layer: layer, object: policy.id, rule: number.map { "spec.\(direction)[\($0)]" }, says: says)
  }

  private func object(_ kind: String, of workload: ObjectReference, named suffix: String = "") -> ManifestObject? {
    objects[ObjectReference(kind: kind, namespace: workload.namespace, name: ObjectName.of(workload, suffix))]
  }

  /// What the caller's proxy knows.
  private func scope(_ flow: PolicyFlow, _ caller: WorkloadPolicy) -> [PolicyExplanation.Step] {
    guard let sidecar = object("Sidecar", of: caller.workload) else { return [] }
    let hosts = (sidecar.spec["egress"]?.elements.first?["hosts"]?.strings ?? [])
    let wanted = flow.services.map {
      "\($0.service.namespace)/\($0.service.name).\($0.service.namespace).svc.cluster.local"
    }
    guard let position = hosts.firstIndex(where: wanted.contains) else { return [] }
    return [
      .init(
        layer: "egress scope", object: sidecar.id, rule: "spec.egress[0].hosts[\(position)]",
        says: "the proxy knows \(hosts[position])")
    ]
  }

  private func mesh(_ flow: PolicyFlow, _ server: WorkloadPolicy) -> [PolicyExplanation.Step] {
    guard let strict = server.strict else { return [] }
    guard strict.outcome != .notInMesh else {
      return [
        .init(
          layer: "mesh", object: nil, rule: nil,
          says: "\(server.workload) is in no mesh: \(strict.because ?? "it is left out")")
      ]
    }
    return [mutualTLS(flow, server, strict), authorisation(flow, server)].compactMap(\.self)
  }

  private func mutualTLS(
    _ flow: PolicyFlow, _ server: WorkloadPolicy, _ strict: StrictVerdict
  ) -> PolicyExplanation.Step? {
    let isException = strict.exceptions.contains(flow.port) || strict.outcome == .refused
    let says = isException ? "mutual TLS, and plaintext as well" : "mutual TLS alone"
    let object = object("PeerAuthentication", of: server.workload)
    let rule = strict.exceptions.contains(flow.port) ? "spec.portLevelMtls.\(flow.port)" : "spec.mtls"
    return .init(layer: "mutual TLS", object: object?.id, rule: object == nil ? nil : rule, says: says)
  }

  private func authorisation(_ flow: PolicyFlow, _ server: WorkloadPolicy) -> PolicyExplanation.Step? {
    let need = server.inbound.first { $0.port == flow.port && $0.transport == flow.transport }
    let isOpen = need?.takesPlaintext ?? false
    let says =
      isOpen
      ? "everybody on port \(flow.port), because callers without an identity need it; the network policy says whom"
      : "\(flow.caller.name) by its identity on port \(flow.port)"
    switch set.target {
    case .istioSidecar, .istioAmbient:
      guard let object = object("AuthorizationPolicy", of: server.workload) else { return nil }
      let rule = (object.spec["rules"]?.elements ?? []).firstIndex { rule in
        rule["to"]?.elements.first?["operation"]?["ports"]?.strings.contains("\(flow.port)") ?? false
      }
      return .init(
        layer: "authorisation", object: object.id, rule: rule.map { "spec.rules[\($0)]" }, says: says)
    case .linkerd:
      let suffix = "\(flow.port)-\(isOpen ? "plaintext" : "mesh")"
      let object = object("AuthorizationPolicy", of: server.workload, named: suffix)
      return .init(layer: "authorisation", object: object?.id, rule: nil, says: says)
    case .consul:
      let object = flow.services.lazy.compactMap { intentions[$0.service.name] }.first
      return .init(layer: "authorisation", object: object?.id, rule: nil, says: says)
    case .envoy, .networkPolicy: return nil
    }
  }
}
