extension BuiltInRoleTable {
  /// `system:controller:…`, each bound to a service account of that name in `kube-system`.
  static let controllerRoles: [Entry] = workloadControllers + nodeControllers + otherControllers

  private static func controller(_ name: String, _ rules: String, events: Bool = true) -> Entry {
    Entry("system:controller:" + name, events ? rules + "\n" + BuiltInRoleTable.events : rules)
  }

  private static let workloadControllers: [Entry] = [
    controller(
      "cronjob-controller",
      """
      R,update batch:cronjobs
      R,create,delete,patch,update batch:jobs
      update batch:cronjobs/status,cronjobs/finalizers
      delete,list,watch :pods
      """),
    controller(
      "daemon-set-controller",
      """
      R apps,extensions:daemonsets
      update apps,extensions:daemonsets/status,daemonsets/finalizers
      list,watch :nodes
      create,delete,list,patch,watch :pods
      create :pods/binding
      R,create,delete,patch,update apps:controllerrevisions
      """),
    controller(
      "deployment-controller",
      """
      R,update apps,extensions:deployments
      update apps,extensions:deployments/status,deployments/finalizers
      R,create,delete,patch,update apps,extensions:replicasets
      R,update :pods
      """),
    controller(
      "job-controller",
      """
      R,patch,update batch:jobs
      update batch:jobs/status,jobs/finalizers
      create,delete,list,patch,watch :pods
      """),
    controller(
      "replicaset-controller",
      """
      R,update apps,extensions:replicasets
      update apps,extensions:replicasets/status,replicasets/finalizers
      create,delete,list,patch,watch :pods
      """),
    controller(
      "replication-controller",
      """
      R,update :replicationcontrollers
      update :replicationcontrollers/status,replicationcontrollers/finalizers
      create,delete,list,patch,watch :pods
      """),
    controller(
      "statefulset-controller",
      """
      R,create,delete,patch,update :pods
      R apps:statefulsets
      update apps:statefulsets/status,statefulsets/finalizers
      R,create,delete,patch,update apps:controllerrevisions
      R,create,delete,update :persistentvolumeclaims
      update :pods/finalizers
      """),
    controller(
      "horizontal-pod-autoscaler",
      """
      R autoscaling:horizontalpodautoscalers
      update autoscaling:horizontalpodautoscalers/status
      get,update *:*/scale
      list,watch :pods
      list,watch metrics.k8s.io:pods
      R custom.metrics.k8s.io:*
      R external.metrics.k8s.io:*
      """),
    controller(
      "disruption-controller",
      """
      R apps,extensions:deployments,replicasets
      R :replicationcontrollers
      R policy:poddisruptionbudgets
      R apps:statefulsets
      update policy:poddisruptionbudgets/status
      patch,update :pods/status
      get *:*/scale
      """),
    controller("ttl-after-finished-controller", "R,delete batch:jobs"),
  ]

