import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let writableHostPath = Vector(
    code: "L17", title: "Writing into a folder that the node obeys", severity: .critical,
    explanation: """
      A writable hostPath over static pod manifests, cron or ssh keys lets the container leave a file there. The node \
      then runs it with its own rights.
      """,
    mitigation: """
      Remove the hostPath volume, or mount a folder of the workload's own read-only.
      """,
    attack: ["T1611", "T1053.003", "T1098.004"],
    references: [
      "kubehound.io/reference/attacks/EXPLOIT_HOST_WRITE",
      "kubernetes.io/docs/concepts/security/pod-security-standards",
      "kubernetes.io/docs/concepts/storage/volumes/#hostpath",
    ],
    signature: [
      .open("*/etc/kubernetes/manifests/*", write: true), .open("*/etc/cron*", write: true),
      .open("*/.ssh/authorized_keys", write: true), .open("*/var/lib/kubelet/*", write: true),
      .call("rename", arguments: "into a folder of manifests"),
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
            mountPath: /manifests
        volumes:
        - name: host
          hostPath:
            path: /etc/kubernetes/manifests
      """,
    escape: Escape(closedBy: .harden, scenery: .manifestFolder) { pod in
      pod.mountHostPath("/etc/kubernetes", at: "/node-kubernetes", readOnly: false)
    },
    rule: .linux { pod, context in
      .from(
        pod.hostMounts(context).compactMap { mount -> Evidence? in
          guard !mount.readOnly, pod.members[mount.member].effective.mayBeRoot,
            let place = obeyedPlaces.first(where: mount.path.meets)
          else { return nil }
          return pod.evidence(mount, "root leaves files at \(place.text), which the node obeys")
        })
    }
  )

  /// Folders whose content the node runs or believes: static pods, jobs, keys, programs, libraries, plugins, images.
  static let obeyedPlaces = [
    "/etc/kubernetes", "/var/lib/kubelet", "/etc/cron.d", "/etc/cron.daily", "/etc/cron.hourly", "/etc/crontab",
    "/var/spool/cron", "/root", "/home", "/etc/ssh", "/etc/systemd", "/etc/passwd", "/etc/shadow", "/etc/sudoers.d",
    "/etc/ld.so.preload", "/etc/profile.d", "/etc/init.d", "/etc/containerd", "/etc/crio", "/etc/docker", "/etc/cni",
    "/opt/cni", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/lib/systemd", "/usr/libexec", "/bin", "/sbin", "/lib",
    "/lib/modules", "/boot", "/run/systemd", "/var/lib/containerd", "/var/lib/docker", "/var/lib/containers",
    "/var/lib/rancher", "/var/lib/etcd",
  ].map(NodePath.init)
}
