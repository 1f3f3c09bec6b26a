import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let tokenFromHostPath = Vector(
    code: "L18", title: "Reading other pods' tokens through a hostPath", severity: .critical,
    explanation: """
      A hostPath over the kubelet's folder shows the tokens of every pod on the node. Read-only is enough to take over \
      their identities.
      """,
    mitigation: """
      Remove the hostPath volume; run as a user other than root.
      """,
    attack: ["T1611", "T1552.001"],
    references: [
      "kubehound.io/reference/attacks/EXPLOIT_HOST_READ",
      "kubernetes.io/docs/concepts/security/pod-security-standards",
    ],
    signature: [
      .open("*/var/lib/kubelet/pods/*/token"), .open("*/etc/kubernetes/admin.conf"),
      .open("*/var/lib/kubelet/pki/*"), .open("*/etc/shadow"),
    ],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        containers:
        - name: app
          image: example.com/app:1
          volumeMounts:
          - name: host
            mountPath: /pods
            readOnly: true
        volumes:
        - name: host
          hostPath:
            path: /var/lib/kubelet/pods
      """,
    escape: Escape(closedBy: .harden, scenery: .tokenFile) { pod in
      pod.mountHostPath("/var/lib/kubelet", at: "/node-kubelet", readOnly: true)
    },
    rule: .linux { pod, context in
      .from(
        pod.hostMounts(context).compactMap { mount -> Evidence? in
          guard pod.members[mount.member].effective.mayBeRoot, let place = secretPlaces.first(where: mount.path.meets)
          else { return nil }
          return pod.evidence(mount, "root reads what lies at \(place.text), read-only or not")
        })
    }
  )

  /// Places with tokens, keys and passwords. The kubelet's plugin folders, which drivers mount, have none.
  private static let secretPlaces = [
    "/var/lib/kubelet/pods", "/var/lib/kubelet/pki", "/var/lib/kubelet/kubeconfig", "/var/lib/kubelet/config.json",
    "/etc/kubernetes/pki", "/etc/kubernetes/admin.conf", "/etc/kubernetes/kubelet.conf", "/root", "/home",
    "/etc/shadow", "/etc/ssh", "/var/lib/etcd", "/var/lib/rancher", "/var/lib/containerd", "/var/lib/docker",
    "/var/lib/containers", "/run/containerd/io.containerd.runtime.v2.task",
  ].map(NodePath.init)
}
