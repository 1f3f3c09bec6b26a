import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let nodeAgentRights = Vector(
    code: "M25", title: "Using the node agent's rights over all pods", severity: .medium,
    explanation: """
      The CNI agent runs privileged on every node. Its repair function may label or delete pods in the whole \
      cluster: who takes one node's agent has those rights everywhere.
      """,
    mitigation: """
      Upgrade to 1.18.6, 1.19.5, 1.20.1 or later and use repair.repairPods, which repairs in place, instead of \
      labelPods or deletePods; keep other workloads off nodes that matter by taints.
      """,
    attack: ["T1078", "T1068"],
    references: [
      "ISTIO-SECURITY-2023-005", "https://istio.io/latest/news/security/istio-security-2023-005/",
      "https://github.com/istio/istio/issues/52558",
    ],
    signature: [.audit("delete pods by istio-cni"), .audit("patch pods by istio-cni")],
    example: """
      apiVersion: apps/v1
      kind: DaemonSet
      metadata: {name: istio-cni-node, namespace: istio-system}
      spec:
        selector: {matchLabels: {k8s-app: istio-cni-node}}
        template:
          metadata: {labels: {k8s-app: istio-cni-node}}
          spec:
            containers: [{name: install-cni, image: "docker.io/istio/install-cni:1.19.3"}]
      """,
    rule: .fleet { context in
      context.fleet.workloads.filter { $0.id.kind == "DaemonSet" && $0.id.name.hasPrefix("istio-cni") }.map { agent in
        ObjectAssessment(resource: agent.id, location: agent.location, assessment: assess(agent, context))
      }
    })

  /// First releases with reduced rights (ISTIO-SECURITY-2023-005), by minor version; 1.21 and later never had them.
  private static let reduced: [Int: Int] = [18: 6, 19: 5, 20: 1]

  private static func assess(_ agent: Workload, _ context: AuditContext) -> Assessment {
    let rights = context.rights(
      of: Subject(kind: .serviceAccount, namespace: agent.id.namespace, name: agent.pod.serviceAccount))
    let grants = ["delete", "update", "patch"].flatMap { rights.grants(allowing: $0, "pods") }
      .filter { $0.namespace == nil }
    if let grant = grants.first {
      return .open([
        Evidence(
          message: "\(grant.role.kind) \(grant.role.name) lets it change or delete every pod of the cluster",
          fix: "# in the values of istio-cni\nrepair:\n  repairPods: true\n  labelPods: false\n  deletePods: false",
          location: grant.location)
      ])
    }
    let image = agent.pod.containers.first { $0.name == "install-cni" }?.image ?? ""
    let tag = image.split(separator: "@")[safe: 0]?.split(separator: ":").last.map(String.init) ?? ""
    guard let version = Version(tag), version.numbers.count >= 2 else {
      return .unknown(because: "its image '\(image)' does not tell the version, nor the input its rights")
    }
    let (minor, patch) = (version.numbers[1], version.numbers.count > 2 ? version.numbers[2] : 0)
    let isOld = version.numbers[0] < 1 || (version.numbers[0] == 1 && minor < 18)
    guard isOld || (reduced[minor].map { patch < $0 } ?? false && version.numbers[0] == 1) else { return .closed }
    return .open([
      Evidence(
        message: "version \(tag) holds rights over every pod of the cluster (ISTIO-SECURITY-2023-005)",
        fix: agent.containerPatch("install-cni", "image: docker.io/istio/install-cni:1.20.1  # or later"))
    ])
  }
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
