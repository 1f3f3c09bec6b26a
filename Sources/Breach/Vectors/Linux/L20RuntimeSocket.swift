import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let runtimeSocket = Vector(
    code: "L20", title: "Steering the container runtime through its socket", severity: .critical,
    explanation: """
      Whoever can connect to the runtime's socket starts privileged containers on the node. A read-only mount does not \
      help: connecting is not writing.
      """,
    mitigation: """
      Remove the socket from the pod; run as a user other than root.
      """,
    attack: ["T1611", "T1610", "T1609"],
    references: [
      "kubehound.io/reference/attacks/EXPLOIT_CONTAINERD_SOCK", "hub.armosec.io/docs/c-0074",
      "kubernetes.io/docs/concepts/security/pod-security-standards",
    ],
    signature: [
      .connect("*/containerd.sock"), .connect("*/docker.sock"), .connect("*/crio.sock"), .connect("*/podman.sock"),
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
            mountPath: /run/containerd.sock
            readOnly: true
        volumes:
        - name: host
          hostPath:
            path: /run/containerd/containerd.sock
      """,
    escape: Escape(closedBy: .harden, scenery: .runtimeSocket) { pod in
      pod.mountHostPath("/run/containerd", at: "/node-containerd", readOnly: true)
    },
    rule: .linux { pod, context in
      .from(
        pod.hostMounts(context).compactMap { mount -> Evidence? in
          let container = pod.members[mount.member].effective
          // The sockets belong to root and its group, Docker's to a group of its own, which has a low number.
          guard container.mayBeRoot || container.gid == 0 || container.groups.contains(where: { $0 < 1000 }),
            let socket = sockets.first(where: mount.path.holds)
          else { return nil }
          return pod.evidence(mount, "it connects to \(socket.text) and starts containers of its own, read-only or not")
        })
    }
  )

  static let sockets = [
    "/run/containerd/containerd.sock", "/run/docker.sock", "/run/crio/crio.sock", "/run/cri-dockerd.sock",
    "/run/dockershim.sock", "/run/podman/podman.sock", "/run/k3s/containerd/containerd.sock",
    "/run/k0s/containerd.sock", "/var/snap/microk8s/common/run/containerd.sock",
  ].map(NodePath.init)
}
