import FleetModel
import IntentModel

extension IstioRenderer {
  func objects(for need: WorkloadPolicy, in posture: Posture) -> [ManifestObject] {
    guard need.isInMesh, posture.enrolled else { return [] }
    var objects = [mutualTLS(need, posture.mutualTLS)]
    let marked = need.marked(PostureMark.authorisation, posture.authorisation.rawValue)
    switch posture.authorisation {
    case .off: break
    case .shadow:
      // A ztunnel that does not know of dry runs would enforce the policy.
      guard context.target == .istioSidecar else { break }
      var policy = authorization(marked)
      policy.annotations["istio.io/dry-run"] = "true"
      policy.purpose += "; refusals are counted only"
      objects.append(named(policy, need, "shadow"))
    case .enforced: objects.append(named(authorization(marked), need, "enforced"))
    }
    if posture.isolated, context.target == .istioSidecar {
      objects.append(named(egress(need.marked(PostureMark.isolated, "true")), need, "isolated"))
    }
    return objects
  }

  private func named(_ object: ManifestObject, _ need: WorkloadPolicy, _ suffix: String) -> ManifestObject {
    var object = object
    object.id.name = ObjectName.of(need.workload, suffix)
    return object
  }

  private func mutualTLS(_ need: WorkloadPolicy, _ mode: MutualTLS) -> ManifestObject {
    let marked = need.marked(PostureMark.mutualTLS, mode.rawValue)
    let isStrict = mode == .strict
    return named(
      object(
        "PeerAuthentication", "security.istio.io/v1", marked,
        isStrict
          ? "\(need.workload.name) takes mutual TLS alone: every known caller has an identity"
          : "\(need.workload.name) takes plaintext as well as mutual TLS",
        .map([
          "selector": selector(marked), "mtls": .map(["mode": .string(isStrict ? "STRICT" : "PERMISSIVE")]),
        ])), need, mode.rawValue)
  }

  /// Names outside the cluster are registered by nobody here: where there are any, calls to unknown places pass
  /// through, held by the network policy alone.
  private func egress(_ need: WorkloadPolicy) -> ManifestObject {
    var inside = need
    inside.outside = []
    let object = sidecar(inside)
    guard !need.outside.isEmpty, let spec = object.body.firstIndex(where: { $0.key == "spec" }) else { return object }
    var open = object
    open.body[spec].value = .mapping(
      object.spec.entries.map { entry in
        entry.key == "outboundTrafficPolicy" ? .init(entry.key, .map(["mode": .string("ALLOW_ANY")])) : entry
      })
    return open
  }
}
