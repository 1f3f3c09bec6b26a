import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let logSymlink = Vector(
    code: "L19", title: "Reading the node's files through links among its logs", severity: .high,
    explanation: """
      The kubelet serves files below /var/log, follows links and reads as root. A container that writes there and may \
      ask for logs places a link to any file of the node and reads it through the kubelet.
      """,
    mitigation: """
      Mount /var/log read-only, and take get on nodes/proxy, nodes/log and pods/log away from the service account.
      """,
    attack: ["T1611", "T1552.001"],
    references: [
      "kubehound.io/reference/attacks/CE_VAR_LOG_SYMLINK",
      "blog.aquasec.com/kubernetes-security-pod-escape-log-mounts",
    ],
    signature: [
      .call("symlink", arguments: "a path below the mount of /var/log"),
      .call("symlinkat", arguments: "a path below the mount of /var/log"), .audit("get nodes/proxy"),
      .audit("get nodes/log"),
    ],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: demo
      spec:
        serviceAccountName: reader
        containers:
        - name: app
          image: example.com/app:1
          volumeMounts:
          - name: host
            mountPath: /host-log
        volumes:
        - name: host
          hostPath:
            path: /var/log
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: log-reader
      rules:
      - apiGroups: [""]
        resources: [nodes/log]
        verbs: [get]
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata:
        name: log-reader
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: ClusterRole
        name: log-reader
      subjects:
      - kind: ServiceAccount
        name: reader
        namespace: demo
      """,
    rule: .linux { pod, context in
      let mounts = pod.hostMounts(context).filter { mount in
        mount.mayWrite(logs) && pod.members[mount.member].effective.mayBeRoot
      }
      guard !mounts.isEmpty else { return .closed }
      let node = pod.right(toAnyOf: [("get", "nodes/proxy"), ("get", "nodes/log"), ("get", "pods/log")], context)
      return node.assessment { right in
        mounts.map { pod.evidence($0, "it places links there and reads their targets through the kubelet: \(right)") }
      }
    }
  )

  private static let logs = NodePath("/var/log")
}
