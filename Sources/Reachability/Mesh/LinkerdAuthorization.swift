import FleetModel
import IntentModel

/// Linkerd's inbound policy: where a Server takes a port, its authorisations decide; elsewhere the default inbound
/// policy of pod, namespace or installation (linkerd.io, "Authorization Policy").
struct LinkerdAuthorization {
  typealias Layer = ReachExplanation.Layer
  typealias Reason = ReachExplanation.Reason
  private let mesh: MeshLayer
  private let group = "policy.linkerd.io"
  private let title = "mesh, authorisation (Linkerd)"

  init(_ mesh: MeshLayer) { self.mesh = mesh }

  func layer(_ call: MeshCall) -> Layer {
    guard let server = server(call) else {
      let policy = defaultPolicy(call)
      return byDefault(policy.name, policy.reason, call)
    }
    let reason = Reason("takes port \(call.port)", server.id, server.location)
    let found = authorisations(of: server, call)
    if let (object, _) = found.first(where: { $0.match == .yes }) {
      return Layer(title, .allowed, [reason, Reason("authorises \(call.name)", object.id, object.location)])
    }
    let partly = found.filter { $0.match != .no }
    if !partly.isEmpty {
      let reasons = partly.map {
        Reason("authorises requests with \($0.match.texts)", $0.object.id, $0.object.location)
      }
      return Layer(title, .partly, [reason] + reasons)
    }
    let access = server.spec["accessPolicy"]?.string ?? "deny"
    if access != "deny" { return byDefault(access, reason, call) }
    let misses = found.map { object, _ in
      Reason(
        call.identity == nil
          ? "does not authorise \(call.name), which shows no identity" : "does not authorise \(call.name)",
        object.id, object.location)
    }
    return Layer(
      title, .refused,
      [reason] + (misses.isEmpty ? [Reason("nothing authorises anyone for it", server.id, server.location)] : misses),
      cure:
        "add an AuthorizationPolicy for \(server.id.name) whose MeshTLSAuthentication names "
        + "\(identity(call) ?? call.name)"
    )
  }

  private func identity(_ call: MeshCall) -> String? {
    call.identity.map { "\($0.account).\($0.namespace).serviceaccount.identity.linkerd.\(mesh.options.trustDomain)" }
  }

  private func server(_ call: MeshCall) -> CustomObject? {
    mesh.objects(group, "Server").first { object in
      guard object.id.namespace == call.workload.id.namespace, let selector = object.spec["podSelector"],
        selector.labelSelector.matches(call.workload.podLabels)
      else { return false }
      if let number = object.spec["port"]?.integer { return number == call.port }
      guard let name = object.spec["port"]?.string else { return false }
      return call.workload.namedPorts.contains { $0.name == name && $0.number == call.port } || name == "\(call.port)"
    }
  }

  private func defaultPolicy(_ call: MeshCall) -> (name: String, reason: Reason) {
    let key = "config.linkerd.io/default-inbound-policy"
    if let name = call.workload.podAnnotations[key] {
      return (name, Reason("\(key): \(name)", call.workload.id, call.workload.location))
    }
    if let namespace = mesh.namespace(call.workload.id.namespace), let name = namespace.annotations[key] {
      return (
        name,
        Reason(
          "the namespace's \(key): \(name)", ObjectReference(kind: "Namespace", namespace: "", name: namespace.name),
          namespace.location)
      )
    }
    let name = mesh.options.linkerdDefault
    return (name, Reason("no Server takes port \(call.port); the installation's default is \(name)"))
  }

  private func byDefault(_ name: String, _ reason: Reason, _ call: MeshCall) -> Layer {
    let wantsIdentity = name.hasSuffix("-authenticated")
    if name == "deny" {
      return Layer(title, .refused, [reason], cure: "add a Server for port \(call.port) and authorise \(call.name)")
    }
    if wantsIdentity, call.identity == nil {
      return Layer(
        title, .refused, [reason, Reason("\(call.name) shows no identity")],
        cure: "take \(call.name) into the mesh, or add a Server for port \(call.port) that authorises it")
    }
    if name.hasPrefix("cluster-"), !call.isPod, !call.addresses.contains(where: isOfCluster) {
      return Layer(
        title, .refused, [reason, Reason("\(call.name) is not in the cluster's networks")],
        cure: "add a Server for port \(call.port) with a NetworkAuthentication for the address")
    }
    return Layer(title, .allowed, [reason])
  }

