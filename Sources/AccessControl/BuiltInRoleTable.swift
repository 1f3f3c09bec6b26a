/// What the built-in ClusterRoles allow, in the notation that `BuiltInRoles` reads.
enum BuiltInRoleTable {
  struct Entry {
    var name: String
    /// The role into which it is aggregated.
    var joins: String?
    /// The name by which it collects others.
    var collects: String?
    var rules: String

    init(_ name: String, joins: String? = nil, collects: String? = nil, _ rules: String = "") {
      self.name = name
      self.joins = joins
      self.collects = collects
      self.rules = rules
    }
  }

  static let events = "create,patch,update ,events.k8s.io:events"

  /// The roles for people, and those of components that are no controllers.
  static let clusterRoles: [Entry] = people + components

  private static let people: [Entry] = [
    Entry("cluster-admin", "* *:*\n* url:*"),
    Entry("admin", collects: "admin"),
    Entry("edit", joins: "admin", collects: "edit"),
    Entry("view", joins: "edit", collects: "view"),
    Entry(
      "system:aggregate-to-admin", joins: "admin",
      """
      create authorization.k8s.io:localsubjectaccessreviews
      R,W rbac.authorization.k8s.io:rolebindings,roles
      """),
    Entry(
      "system:aggregate-to-edit", joins: "edit",
      """
      R :pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy
      impersonate :serviceaccounts
      W :pods,pods/attach,pods/exec,pods/portforward,pods/proxy
      create :pods/eviction
      W :configmaps,events,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets
      W :serviceaccounts,services,services/proxy
      create :serviceaccounts/token
      W apps:daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale
      W apps:statefulsets,statefulsets/scale
      W autoscaling:horizontalpodautoscalers
      W batch:cronjobs,jobs
      W extensions:daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies
      W extensions:replicasets,replicasets/scale,replicationcontrollers/scale
      W policy:poddisruptionbudgets
      W networking.k8s.io:ingresses,networkpolicies
      R,W coordination.k8s.io:leases
      """),
    Entry(
      "system:aggregate-to-view", joins: "view",
      """
      R :configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers
      R :replicationcontrollers/scale,serviceaccounts,services,services/status
      R :bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status
      R :resourcequotas,resourcequotas/status,namespaces
      R discovery.k8s.io:endpointslices
      R apps:controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status
      R apps:replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status
      R autoscaling:horizontalpodautoscalers,horizontalpodautoscalers/status
      R batch:cronjobs,cronjobs/status,jobs,jobs/status
      R extensions:daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses
      R extensions:ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status
      R extensions:replicationcontrollers/scale
      R policy:poddisruptionbudgets,poddisruptionbudgets/status
      R networking.k8s.io:ingresses,ingresses/status,networkpolicies
      """),
    Entry(
      "system:basic-user",
      """
      create authorization.k8s.io:selfsubjectaccessreviews,selfsubjectrulesreviews
      create authentication.k8s.io:selfsubjectreviews
      """),
    Entry(
      "system:discovery", "get /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/"
    ),
    Entry("system:public-info-viewer", "get /healthz,/livez,/readyz,/version,/version/"),
    Entry("system:service-account-issuer-discovery", "get /.well-known/openid-configuration,/openid/v1/jwks"),
    Entry("system:monitoring", "get /healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*"),
  ]

  private static let components: [Entry] = [
    Entry(
      "system:auth-delegator",
      "create authentication.k8s.io:tokenreviews\ncreate authorization.k8s.io:subjectaccessreviews"),
    Entry(
      "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
      "create certificates.k8s.io:certificatesigningrequests/nodeclient"),
    Entry(
      "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
      "create certificates.k8s.io:certificatesigningrequests/selfnodeclient"),
    Entry(
      "system:certificates.k8s.io:kube-apiserver-client-approver",
      "approve certificates.k8s.io:signers[kubernetes.io/kube-apiserver-client]"),
    Entry(
      "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver",
      "approve certificates.k8s.io:signers[kubernetes.io/kube-apiserver-client-kubelet]"),
    Entry(
      "system:certificates.k8s.io:kubelet-serving-approver",
      "approve certificates.k8s.io:signers[kubernetes.io/kubelet-serving]"),
    Entry(
      "system:certificates.k8s.io:legacy-unknown-approver",
      "approve certificates.k8s.io:signers[kubernetes.io/legacy-unknown]"),
    Entry("system:heapster", "R :events,namespaces,nodes,pods\nR extensions:deployments"),
    Entry("system:kube-aggregator", "R :endpoints,services"),
    Entry("system:kube-dns", "list,watch :endpoints,services"),
    Entry(
      "system:kube-controller-manager",
      events + """

        create coordination.k8s.io:leases
        get,update coordination.k8s.io:leases[kube-controller-manager]
        create,get,update :secrets,serviceaccounts
        delete :secrets
        get :configmaps,namespaces
        create authentication.k8s.io:tokenreviews
        create authorization.k8s.io:subjectaccessreviews
        list,watch *:*
        create :serviceaccounts/token
        """),
    Entry(
      "system:kube-scheduler",
      events + """

        create coordination.k8s.io:leases
        get,update coordination.k8s.io:leases[kube-scheduler]
        R :nodes
        R,delete :pods
        create :bindings,pods/binding
        patch,update :pods/status
        R :replicationcontrollers,services,persistentvolumeclaims,persistentvolumes,namespaces
        R apps,extensions:replicasets
        R apps:statefulsets
        R policy:poddisruptionbudgets
        create authentication.k8s.io:tokenreviews
        create authorization.k8s.io:subjectaccessreviews
        R storage.k8s.io:csinodes,csidrivers,csistoragecapacities
        """),
    Entry(
      "system:kubelet-api-admin",
      "R :nodes\nproxy :nodes\n* :nodes/log,nodes/metrics,nodes/proxy,nodes/stats"),
    Entry("system:node", node),
    Entry("system:node-bootstrapper", "create,R certificates.k8s.io:certificatesigningrequests"),
    Entry("system:node-problem-detector", "get :nodes\npatch :nodes/status\n" + events),
    Entry(
      "system:node-proxier",
      "list,watch :endpoints,services\nR :nodes\nlist,watch discovery.k8s.io:endpointslices\n" + events),
    Entry(
      "system:persistent-volume-provisioner",
      """
      R,create,delete :persistentvolumes
      R,update :persistentvolumeclaims
      R storage.k8s.io:storageclasses
      watch :events

      """ + events),
    Entry(
      "system:volume-scheduler",
      "R,patch,update :persistentvolumes\nR storage.k8s.io:storageclasses\nR,patch,update :persistentvolumeclaims"),
  ]

  /// Bound to nobody by default: the node authorizer gives kubelets less than this.
  private static let node = """
    create authentication.k8s.io:tokenreviews
    create authorization.k8s.io:localsubjectaccessreviews,subjectaccessreviews
    R :services
    R,create,patch,update :nodes
    patch,update :nodes/status
    create,patch,update :events
    R,create,delete :pods
    patch,update :pods/status
    create :pods/eviction
    R :configmaps,secrets
    get :persistentvolumeclaims,persistentvolumes,endpoints
    R,create certificates.k8s.io:certificatesigningrequests
    create,delete,get,patch,update coordination.k8s.io:leases
    get storage.k8s.io:volumeattachments
    create :serviceaccounts/token
    get,patch,update :persistentvolumeclaims/status
    R storage.k8s.io:csidrivers
    create,delete,get,patch,update storage.k8s.io:csinodes
    R node.k8s.io:runtimeclasses
    """
}
