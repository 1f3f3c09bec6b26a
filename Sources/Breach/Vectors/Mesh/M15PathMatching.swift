import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let pathMatching = Vector(
    code: "M15", title: "Around a path rule by another spelling", severity: .medium,
    explanation: """
      A rule that forbids a path, or allows all but one, does not match another spelling of it: //admin, /%61dmin or \
      /public\\..\\admin. The application behind reads them as the same path.
      """,
    mitigation: """
      Allow the paths that are meant instead of forbidding others, and set pathNormalization to \
      DECODE_AND_MERGE_SLASHES.
      """,
    attack: ["T1190"],
    references: [
      "https://istio.io/latest/docs/reference/config/security/normalization/",
      "https://istio.io/latest/docs/ops/best-practices/security/", "ISTIO-SECURITY-2021-005",
    ],
    signature: [.state("a request whose path holds //, %2f, %5c or a backslash")],
    example: """
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: no-admin, namespace: shop}
      spec:
        action: DENY
        rules:
        - to: [{operation: {paths: ["/admin*"]}}]
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: istio, namespace: istio-system}
      data:
        mesh: |
          enableTracing: false
      """,
    rule: .fleet { context in
      let config = context.mesh.settings.istioMeshConfig
      let normalization = config?["pathNormalization.normalization"]
      guard normalization != "DECODE_AND_MERGE_SLASHES" else { return [] }
      return context.objects("AuthorizationPolicy", group: "security.istio.io").compactMap { policy in
        let action = policy.spec["action"]?.string ?? "ALLOW"
        let key = action == "DENY" ? "paths" : "notPaths"
        let operations = (policy.spec["rules"]?.elements ?? []).flatMap { $0["to"]?.elements ?? [] }
        let paths = operations.flatMap { $0["operation"]?[key]?.strings ?? [] }
        guard ["ALLOW", "DENY"].contains(action), !paths.isEmpty else { return nil }
        let what = action == "DENY" ? "it forbids" : "it allows all but"
        guard config != nil else {
          return ObjectAssessment(
            resource: policy.id, location: policy.location,
            assessment: .unknown(
              because: "\(what) \(listed(paths)), and pathNormalization is in the mesh configuration, which is not in "
                + "the input"))
        }
        return .open(
          policy,
          [
            Evidence(
              message:
                "\(what) \(listed(paths)), and pathNormalization \(normalization ?? "BASE") leaves other spellings",
              fix: "# in data.mesh of ConfigMap istio\npathNormalization:\n  normalization: DECODE_AND_MERGE_SLASHES")
          ])
      }
    })
}
