import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let kubeletCredentials = Vector(
    code: "K13", title: "Taking the kubelet's identity, or giving it a pod to run", severity: .critical,
    explanation: """
      The kubelet's key and the administrators' kubeconfig lie in a node's file system, and the kubelet runs whatever \
      pod appears in its manifest folder. A mount of those folders gives both without any right in the API.
      """,
    mitigation: """
      Remove the volume; where an agent must read a folder of the node, mount that folder alone, read-only, and run it \
      without root.
      """,
    attack: ["T1552.001", "T1543.005", "T1611"],
    references: ["https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/"],
    signature: [
      .open("/var/lib/kubelet/pki/**"), .open("/etc/kubernetes/*.conf"),
      .open("/etc/kubernetes/manifests/**", write: true),
    ],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: backup
        namespace: ops
      spec:
        containers:
        - name: backup
          image: example.org/backup:1.0.0
          volumeMounts:
          - {name: kubernetes, mountPath: /backup}
        volumes:
        - name: kubernetes
          hostPath: {path: /etc/kubernetes}

      """,
    rule: .pod { pod, context in
      var evidence: [Evidence] = []
      var undecided: String?
      for mount in NodeFiles.mounts(of: pod, context) {
        guard let what = credential(in: mount) else { continue }
        switch mount.root {
        case true?:
          evidence.append(
            Evidence(
              container: mount.container,
              message: "\(mount.path) of the node is mounted by volume \(mount.volume): \(what)",
              fix: "spec:\n  volumes:\n  - name: \(mount.volume)\n    $patch: delete\n"))
        case nil:
          undecided =
            "container \(mount.container) mounts \(mount.path) without being root, and its image may have a "
            + "set-user-id program"
        case false?: continue
        }
      }
      if !evidence.isEmpty { return .open(evidence) }
      return undecided.map { .unknown(because: $0) } ?? .closed
    }
  )

  /// Folders of kubeadm, k3s and RKE2.
  private static func credential(in mount: MountedNodeFolder) -> String? {
    let manifests = [
      "/etc/kubernetes/manifests", "/var/lib/rancher/k3s/agent/pod-manifests",
      "/var/lib/rancher/rke2/agent/pod-manifests",
    ]
    if mount.writable, manifests.contains(where: { NodeFiles.touches(mount.path, $0) }) {
      return "a manifest written there runs as a pod of the node"
    }
    let secrets = [
      "/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf", "/etc/kubernetes/kubelet.conf",
      "/etc/kubernetes/controller-manager.conf", "/etc/kubernetes/scheduler.conf", "/etc/kubernetes/pki",
      "/var/lib/kubelet/pki", "/var/lib/kubelet/kubeconfig", "/etc/rancher/k3s", "/etc/rancher/rke2",
      "/var/lib/rancher/k3s/server", "/var/lib/rancher/rke2/server",
    ]
    return secrets.contains { NodeFiles.touches(mount.path, $0) } ? "the node's credentials lie there" : nil
  }
}
