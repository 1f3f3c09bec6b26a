import FleetModel

/// PeerAuthentication and AuthorizationPolicy for sidecars and ztunnels alike; Sidecar and ServiceEntry for sidecars.
///
/// Rules name identities and ports and nothing of requests, so that a ztunnel enforces them as well as a sidecar does.
struct IstioRenderer: MeshRenderer {
  let context: RenderContext

  func objects(for need: WorkloadPolicy) -> [ManifestObject] {
    guard need.isInMesh, let strict = need.strict else { return [] }
    var objects = [peerAuthentication(need, strict), authorization(need)]
    if context.target == .istioSidecar { objects.append(sidecar(need)) }
    return objects
  }

  func object(
    _ kind: String, _ group: String, _ need: WorkloadPolicy, _ purpose: String, _ spec: DocumentValue
  ) -> ManifestObject {
    ManifestObject(
      kind, group, namespace: need.workload.namespace, name: ObjectName.of(need.workload), for: need.workload,
      purpose: purpose, spec: spec)
  }

  func selector(_ need: WorkloadPolicy) -> DocumentValue { .map(["matchLabels": .labels(need.selector)]) }

  private func peerAuthentication(_ need: WorkloadPolicy, _ strict: StrictVerdict) -> ManifestObject {
    let mode = strict.outcome == .refused ? "PERMISSIVE" : "STRICT"
    let ports = strict.exceptions.map {
      DocumentValue.Entry("\($0)", .map(["mode": .string("PERMISSIVE")]))
    }
    let purpose =
      switch strict.outcome {
      case .strict: "\(need.workload.name) takes mutual TLS alone: every known caller has an identity"
      case .strictWithExceptions:
        "\(need.workload.name) takes mutual TLS alone but for ports that callers without an identity need"
      default: "\(need.workload.name) still takes plaintext: \(strict.callers.count) callers have no identity"
      }
    var result = object(
      "PeerAuthentication", "security.istio.io/v1", need, purpose,
      .map([
        "selector": selector(need), "mtls": .map(["mode": .string(mode)]),
        "portLevelMtls": ports.isEmpty ? nil : .mapping(ports),
      ]))
    if !ports.isEmpty { result.annotations = context.exceptionNotes }
    return result
  }

  func authorization(_ need: WorkloadPolicy) -> ManifestObject {
    // The agent's own port for metrics is beside the capture: no policy of the mesh is asked about it.
    let captured = need.inbound.filter { $0.transport == .tcp && $0.port != EntranceReader.istioMergedPort }
    let rules = captured.compactMap { inbound -> DocumentValue? in
      let ports = DocumentValue.list([.map(["operation": .map(["ports": .texts(["\(inbound.port)"])])])])
      // Who has no identity cannot be named; the network policy names its pods.
      if inbound.takesPlaintext { return .map(["to": ports]) }
      guard !inbound.members.isEmpty else { return nil }
      let principals = Set(inbound.members.map(principal)).sorted()
      return .map([
        "from": .list([.map(["source": .map(["principals": .texts(principals)])])]), "to": ports,
      ])
    }
    return object(
      "AuthorizationPolicy", "security.istio.io/v1", need, "\(need.workload.name): \(RenderContext.callers(need))",
      .map(["selector": selector(need), "action": .string("ALLOW"), "rules": rules.isEmpty ? nil : .list(rules)]))
  }

  private func principal(_ id: ObjectReference) -> String {
    "\(context.options.trustDomain)/ns/\(id.namespace)/sa/\(context.account(id))"
  }

  /// What the proxy knows of the mesh: the services that are called, and nothing else.
  func sidecar(_ need: WorkloadPolicy) -> ManifestObject {
    let services = Set(need.outbound.flatMap(\.services).map(\.service)).sorted()
    var hosts = services.map { "\($0.namespace)/\($0.name).\($0.namespace).svc.cluster.local" }
    hosts += Set(need.outside.filter { IPv4Text($0.host) == nil }.map { $0.host.lowercased() }).sorted()
      .map { "\(need.workload.namespace)/\($0)" }
    if hosts.isEmpty { hosts = ["~/*"] }
    // Addresses outside cannot be registered by name: their calls pass through, held by the network policy alone.
    let passes = need.outside.contains { IPv4Text($0.host) != nil } || need.outbound.contains { $0.services.isEmpty }
    return object(
      "Sidecar", "networking.istio.io/v1", need,
      services.isEmpty
        ? "\(need.workload.name) calls nobody in the mesh"
        : "\(need.workload.name) calls \(services.map(\.name).joined(separator: ", "))",
      .map([
        "workloadSelector": .map(["labels": .labels(need.selector)]),
        "egress": .list([.map(["hosts": .texts(hosts)])]),
        "outboundTrafficPolicy": .map(["mode": .string(passes ? "ALLOW_ANY" : "REGISTRY_ONLY")]),
      ]))
  }

  /// Names outside the cluster, registered once in each namespace that calls them.
  func common(_ needs: [WorkloadPolicy]) -> [ManifestObject] {
    guard context.target == .istioSidecar else { return [] }
    var ports: [HostKey: [Int: WireProtocol]] = [:]
    for need in needs where need.isInMesh {
      for call in need.outside where IPv4Text(call.host) == nil {
        let key = HostKey(namespace: need.workload.namespace, host: call.host.lowercased())
        ports[key, default: [:]][call.port] = call.wireProtocol
      }
    }
    return ports.sorted { ($0.key.namespace, $0.key.host) < ($1.key.namespace, $1.key.host) }.map { key, ports in
      let list = ports.sorted { $0.key < $1.key }.map { number, wire -> DocumentValue in
        let name = number == 443 ? "TLS" : wire == .http ? "HTTP" : "TCP"
        return .map([
          "number": .integer(number), "name": .string("\(name.lowercased())-\(number)"), "protocol": .string(name),
        ])
      }
      return ManifestObject(
        "ServiceEntry", "networking.istio.io/v1", namespace: key.namespace,
        name: ObjectName.shortened("bulkhead-\(key.host)", to: 253),
        for: ObjectReference(kind: "Host", namespace: key.namespace, name: key.host),
        purpose: "\(key.host) outside the cluster, which workloads of \(key.namespace) call",
        spec: .map([
          "hosts": .texts([key.host]), "location": .string("MESH_EXTERNAL"), "resolution": .string("DNS"),
          "ports": .list(list), "exportTo": .texts(["."]),
        ]))
    }
  }

  private struct HostKey: Hashable {
    var namespace: String
    var host: String
  }
}