  /// Linkerd's default `clusterNetworks`.
  private func isOfCluster(_ address: Address) -> Bool {
    ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"].contains {
      AddressSet(block: $0)?.contains(address) ?? false
    }
  }

  private func authorisations(of server: CustomObject, _ call: MeshCall) -> [(object: CustomObject, match: MeshMatch)] {
    let old = mesh.objects(group, "ServerAuthorization").filter { object in
      guard object.id.namespace == server.id.namespace, let target = object.spec["server"] else { return false }
      return target["name"]?.string == server.id.name
        || (target["selector"]?.labelSelector.matches(server.labels) ?? false)
    }.map { (object: $0, match: client($0.spec["client"] ?? .null, call)) }
    let new = mesh.objects(group, "AuthorizationPolicy").compactMap {
      object -> (object: CustomObject, match: MeshMatch)? in
      guard object.id.namespace == server.id.namespace, let scope = scope(object, server) else { return nil }
      let needed = (object.spec["requiredAuthenticationRefs"]?.elements ?? []).map { authentication($0, object, call) }
      return (object, scope.and(.all(needed)))
    }
    return old + new
  }

  /// What of the server's traffic a policy speaks of; nil for nothing.
  private func scope(_ policy: CustomObject, _ server: CustomObject) -> MeshMatch? {
    let target = policy.spec["targetRef"]
    let name = target?["name"]?.string
    switch target?["kind"]?.string {
    case "Server": return name == server.id.name ? .yes : nil
    case "Namespace": return name == server.id.namespace ? .yes : nil
    case "HTTPRoute", "GRPCRoute":
      let routes =
        mesh.objects(group, "HTTPRoute") + mesh.objects("gateway.networking.k8s.io", "HTTPRoute")
        + mesh.objects("gateway.networking.k8s.io", "GRPCRoute")
      let route = routes.first { $0.id.namespace == policy.id.namespace && $0.id.name == name }
      let isOnServer = route?.spec["parentRefs"]?.elements.contains {
        $0["kind"]?.string == "Server" && $0["name"]?.string == server.id.name
      }
      return isOnServer ?? false ? .some(["the route \(name ?? "")"]) : nil
    default: return nil
    }
  }

  private func client(_ client: DocumentValue, _ call: MeshCall) -> MeshMatch {
    let networks = client["networks"]?.elements ?? []
    let inside = networks.isEmpty ? MeshMatch.yes : .any(networks.map { network($0, call) })
    if client["unauthenticated"]?.bool ?? false { return inside }
    guard let tls = client["meshTLS"], call.identity != nil else { return .no }
    if tls["unauthenticatedTLS"]?.bool ?? false { return inside }
    let accounts = (tls["serviceAccounts"]?.elements ?? []).contains { isAccount($0, call, call.workload.id.namespace) }
    return inside.and(MeshMatch(accounts || names(tls["identities"]?.strings ?? [], call)))
  }

  private func isAccount(_ reference: DocumentValue, _ call: MeshCall, _ namespace: String) -> Bool {
    guard let own = call.identity, let name = reference["name"]?.string else { return false }
    return own.account == name && own.namespace == reference["namespace"]?.string ?? namespace
  }

  private func names(_ identities: [String], _ call: MeshCall) -> Bool {
    guard let own = identity(call) else { return false }
    return identities.contains { $0 == "*" || $0 == own || ($0.hasPrefix("*.") && own.hasSuffix($0.dropFirst())) }
  }

  private func network(_ value: DocumentValue, _ call: MeshCall) -> MeshMatch {
    guard let text = value["cidr"]?.string, var block = AddressSet(block: text) else { return .no }
    for cut in value["except"]?.strings ?? [] { if let cut = AddressSet(block: cut) { block = block.subtracting(cut) } }
    guard let address = call.addresses.first else {
      // Any address at all: no need to know which.
      return block == AddressSet(block: "0.0.0.0/0") ? .yes : .some(["a source address in \(text)"])
    }
    return MeshMatch(block.contains(address))
  }

  private func authentication(_ reference: DocumentValue, _ policy: CustomObject, _ call: MeshCall) -> MeshMatch {
    let kind = reference["kind"]?.string ?? ""
    let namespace = reference["namespace"]?.string ?? policy.id.namespace
    if kind == "ServiceAccount" { return MeshMatch(isAccount(reference, call, policy.id.namespace)) }
    let object = mesh.objects(group, kind).first {
      $0.id.namespace == namespace && $0.id.name == reference["name"]?.string
    }
    guard let spec = object?.spec else { return .no }
    switch kind {
    case "MeshTLSAuthentication":
      let references = (spec["identityRefs"]?.elements ?? []).contains { entry in
        entry["kind"]?.string == "Namespace"
          ? entry["name"]?.string == call.identity?.namespace && call.identity != nil
          : isAccount(entry, call, namespace)
      }
      return MeshMatch(references || names(spec["identities"]?.strings ?? [], call))
    case "NetworkAuthentication": return .any((spec["networks"]?.elements ?? []).map { network($0, call) })
    default: return .no
    }
  }
}