  private static let nodeControllers: [Entry] = [
    controller(
      "attachdetach-controller",
      """
      list,watch :persistentvolumeclaims,persistentvolumes,pods
      R :nodes
      patch,update :nodes/status
      R,create,delete storage.k8s.io:volumeattachments
      R storage.k8s.io:csidrivers,csinodes
      """),
    controller(
      "device-taint-eviction-controller",
      "R,delete :pods\npatch,update :pods/status\nR resource.k8s.io:resourceclaims,resourceslices,deviceclasses"),
    controller(
      "node-controller",
      "R,delete,patch,update :nodes\npatch,update :nodes/status,pods/status\nR,delete :pods"),
    controller(
      "pod-garbage-collector", "delete,list,watch :pods\nR :nodes\npatch :pods/status", events: false),
    controller("route-controller", "list,watch :nodes\npatch :nodes/status"),
    controller("ttl-controller", "list,patch,update,watch :nodes"),
    controller(
      "expand-controller",
      "R,patch,update :persistentvolumes\npatch,update :persistentvolumeclaims/status\nR :persistentvolumeclaims"),
    controller("ephemeral-volume-controller", "R :pods\nupdate :pods/finalizers\nR,create :persistentvolumeclaims"),
    controller(
      "persistent-volume-binder",
      """
      R,create,delete,update :persistentvolumes
      update :persistentvolumes/status,persistentvolumeclaims/status
      R,update :persistentvolumeclaims
      R,create,delete :pods
      R storage.k8s.io:storageclasses
      list,watch :nodes
      watch :events
      """),
    controller("pv-protection-controller", "R,update :persistentvolumes"),
    controller(
      "pvc-protection-controller", "R,update :persistentvolumeclaims\nupdate :persistentvolumeclaims/status\nR :pods"),
    controller(
      "selinux-warning-controller",
      "R :persistentvolumes,persistentvolumeclaims,pods\nR storage.k8s.io:csidrivers"),
    controller(
      "volumeattributesclass-protection-controller",
      "R :persistentvolumeclaims,persistentvolumes\nR,update storage.k8s.io:volumeattributesclasses"),
  ]

  private static let otherControllers: [Entry] = [
    controller(
      "certificate-controller",
      """
      R,delete certificates.k8s.io:certificatesigningrequests
      update certificates.k8s.io:certificatesigningrequests/approval,certificatesigningrequests/status
      approve certificates.k8s.io:signers[kubernetes.io/kube-apiserver-client-kubelet]
      sign certificates.k8s.io:signers[kubernetes.io/kube-apiserver-client,kubernetes.io/kubelet-serving]
      sign certificates.k8s.io:signers[kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/legacy-unknown]
      create authorization.k8s.io:subjectaccessreviews
      """),
    controller(
      "clusterrole-aggregation-controller",
      "R,escalate,patch,update rbac.authorization.k8s.io:clusterroles", events: false),
    controller(
      "endpoint-controller",
      "R :pods,services\nR,create,delete,update :endpoints\ncreate :endpoints/restricted"),
    controller(
      "endpointslice-controller",
      "R :nodes,pods,services\nupdate :services/finalizers\nR,create,delete,update discovery.k8s.io:endpointslices"),
    controller(
      "endpointslicemirroring-controller",
      """
      R :endpoints,services
      update :services/finalizers,endpoints/finalizers
      R,create,delete,update discovery.k8s.io:endpointslices
      """),
    controller("generic-garbage-collector", "R,delete,patch,update *:*"),
    controller(
      "legacy-service-account-token-cleaner",
      "get :configmaps[kube-apiserver-legacy-service-account-token-tracking]\ndelete,patch :secrets", events: false),
    controller(
      "namespace-controller",
      "R,delete :namespaces\nupdate :namespaces/finalize,namespaces/status\nR,delete,deletecollection *:*",
      events: false),
    controller(
      "resource-claim-controller",
      """
      R :pods
      update :pods/finalizers
      R,create,delete,patch,update resource.k8s.io:resourceclaims
      patch,update resource.k8s.io:resourceclaims/status,resourceclaims/binding
      patch,update :pods/status
      """),
    controller("resourcequota-controller", "list,watch *:*\nupdate :resourcequotas/status"),
    controller("root-ca-cert-publisher", "create,update :configmaps"),
    controller("service-account-controller", "create :serviceaccounts"),
    controller(
      "service-cidrs-controller",
      """
      R,patch,update networking.k8s.io:servicecidrs
      patch,update networking.k8s.io:servicecidrs/finalizers,servicecidrs/status
      R networking.k8s.io:ipaddresses
      """),
    controller("service-controller", "R :services\npatch,update :services/status\nlist,watch :nodes"),
    controller(
      "validatingadmissionpolicy-status-controller",
      """
      R admissionregistration.k8s.io:validatingadmissionpolicies
      get,patch,update admissionregistration.k8s.io:validatingadmissionpolicies/status
      """),
  ]
}
