/// Which kinds are read, and what their group and scope are.
enum ObjectKinds {
  /// API groups in which a kind means what Kubernetes means by it; `Service` is also a kind of Knative's.
  static let groups: [String: Set<String>] = [
    "Deployment": ["apps", "extensions"], "StatefulSet": ["apps"], "DaemonSet": ["apps", "extensions"],
    "ReplicaSet": ["apps", "extensions"], "ReplicationController": [""], "Job": ["batch"], "CronJob": ["batch"],
    "Pod": [""], "Service": [""], "ServiceAccount": [""], "Namespace": [""], "ConfigMap": [""], "Secret": [""],
    "Node": [""], "PersistentVolume": [""], "PersistentVolumeClaim": [""],
    "NetworkPolicy": ["networking.k8s.io", "extensions"], "Ingress": ["networking.k8s.io", "extensions"],
    "Role": [accessGroup], "ClusterRole": [accessGroup], "RoleBinding": [accessGroup],
    "ClusterRoleBinding": [accessGroup], "PodDisruptionBudget": ["policy"],
    "HorizontalPodAutoscaler": ["autoscaling"], "MutatingWebhookConfiguration": [admissionGroup],
    "ValidatingWebhookConfiguration": [admissionGroup], "AdminNetworkPolicy": [adminPolicyGroup],
    "BaselineAdminNetworkPolicy": [adminPolicyGroup],
  ]

  private static let accessGroup = "rbac.authorization.k8s.io"
  private static let admissionGroup = "admissionregistration.k8s.io"
  private static let adminPolicyGroup = "policy.networking.k8s.io"

  /// Kinds whose names are path segments, with colons and capitals, and not DNS names.
  static let pathNamed: Set<String> = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"]

  /// Kinds without a namespace, of Kubernetes and of the groups below.
  static let clusterScoped: Set<String> = [
    "Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "GatewayClass",
    "GatewayClassConfig", "ClusterWorkflowTemplate", "ClusterAnalysisTemplate", "RemoteCluster",
  ]

  /// Kinds without a namespace in one group only: elsewhere the names mean other things.
  private static let clusterScopedIn: [String: Set<String>] = [
    "sailoperator.io": ["Istio", "IstioRevision", "IstioRevisionTag", "IstioCNI", "ZTunnel"]
  ]

  /// Groups, with all groups below them, whose objects are kept as they are written.
  private static let custom: [String] = [
    "istio.io", "sailoperator.io", "linkerd.io", "consul.hashicorp.com", "gateway.networking.k8s.io",
    "gateway.networking.x-k8s.io", "chaos-mesh.org", "litmuschaos.io", "argoproj.io", "flagger.app",
    "helm.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io", "route.openshift.io",
  ]

  static func isCustom(_ group: String) -> Bool {
    custom.contains { group.hasSuffix($0) && (group.utf8.count == $0.utf8.count || group.hasSuffix("." + $0)) }
  }

  static func isClusterScoped(_ kind: String, group: String) -> Bool {
    clusterScoped.contains(kind) || clusterScopedIn[group]?.contains(kind) ?? false
  }
}
