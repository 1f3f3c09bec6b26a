import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let debugContainer = Vector(
    code: "L53", title: "Adding a privileged debug container", severity: .high,
    explanation: """
      A service account that may patch pods/ephemeralcontainers adds a container of its choice to running pods. Unless \
      the namespace enforces Pod Security, that container may be privileged.
      """,
    mitigation: """
      Take patch and update on pods/ephemeralcontainers away, or leave the token out of the pod; enforce Pod Security \
      "baseline".
      """,
    attack: ["T1611", "T1610", "T1609"],
    references: [
      "kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers", "github.com/WithSecureLabs/IceKube",
    ],
    signature: [.audit("patch pods/ephemeralcontainers"), .audit("update pods/ephemeralcontainers")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: demo
      spec:
        serviceAccountName: debugger
        containers:
        - name: app
          image: example.com/app:1
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: debugger
      rules:
      - apiGroups: [""]
        resources: [pods/ephemeralcontainers]
        verbs: [patch]
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata:
        name: debugger
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: ClusterRole
        name: debugger
      subjects:
      - kind: ServiceAccount
        name: debugger
        namespace: demo
      """,
    rule: .linux { pod, context in
      guard pod.tokenMounted, !context.fleet.roleBindings.isEmpty else { return .closed }
      let rights = context.rights(of: pod)
      let grants = ["patch", "update"].flatMap { verb in
        rights.grants(allowing: verb, "pods/ephemeralcontainers").map { (verb, $0) }
      }
      if grants.isEmpty { return pod.withoutGrant(rights) }
      let open = grants.filter { !context.enforcesPodSecurity(in: $0.1.namespace) }
      return .from(
        open.map { verb, grant in
          pod.evidence(grant, "\(verb) pods/ephemeralcontainers", "it adds a privileged container to running pods")
        })
    }
  )
}
