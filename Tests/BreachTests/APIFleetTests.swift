import AccessControl
import Breach
import FleetModel
import Testing

/// Vectors of the cluster as a whole: K05, K15 to K19, K21.
@Suite struct APIFleetTests {
  struct Case: Sendable, CustomStringConvertible {
    var code: String
    var what: String
    var yaml: String
    var verdict: APIFixture.Verdict
    var description: String { "\(code) \(what)" }

    init(_ code: String, _ what: String, _ yaml: String, _ verdict: APIFixture.Verdict) {
      self.code = code
      self.what = what
      self.yaml = yaml
      self.verdict = verdict
    }
  }

  private static func controlPlane(_ command: String) -> String {
    """
    apiVersion: v1
    kind: Pod
    metadata: {name: plane, namespace: kube-system}
    spec: {hostNetwork: true, containers: [{name: c, image: a, command: [\(command)]}]}
    ---

    """
  }
  private static func kubelet(_ lines: String...) -> String {
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubelet-config, namespace: kube-system}\ndata:\n  kubelet: |\n"
      + "    kind: KubeletConfiguration\n" + lines.map { "    \($0)\n" }.joined() + "---\n"
  }
  private static func stranger(_ role: String) -> String {
    """
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata: {name: strangers}
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "\(role)"}
    subjects: [{kind: Group, name: "system:unauthenticated", apiGroup: rbac.authorization.k8s.io}]
    ---

    """
  }
  private static func node(_ version: String, labels: String = "{}") -> String {
    "apiVersion: v1\nkind: Node\nmetadata: {name: n, labels: \(labels)}\nstatus: {nodeInfo: "
      + "{kubeletVersion: \(version)}}\n---\n"
  }
  private static func workload(_ kind: String, _ image: String, _ extra: String = "", pod: String = "") -> String {
    """
    apiVersion: apps/v1
    kind: \(kind)
    metadata: {name: w, namespace: shop}
    spec:
      selector: {matchLabels: {app: w}}
      template:
        metadata: {labels: {app: w}}
        spec: {serviceAccountName: deployer\(pod), containers: [{name: c, image: "\(image)"\(extra)}]}
    ---

    """
  }
  private static let controller = "registry.k8s.io/ingress-nginx/controller"
  private static let privileged = ", securityContext: {privileged: true}"
  private static func snippets(_ value: String) -> String {
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nginx, namespace: shop}\ndata: "
      + "{allow-snippet-annotations: \"\(value)\"}\n---\n"
  }
  private static let awsAuth =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n---\n"
  private static func mayChange(_ names: String = "") -> String {
    APIFixture.role(APIFixture.rule("''", "configmaps", "patch", names: names), cluster: true)
  }

  static let cases: [Case] = [
    Case("K05", "nothing is known", node("v1.34.0"), .unknown),
    Case("K05", "kubelet's defaults", kubelet("port: 10250"), .closed),
    Case("K05", "kubelet, anonymous", kubelet("authentication:", "  anonymous:", "    enabled: true"), .open),
    Case("K05", "kubelet, webhook alone", kubelet("authentication:", "  webhook:", "    enabled: true"), .closed),
    Case("K05", "kubelet, read-only port", kubelet("readOnlyPort: 10255"), .open),
    Case("K05", "kubelet, every request", kubelet("authorization:", "  mode: AlwaysAllow"), .open),
    Case(
      "K05", "API server, RBAC", kubelet() + controlPlane("kube-apiserver, '--authorization-mode=Node,RBAC'"), .closed),
    Case("K05", "API server, default", kubelet() + controlPlane("kube-apiserver"), .open),
    Case(
      "K05", "API server, by a file", kubelet() + controlPlane("kube-apiserver, --authorization-config=/f"), .unknown),
    Case(
      "K05", "etcd",
      kubelet() + controlPlane("etcd, '--listen-client-urls=https://127.0.0.1:2379,https://10.0.0.1:2379'"),
      .open),
    Case(
      "K05", "etcd with certificates",
      kubelet() + controlPlane("etcd, --client-cert-auth=true, '--listen-client-urls=https://10.0.0.1:2379'"), .closed),
    Case("K05", "strangers discover", kubelet() + stranger("system:discovery"), .closed),
    Case("K05", "strangers view", kubelet() + stranger("view"), .open),
    Case("K15", "no service", node("v1.34.0"), .closed),
    Case(
      "K15", "plugin is on",
      controlPlane("kube-apiserver, '--enable-admission-plugins=NodeRestriction,DenyServiceExternalIPs'")
        + APIFixture.role(APIFixture.rule("''", "services", "create")), .closed),
    Case("K15", "role cannot be read", APIFixture.bind("ClusterRole", "gone"), .unknown),
    Case("K16", "old kubelet", node("v1.17.6"), .open),
    Case("K16", "very old kubelet", node("v1.15.12"), .open),
    Case("K16", "fixed kubelet", node("v1.17.7"), .closed),
    Case("K16", "new kubelet", node("v1.34.1"), .closed),
    Case("K16", "no node", awsAuth, .unknown),
    Case("K17", "fixed", workload("Deployment", controller + ":v1.12.1"), .closed),
    Case("K17", "fixed in the older line", workload("Deployment", controller + ":v1.11.5@sha256:0123"), .closed),
    Case("K17", "broken", workload("Deployment", controller + ":v1.12.0"), .open),
    Case("K17", "by digest alone", workload("Deployment", controller + "@sha256:0123"), .unknown),
    Case("K17", "snippets on", snippets("true") + workload("Deployment", controller + ":v1.13.0"), .open),
    Case("K17", "snippets off", snippets("false") + workload("Deployment", controller + ":v1.13.0"), .closed),
    Case("K17", "another controller", workload("Deployment", "traefik:v2.0"), .closed),
    Case(
      "K17", "a snippet without its controller",
      """
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: {name: i, namespace: shop, annotations: {nginx.ingress.kubernetes.io/server-snippet: "return 200;"}}
      spec: {defaultBackend: {service: {name: s, port: {number: 80}}}}
      """, .unknown),
    Case(
      "K18", "cluster-admin",
      workload("Deployment", "quay.io/argoproj/argocd:v3.0.0")
        + APIFixture.bind("ClusterRole", "cluster-admin", cluster: true),
      .open),
    Case(
      "K18", "one namespace",
      workload("Deployment", "quay.io/argoproj/argocd:v3.0.0") + APIFixture.bind("ClusterRole", "edit"),
      .closed),
    Case("K18", "no binding", workload("Deployment", "quay.io/argoproj/argocd:v3.0.0"), .unknown),
    Case(
      "K18", "role cannot be read",
      workload("Deployment", "ghcr.io/fluxcd/kustomize-controller:v1.4.0") + APIFixture.bind("ClusterRole", "gone"),
      .unknown),
    Case(
      "K18", "no delivery",
      workload("Deployment", "nginx:1") + APIFixture.bind("ClusterRole", "cluster-admin", cluster: true), .closed),
    Case("K19", "an agent nobody enters", workload("DaemonSet", "cilium:v1.17.0", privileged), .closed),
    Case(
      "K19", "an agent somebody enters",
      workload("DaemonSet", "cilium:v1.17.0", privileged)
        + APIFixture.role(APIFixture.rule("''", "pods/exec", "create"), account: "helper"), .open),
    Case(
      "K19", "an agent with rights",
      workload("DaemonSet", "cilium:v1.17.0", privileged)
        + APIFixture.role(APIFixture.rule("''", "secrets", "list"), cluster: true), .open),
    Case(
      "K19", "an agent perhaps entered",
      workload("DaemonSet", "cilium:v1.17.0", privileged) + APIFixture.bind("ClusterRole", "gone", account: "helper"),
      .unknown),
    Case(
      "K19", "an ordinary DaemonSet",
      workload("DaemonSet", "cilium:v1.17.0")
        + APIFixture.role(APIFixture.rule("''", "pods/exec", "create"), account: "helper"), .closed),
    Case(
      "K19", "fixed Chaos Mesh", workload("DaemonSet", "ghcr.io/chaos-mesh/chaos-daemon:v2.7.3", privileged), .closed),
    Case("K21", "on EKS", awsAuth + mayChange(), .open),
    Case("K21", "by name", awsAuth + mayChange("aws-auth"), .open),
    Case("K21", "another ConfigMap", awsAuth + mayChange("coredns"), .closed),
    Case("K21", "another namespace", awsAuth + APIFixture.role(APIFixture.rule("''", "configmaps", "patch")), .closed),
    Case("K21", "nodes of EKS", node("v1.34.0", labels: "{eks.amazonaws.com/nodegroup: a}") + mayChange(), .open),
    Case("K21", "other nodes", node("v1.34.0") + mayChange(), .closed),
    Case("K21", "who knows", mayChange(), .unknown),
  ]

  @Test(arguments: cases) func fleetsDecide(_ test: Case) throws {
    #expect(try APIFixture.verdict(test.code, try APIFixture.context(test.yaml)) == test.verdict)
  }

  @Test func theSystemsOwnSubjectsAreNotReported() throws {
    let yaml = """
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata: {name: "system:kube-controller-manager"}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
      subjects: [{kind: User, name: "system:kube-controller-manager"}]
      """
    let context = try APIFixture.context(yaml)
    #expect(try APIFixture.verdict("K15", context) == .closed)
    #expect(context.rights(of: context.access.subjects[0]).isBuiltIn)
  }
}
