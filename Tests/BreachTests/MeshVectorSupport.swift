import AccessControl
import Breach
import FleetModel
import Intake
import IntentModel
import Testing

/// Reads manifests and runs one mesh vector over them.
enum MeshVectorRun {
  static func vector(_ code: String) throws -> Vector {
    try #require(MeshVectorList.all.first { $0.code == code }, "no vector \(code)")
  }

  static func context(_ yaml: String, kernel: String? = nil) throws -> AuditContext {
    let fleet = try Intake().read([InputSource(name: "in.yaml", bytes: Array(yaml.utf8))]).fleet
    var facts = NodeFacts()
    facts.kernel = kernel.flatMap { Version($0) }
    return AuditContext(fleet, nodeFacts: facts)
  }

  /// Everything the rule says, without what is closed: `open NAME` and `unknown NAME`, sorted.
  static func outcomes(_ vector: Vector, _ context: AuditContext) -> [String] {
    var result: [String] = []
    func add(_ name: String, _ assessment: Assessment) {
      switch assessment {
      case .closed: break
      case .open(let evidence): result.append(evidence.isEmpty ? "open without evidence \(name)" : "open \(name)")
      case .unknown: result.append("unknown \(name)")
      }
    }
    switch vector.rule {
    case .pod(let rule):
      for workload in context.fleet.workloads { add(workload.id.name, rule(context.effectivePod(workload), context)) }
    case .subject(let rule):
      for subject in context.access.subjects { add(subject.name, rule(context.rights(of: subject), context)) }
    case .fleet(let rule):
      for assessment in rule(context) { add(assessment.resource.name, assessment.assessment) }
    }
    return result.sorted()
  }

  static func outcomes(_ code: String, _ yaml: String, kernel: String? = nil) throws -> [String] {
    outcomes(try vector(code), try context(yaml, kernel: kernel))
  }
}

/// Manifests in pieces, for tables.
enum Piece {
  /// A Deployment; `labels` and `notes` are flow mappings' insides, `spec` and `container` lines of YAML.
  static func deployment(
    _ name: String = "cart", namespace: String = "shop", kind: String = "Deployment", labels: String = "",
    notes: String = "", spec: String = "", container: String = "", image: String = "example.com/app:1"
  ) -> String {
    """
    apiVersion: apps/v1
    kind: \(kind)
    metadata: {name: \(name), namespace: \(namespace)}
    spec:
      selector: {matchLabels: {app: \(name)}}
      template:
        metadata:
          labels: {app: \(name)\(labels.isEmpty ? "" : ", \(labels)")}
          annotations: {\(notes)}
        spec:
    \(indented(spec, 6))
          containers:
          - name: server
            image: \(image)
    \(indented(container, 8))
    ---

    """
  }

  static let safe =
    "securityContext: {runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, capabilities: {drop: [ALL]}}"
  static let sidecar = #"sidecar.istio.io/inject: "true""#
  static let ambientNamespace = namespace("shop", labels: "istio.io/dataplane-mode: ambient")

  static func namespace(_ name: String, labels: String = "", notes: String = "") -> String {
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: \(name), labels: {\(labels)}, annotations: {\(notes)}}\n---\n"
  }

  static func object(
    _ api: String, _ kind: String, namespace: String = "shop", _ spec: String, notes: String = ""
  ) -> String {
    object(api, kind, "x", namespace: namespace, spec, notes: notes)
  }

  static func object(
    _ api: String, _ kind: String, _ name: String, namespace: String = "shop", _ spec: String, notes: String = ""
  ) -> String {
    "apiVersion: \(api)\nkind: \(kind)\n"
      + "metadata: {name: \(name), namespace: \(namespace), annotations: {\(notes)}}\nspec: \(spec)\n---\n"
  }

  static func meshConfig(_ text: String) -> String {
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n"
      + indented(text, 4) + "\n---\n"
  }

  static func rights(_ rules: String, cluster: Bool = true, namespace: String = "shop") -> String {
    let prefix = cluster ? "Cluster" : ""
    let place = cluster ? "" : ", namespace: \(namespace)"
    let api = "apiVersion: rbac.authorization.k8s.io/v1"
    return """
      \(api)
      kind: \(prefix)Role
      metadata: {name: tool\(place)}
      rules: [\(rules)]
      ---
      \(binding(cluster: cluster, namespace: namespace))
      """
  }

  static func binding(cluster: Bool = true, namespace: String = "shop") -> String {
    let prefix = cluster ? "Cluster" : ""
    let place = cluster ? "" : ", namespace: \(namespace)"
    return """
      apiVersion: rbac.authorization.k8s.io/v1
      kind: \(prefix)RoleBinding
      metadata: {name: tool\(place)}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: \(prefix)Role, name: tool}
      subjects: [{kind: ServiceAccount, name: tool, namespace: shop}]
      ---

      """
  }

  static func indented(_ text: String, _ count: Int) -> String {
    text.split(separator: "\n").map { String(repeating: " ", count: count) + $0 }.joined(separator: "\n")
  }
}
