import FleetModel
import Intake
import IntentModel
import MeshTraps
import Testing

/// Reads manifests and runs one trap over one workload.
enum TrapRun {
  static func context(_ yaml: String) throws -> TrapContext {
    TrapContext(try Intake().read([InputSource(name: "in.yaml", bytes: Array(yaml.utf8))]).fleet)
  }

  static func hits(_ code: String, _ yaml: String, _ mesh: Mesh, workload: String = "cart") throws -> [TrapHit] {
    let trap = try #require(TrapCatalogue.trap(code), "no trap \(code)")
    let context = try context(yaml)
    let found = context.fleet.workloads.filter { $0.id.name == workload }
    return found.flatMap { trap.hits(context.effectivePod($0), context, mesh: mesh) }
  }

  /// `no`, `yes` or `unknown`.
  static func outcome(_ code: String, _ yaml: String, _ mesh: Mesh) throws -> String {
    let hits = try hits(code, yaml, mesh)
    if hits.isEmpty { return "no" }
    return hits.contains { $0.undecided == nil } ? "yes" : "unknown"
  }
}

/// Manifests in pieces, for tables.
enum Piece {
  static func deployment(
    _ name: String = "cart", namespace: String = "shop", kind: String = "Deployment", labels: String = "",
    notes: String = "", spec: String = "", container: String = "", image: String = "example.com/app:1",
    replicas: Int = 2
  ) -> String {
    """
    apiVersion: apps/v1
    kind: \(kind)
    metadata: {name: \(name), namespace: \(namespace)}
    spec:
      replicas: \(replicas)
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

  static func service(_ ports: String, name: String = "cart", spec: String = "") -> String {
    "apiVersion: v1\nkind: Service\nmetadata: {name: \(name), namespace: shop}\n"
      + "spec: {selector: {app: cart}, ports: [\(ports)]\(spec.isEmpty ? "" : ", \(spec)")}\n---\n"
  }

  static func namespace(labels: String = "", notes: String = "") -> String {
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {\(labels)}, annotations: {\(notes)}}\n---\n"
  }

  static func object(_ api: String, _ kind: String, _ name: String, _ spec: String) -> String {
    "apiVersion: \(api)\nkind: \(kind)\nmetadata: {name: \(name), namespace: shop}\nspec: \(spec)\n---\n"
  }

  static func policy(_ spec: String) -> String {
    object("networking.k8s.io/v1", "NetworkPolicy", "limits", "{podSelector: {matchLabels: {app: cart}}, \(spec)}")
  }

  static let istiod = deployment("istiod", namespace: "istio-system", image: "docker.io/istio/pilot:1.26.2")
  static let ledger =
    deployment("ledger")
    + "apiVersion: v1\nkind: Service\nmetadata: {name: ledger, namespace: shop}\n"
    + "spec: {selector: {app: ledger}, ports: [{port: 8080, name: http}]}\n---\n"

  static func indented(_ text: String, _ count: Int) -> String {
    text.split(separator: "\n").map { String(repeating: " ", count: count) + $0 }.joined(separator: "\n")
  }
}
