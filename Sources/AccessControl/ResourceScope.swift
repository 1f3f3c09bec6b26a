/// Resources whose requests carry no namespace: only a ClusterRoleBinding can allow them.
package enum ResourceScope {
  /// A RoleBinding that names one of these gives nothing. `namespaces` is not among them: a request for one namespace
  /// is authorised inside it. `bind` on cluster roles is asked in the namespace of the RoleBinding to be written.
  package static func isCluster(_ resource: String, group: String, verb: String) -> Bool {
    if verb == "bind", group == "rbac.authorization.k8s.io" { return false }
    let parent = resource.prefix { $0 != "/" }
    return clusterScoped[group]?.contains(String(parent)) ?? false
  }

  private static let clusterScoped: [String: Set<String>] = [
    "": ["nodes", "persistentvolumes", "componentstatuses", "users", "groups"],
    "admissionregistration.k8s.io": [
      "mutatingwebhookconfigurations", "validatingwebhookconfigurations", "validatingadmissionpolicies",
      "validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings",
    ],
    "apiextensions.k8s.io": ["customresourcedefinitions"],
    "apiregistration.k8s.io": ["apiservices"],
    "authentication.k8s.io": ["tokenreviews", "selfsubjectreviews", "uids", "userextras"],
    "authorization.k8s.io": ["subjectaccessreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    "certificates.k8s.io": ["certificatesigningrequests", "signers", "clustertrustbundles"],
    "flowcontrol.apiserver.k8s.io": ["flowschemas", "prioritylevelconfigurations"],
    "networking.k8s.io": ["ingressclasses", "ipaddresses", "servicecidrs"],
    "node.k8s.io": ["runtimeclasses"],
    "policy": ["podsecuritypolicies"],
    "rbac.authorization.k8s.io": ["clusterroles", "clusterrolebindings"],
    "resource.k8s.io": ["deviceclasses", "resourceslices"],
    "scheduling.k8s.io": ["priorityclasses"],
    "storage.k8s.io": ["storageclasses", "volumeattachments", "csidrivers", "csinodes", "volumeattributesclasses"],
  ]
}
