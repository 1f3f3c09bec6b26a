import FleetModel
import IntentModel

/// Istio's AuthorizationPolicy: CUSTOM first, then DENY, then ALLOW; where no ALLOW policy holds for a workload all is
/// allowed (istio.io, "Authorization policy", implicit enablement and evaluation order).
struct IstioAuthorization {
  typealias Layer = ReachExplanation.Layer
  typealias Reason = ReachExplanation.Reason
  private let mesh: MeshLayer

  init(_ mesh: MeshLayer) { self.mesh = mesh }

  private struct Found {
    var verdict = ReachExplanation.Verdict.allowed
    var reasons: [Reason] = []
  }

  func layer(_ call: MeshCall) -> Layer {
    let title = "mesh, authorisation (Istio)"
    let policies = applying(to: call)
    var found = Found()
    for policy in policies where policy.isDryRun {
      found.reasons.append(
        Reason("is a dry run (istio.io/dry-run) and enforces nothing", policy.object.id, policy.object.location))
    }
    let enforced = policies.filter { !$0.isDryRun }
    custom(enforced.filter { $0.action == "CUSTOM" }, call, &found)
    if let refusal = deny(enforced.filter { $0.action == "DENY" }, call, &found, title) { return refusal }
    return allow(enforced.filter { $0.action == "ALLOW" }, call, found, title)
  }

  private struct Policy {
    var object: CustomObject
    var action: String
    var isDryRun: Bool
  }

  private func applying(to call: MeshCall) -> [Policy] {
    mesh.objects("security.istio.io", "AuthorizationPolicy").filter { object in
      let isRoot = object.id.namespace == mesh.options.istioRootNamespace
      guard isRoot || object.id.namespace == call.workload.id.namespace else { return false }
      // Policies with targets are enforced by gateways and waypoints, never by a sidecar or a ztunnel.
      guard object.spec["targetRefs"] == nil, object.spec["targetRef"] == nil else {
        return object.id.namespace == call.workload.id.namespace && targets(object, call)
      }
      return object.spec["selector"]?.labelSelector.matches(call.workload.podLabels) ?? true
    }.map {
      Policy(
        object: $0, action: $0.spec["action"]?.string ?? "ALLOW",
        isDryRun: $0.annotations["istio.io/dry-run"] == "true")
    }
  }

  /// A target is a service in front of the workload, with a waypoint to enforce it.
  private func targets(_ object: CustomObject, _ call: MeshCall) -> Bool {
    guard hasWaypoint(call) else { return false }
    let references = (object.spec["targetRefs"]?.elements ?? []) + [object.spec["targetRef"]].compactMap(\.self)
    let services = Set(mesh.fleet.services(of: call.workload).map(\.id.name))
    return references.contains { reference in
      switch reference["kind"]?.string {
      case "Service": reference["name"]?.string.map(services.contains) ?? false
      case "Gateway": reference["name"]?.string == mesh.memberships[call.target].waypoint
      default: false
      }
    }
  }

  private func hasWaypoint(_ call: MeshCall) -> Bool {
    mesh.memberships[call.target].mesh == .istioAmbient && mesh.memberships[call.target].waypoint != nil
  }

  /// Whether the proxy reads the protocol of requests: a ztunnel never does, a sidecar not on ports of TCP services.
  private func isRead(_ call: MeshCall) -> Bool {
    if mesh.memberships[call.target].mesh == .istioAmbient { return hasWaypoint(call) }
    let ports = mesh.fleet.services(of: call.workload).flatMap(\.ports)
      .filter { $0.transport == .tcp && $0.targetPort(in: call.workload) == call.port }
    return ports.isEmpty || ports.contains { $0.wireProtocol == .http }
  }

  private func custom(_ policies: [Policy], _ call: MeshCall, _ found: inout Found) {
    for policy in policies where matches(policy, call) != .no {
      let provider = policy.object.spec["provider"]?["name"]?.string ?? "an external service"
      found.verdict = .unknown
      found.reasons.append(
        Reason(
          "leaves the decision to \(provider), which is not in the input", policy.object.id, policy.object.location))
    }
  }

  private func deny(_ policies: [Policy], _ call: MeshCall, _ found: inout Found, _ title: String) -> Layer? {
    for policy in policies {
      let id = policy.object.id
      switch matches(policy, call) {
      case .no: continue
      case .yes:
        found.reasons.append(Reason("denies the call", id, policy.object.location))
        return Layer(title, .refused, found.reasons, cure: "leave \(call.name) out of the rule of \(id) that denies it")
      case .some(let texts):
        if found.verdict == .allowed { found.verdict = .partly }
        found.reasons.append(
          Reason("denies requests with \(texts.joined(separator: " and "))", id, policy.object.location))
      }
    }
    return nil
  }

  private func allow(_ policies: [Policy], _ call: MeshCall, _ before: Found, _ title: String) -> Layer {
    var found = before
    guard !policies.isEmpty else {
      found.reasons.append(Reason("no ALLOW policy holds for \(call.workload.id): what is not denied is allowed"))
      return Layer(title, found.verdict, found.reasons)
    }
    let matching = policies.map { ($0, matches($0, call)) }
    if let (policy, _) = matching.first(where: { $0.1 == .yes }) {
      found.reasons.append(Reason("allows the call", policy.object.id, policy.object.location))
      return Layer(title, found.verdict, found.reasons)
    }
    for (policy, match) in matching {
      guard case .some = match else { continue }
      if found.verdict == .allowed { found.verdict = .partly }
      found.reasons.append(
        Reason("allows only requests with \(match.texts)", policy.object.id, policy.object.location))
    }
    if matching.contains(where: { $0.1 != .no }) { return Layer(title, found.verdict, found.reasons) }
    for policy in policies {
      found.reasons.append(Reason(miss(policy, call), policy.object.id, policy.object.location))
    }
    return Layer(title, .refused, found.reasons, cure: cure(policies[0], call))
  }

  private func miss(_ policy: Policy, _ call: MeshCall) -> String {
    let rules = policy.object.spec["rules"]?.elements ?? []
    if rules.isEmpty { return "allows nothing at all (no rules)" }
    if call.identity == nil, IstioRules.wantsIdentity(policy.object.spec) {
      return "wants an identity, and \(call.name) has none"
    }
    if !isRead(call), IstioRules.wantsRequests(policy.object.spec) {
      return "looks at requests, which nothing reads on port \(call.port): its rule never matches"
    }
    return "none of its rules matches \(call.name) on port \(call.port)"
  }

  private func cure(_ policy: Policy, _ call: MeshCall) -> String {
    guard let identity = call.identity else {
      return "call from a pod of the mesh and name its identity in \(policy.object.id)"
    }
    return "add to \(policy.object.id) a rule from principal "
      + "\(mesh.options.trustDomain)/ns/\(identity.namespace)/sa/\(identity.account) to port \(call.port)"
  }

  private func matches(_ policy: Policy, _ call: MeshCall) -> MeshMatch {
    IstioRules(call, trustDomain: mesh.options.trustDomain, isRead: isRead(call), isDenying: policy.action != "ALLOW")
      .matches(policy.object.spec)
  }
}
