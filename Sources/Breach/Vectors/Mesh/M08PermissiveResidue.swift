import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let permissiveResidue = Vector(
    code: "M08", title: "Calling in plain text where mTLS is only offered", severity: .high,
    explanation: """
      A server that takes both plain text and mTLS is open to everyone who can reach its port: a caller without a \
      certificate has no identity, and rules about identities do not hold it back.
      """,
    mitigation: """
      Make mTLS strict once no caller is left without it; keep exceptions to single ports with an owner and an end \
      date, and bound them by a NetworkPolicy.
      """,
    attack: ["T1040", "T1557"],
    references: [
      "https://istio.io/latest/docs/tasks/security/authentication/mtls-migration/",
      "https://linkerd.io/2/reference/proxy-configuration/",
      "https://developer.hashicorp.com/consul/docs/connect/config-entries/service-defaults",
    ],
    signature: [.state("inbound plain text, or a request with an empty principal, at a proxy")],
    example: """
      apiVersion: security.istio.io/v1
      kind: PeerAuthentication
      metadata: {name: default, namespace: shop}
      spec: {mtls: {mode: PERMISSIVE}}
      """,
    rule: .fleet { context in
      // With no mesh there is no mTLS to be lax about: closed.
      context.mesh.isEmpty ? [] : istioPlaintext(context) + linkerdPlaintext(context) + consulPlaintext(context)
    })

  private static func istioPlaintext(_ context: AuditContext) -> [ObjectAssessment] {
    let objects = context.objects("PeerAuthentication", group: "security.istio.io")
    var result = objects.compactMap { object -> ObjectAssessment? in
      var evidence: [Evidence] = []
      if let mode = object.spec["mtls"]?["mode"]?.string, ["PERMISSIVE", "DISABLE"].contains(mode) {
        evidence.append(Evidence(message: "mTLS is \(mode)", fix: "spec:\n  mtls:\n    mode: STRICT"))
      }
      for entry in object.spec["portLevelMtls"]?.entries ?? [] {
        guard let mode = entry.value["mode"]?.string, ["PERMISSIVE", "DISABLE"].contains(mode) else { continue }
        evidence.append(
          Evidence(
            message: "mTLS is \(mode) on port \(entry.key)",
            fix: "spec:\n  portLevelMtls:\n    \"\(entry.key)\":\n      mode: STRICT"))
      }
      return evidence.isEmpty ? nil : .open(object, evidence)
    }
    let modes = IstioMutualTLS(objects, rootNamespace: context.mesh.settings.istioRootNamespace)
    for group in context.mesh.membersByNamespace(of: [.istioSidecar, .istioAmbient]) {
      let silent = group.members.filter { modes.mode(of: $0.workload) == nil }.map(\.workload)
      guard let first = silent.first else { continue }
      let who = listed(silent.map(\.id.name))
      let assessment: Assessment =
        context.mesh.settings.istioMeshConfig == nil
        ? .unknown(because: "no PeerAuthentication in the input covers \(who), and without one Istio takes plain text")
        : .open([
          Evidence(
            message: "no PeerAuthentication covers \(who), so that plain text is taken", fix: strict(group.namespace))
        ])
      result.append(.namespace(group.namespace, context, at: first.location, assessment))
    }
    return result
  }

  private static func strict(_ namespace: String) -> String {
    "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"
      + "metadata: {name: default, namespace: \(namespace)}\nspec: {mtls: {mode: STRICT}}"
  }

  private static func linkerdPlaintext(_ context: AuditContext) -> [ObjectAssessment] {
    let key = "config.linkerd.io/default-inbound-policy"
    let servers = context.objects("Server", group: "policy.linkerd.io").compactMap { object -> ObjectAssessment? in
      guard let policy = object.spec["accessPolicy"]?.string, policy.hasSuffix("unauthenticated") else { return nil }
      return .open(object, [Evidence(message: "accessPolicy is \(policy)", fix: "spec:\n  accessPolicy: deny")])
    }
    return servers
      + context.mesh.membersByNamespace(of: [.linkerd]).map { group in
        let inherited = context.namespaces[group.namespace]?.annotations[key]
        let policies = group.members.map { ($0.workload, $0.workload.podAnnotations[key] ?? inherited) }
        let lax = policies.filter { $0.1?.hasSuffix("unauthenticated") ?? false }.map(\.0)
        let silent = policies.filter { $0.1 == nil }.map(\.0)
        let assessment: Assessment
        if !lax.isEmpty {
          assessment = .open([
            Evidence(
              message: "\(listed(lax.map(\.id.name))): the default inbound policy lets unauthenticated callers in",
              fix: "metadata:\n  annotations:\n    \(key): all-authenticated")
          ])
        } else if !silent.isEmpty {
          assessment = .unknown(
            because: "the default inbound policy of \(listed(silent.map(\.id.name))) is the installation's, which is "
              + "not in the input; the chart's is all-unauthenticated")
        } else {
          assessment = .closed
        }
        return .namespace(group.namespace, context, at: group.members[0].workload.location, assessment)
      }
  }

  private static func consulPlaintext(_ context: AuditContext) -> [ObjectAssessment] {
    let meshes = context.objects("Mesh", group: "consul.hashicorp.com")
    let allowed = meshes.first.map { $0.spec["allowEnablingPermissiveMutualTLS"]?.bool ?? false }
    let defaults =
      context.objects("ServiceDefaults", group: "consul.hashicorp.com")
      + context.objects("ProxyDefaults", group: "consul.hashicorp.com")
    return defaults.filter { $0.spec["mutualTLSMode"]?.string == "permissive" }.map { object in
      let assessment: Assessment =
        switch allowed {
        case true?:
          .open([
            Evidence(
              message: "mutualTLSMode is permissive: intentions are not asked for plain text",
              fix: "spec:\n  mutualTLSMode: strict")
          ])
        case false?: .closed
        case nil:
          .unknown(because: "mutualTLSMode is permissive, and the Mesh entry that may allow it is not in the input")
        }
      return ObjectAssessment(resource: object.id, location: object.location, assessment: assessment)
    }
  }
}
