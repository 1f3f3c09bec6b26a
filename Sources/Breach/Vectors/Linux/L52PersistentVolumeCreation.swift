import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let volumeCreation = Vector(
    code: "L52", title: "Reaching the node's files by creating a PersistentVolume", severity: .high,
    explanation: """
      A service account that may create PersistentVolumes makes one of type hostPath with any folder of the node. Pod \
      Security looks at the claim in a pod and not at the volume behind it.
      """,
    mitigation: """
      Take create on persistentvolumes away, or leave the token out of the pod; refuse hostPath volumes by admission \
      policy.
      """,
    attack: ["T1611", "T1610"],
    references: [
      "kubernetes.io/docs/concepts/security/rbac-good-practices/#persistent-volume-creation",
      "github.com/WithSecureLabs/IceKube",
    ],
    signature: [.audit("create persistentvolumes"), .state("a PersistentVolume of type hostPath or local")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: demo
      spec:
        serviceAccountName: volume-maker
        containers:
        - name: app
          image: example.com/app:1
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: volume-maker
      rules:
      - apiGroups: [""]
        resources: [persistentvolumes]
        verbs: [create]
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata:
        name: volume-maker
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: ClusterRole
        name: volume-maker
      subjects:
      - kind: ServiceAccount
        name: volume-maker
        namespace: demo
      """,
    rule: .linux { pod, context in
      guard pod.tokenMounted, !context.fleet.roleBindings.isEmpty else { return .closed }
      let rights = context.rights(of: pod)
      let grants = rights.grants(allowing: "create", "persistentvolumes").filter { $0.namespace == nil }
      if grants.isEmpty { return pod.withoutGrant(rights) }
      return .open(
        grants.map { pod.evidence($0, "create persistentvolumes", "it makes a volume of any folder of the node") })
    }
  )
}
