import FleetModel

/// A Server for each port, which refuses everybody, and the authorisations that let callers through.
///
/// The kubelet's probes need none: Linkerd lets them through by itself (linkerd.io, "Authorization Policy").
struct LinkerdRenderer: MeshRenderer {
  let context: RenderContext

  func objects(for need: WorkloadPolicy) -> [ManifestObject] {
    guard need.isInMesh else { return [] }
    return need.inbound.filter { $0.transport == .tcp }.flatMap { ports(need, $0) }
  }

  func common(_ needs: [WorkloadPolicy]) -> [ManifestObject] { [] }

  /// - Parameters:
  ///   - suffix: of the names of all objects, for workloads that have such objects for several postures.
  ///   - access: what becomes of those whom no authorisation names.
  func ports(
    _ need: WorkloadPolicy, _ inbound: InboundNeed, suffix: String = "", access: String = "deny",
    networks: [String] = ["0.0.0.0/0", "::/0"]
  ) -> [ManifestObject] {
    let name = ObjectName.of(need.workload, "\(inbound.port)\(suffix)")
    let namespace = need.workload.namespace
    func object(_ kind: String, _ version: String, _ name: String, _ purpose: String, _ spec: DocumentValue)
      -> ManifestObject
    {
      ManifestObject(
        kind, "policy.linkerd.io/\(version)", namespace: namespace, name: name, for: need.workload, purpose: purpose,
        spec: spec)
    }
    let what = "port \(inbound.port) of \(need.workload.name)"
    var objects = [
      object(
        "Server", "v1beta3", name, "\(what) takes calls only of those named below",
        .map([
          "podSelector": .map(["matchLabels": .labels(need.selector)]), "port": .integer(inbound.port),
          "proxyProtocol": .string(inbound.wireProtocol == .http ? "unknown" : "opaque"),
          "accessPolicy": .string(access),
        ]))
    ]
    func authorise(_ what: String, _ kind: String, _ purpose: String, _ spec: DocumentValue) {
      let own = ObjectName.of(need.workload, "\(inbound.port)\(suffix)-\(what)")
      objects.append(object(kind, "v1alpha1", own, purpose, spec))
      objects.append(
        object(
          "AuthorizationPolicy", "v1alpha1", own, purpose,
          .map([
            "targetRef": reference("Server", name),
            "requiredAuthenticationRefs": .list([reference(kind, own)]),
          ])))
    }
    if !inbound.members.isEmpty {
      let accounts = Set(inbound.members.map { "\($0.namespace)/\(context.account($0))" }).sorted()
      let references = accounts.map { account -> DocumentValue in
        let parts = account.split(separator: "/").map(String.init)
        return .map(["kind": .string("ServiceAccount"), "name": .string(parts[1]), "namespace": .string(parts[0])])
      }
      authorise(
        "mesh", "MeshTLSAuthentication", "\(what) is called by \(inbound.members.map(\.name).joined(separator: ", "))",
        .map(["identityRefs": .list(references)]))
    }
    if inbound.takesPlaintext {
      let who = inbound.strangers.map(\.name) + Set(inbound.entrances.map(\.what)).sorted()
      authorise(
        "plaintext", "NetworkAuthentication",
        "\(what) is called without an identity by \(who.joined(separator: ", ")); the network policy says by whom",
        .map(["networks": .list(networks.map { .map(["cidr": .string($0)]) })]))
    }
    return objects
  }

  private func reference(_ kind: String, _ name: String) -> DocumentValue {
    .map(["group": .string("policy.linkerd.io"), "kind": .string(kind), "name": .string(name)])
  }
}
