import FleetModel
import IntentModel

@testable import Breach

enum LinuxCases {
  typealias Case = LinuxVectorTests.Case
  static let all: [Case] = capabilities + namespaces + mounts + kernel + runtime + settings

  static let sound = LinuxFixture.soundNodes
  static let old = LinuxFixture.oldNodes
  static let none = NodeFacts()

  static func facts(_ base: NodeFacts = LinuxFixture.soundNodes, _ change: (inout NodeFacts) -> Void) -> NodeFacts {
    var facts = base
    change(&facts)
    return facts
  }

  /// Root with capabilities added, as a manifest asks for them.
  static func adding(_ names: String...) -> @Sendable (inout PodSpec) -> Void {
    { pod in
      pod.containers[0].securityContext.runAsUser = 0
      pod.containers[0].securityContext.runAsNonRoot = nil
      pod.containers[0].securityContext.allowPrivilegeEscalation = nil
      pod.containers[0].securityContext.addedCapabilities = names
    }
  }

  static let privileged: @Sendable (inout PodSpec) -> Void = { pod in
    pod.containers[0].securityContext.privileged = true
    pod.containers[0].securityContext.allowPrivilegeEscalation = nil
  }

  typealias Change = @Sendable (inout PodSpec) -> Void

  static func inUserNamespace(_ change: @escaping Change) -> Change {
    { pod in
      change(&pod)
      pod.hostUsers = false
    }
  }

  static func onNodeProcesses(_ change: @escaping Change) -> Change {
    { pod in
      change(&pod)
      pod.hostPID = true
    }
  }

  /// A hostPath mounted into the first container, which runs as root.
  static func mounting(
    _ path: String, readOnly: Bool = false, root: Bool = true, subPath: String? = nil
  ) -> @Sendable (inout PodSpec) -> Void {
    { pod in
      if root { adding()(&pod) }
      pod.volumes = [Volume(name: "host", source: .hostPath(path: path, type: ""))]
      pod.containers[0].mounts = [VolumeMount(volume: "host", path: "/x", readOnly: readOnly, subPath: subPath)]
    }
  }

  static let unconfined: @Sendable (inout PodSpec) -> Void = { $0.containers[0].securityContext.seccomp = .unconfined }
  static let unconfinedRoot: @Sendable (inout PodSpec) -> Void = { pod in
    adding()(&pod)
    unconfined(&pod)
  }
  static let ownProfile: @Sendable (inout PodSpec) -> Void = {
    $0.containers[0].securityContext.seccomp = .localhost("own.json")
  }

  static let capabilities: [Case] =
    ["L01", "L09", "L10"].flatMap { (code: String) -> [Case] in
      [
        Case(code, "privileged", .open, privileged), Case(code, "not privileged", .closed, adding("SYS_ADMIN")),
        Case(code, "privileged in a user namespace", .closed, inUserNamespace(privileged)),
      ]
    }
    + ([
      ("L05", "SYS_MODULE"), ("L11", "DAC_READ_SEARCH"), ("L14", "SYS_ADMIN"), ("L26", "SYS_ADMIN"),
      ("L31", "SYS_ADMIN"), ("L37", "PERFMON"), ("L38", "SYS_RAWIO"), ("L39", "SYS_BOOT"),
    ] as [(String, String)]).flatMap { (code: String, capability: String) -> [Case] in
      [
        Case(code, "\(capability) added", .open, adding(capability)),
        Case(code, "CAP_ prefix", .open, adding("CAP_" + capability)),
        Case(code, "ALL added", .open) { pod in
          adding("ALL")(&pod)
          pod.containers[0].securityContext.droppedCapabilities = []
        },
        Case(code, "ALL added and dropped", .closed, adding("ALL")),
        Case(code, "privileged", .open, privileged),
        Case(code, "default capabilities", .closed, adding()),
        Case(code, "in a user namespace", .closed, inUserNamespace(adding(capability))),
        Case(
          code, "user namespace ignored by the runtime", .open, facts { $0.runtimeVersion = Version("1.6.20") },
          inUserNamespace(adding(capability))),
        Case(code, "no way to root", .closed) { $0.containers[0].securityContext.addedCapabilities = [capability] },
        Case(code, "a user that may become root", .open) { pod in
          pod.containers[0].securityContext.addedCapabilities = [capability]
          pod.containers[0].securityContext.allowPrivilegeEscalation = nil
        },
        Case(code, "dropped again", .closed) { pod in
          adding(capability)(&pod)
          pod.containers[0].securityContext.droppedCapabilities = [capability]
        },
      ]
    }

  static let namespaces: [Case] = [
    Case("L02", "hostPID and both capabilities", .open, onNodeProcesses(adding("SYS_ADMIN", "SYS_PTRACE"))),
    Case("L02", "hostPID and privileged", .open, onNodeProcesses(privileged)),
    Case("L02", "hostPID and one of two", .closed, onNodeProcesses(adding("SYS_PTRACE"))),
    Case("L02", "without hostPID", .closed, adding("SYS_ADMIN", "SYS_PTRACE")),
    Case("L03", "hostPID and SYS_PTRACE", .open, onNodeProcesses(adding("SYS_PTRACE"))),
    Case("L03", "hostPID alone", .unknown) { $0.hostPID = true },
    Case("L03", "without hostPID", .closed, adding("SYS_PTRACE")),
    Case("L04", "unconfined by AppArmor", .open) { pod in
      onNodeProcesses(adding("SYS_PTRACE"))(&pod)
      pod.containers[0].securityContext.appArmor = .unconfined
    },
    Case("L04", "privileged", .open, onNodeProcesses(privileged)),
    Case("L04", "AppArmor's default profile", .closed, onNodeProcesses(adding("SYS_PTRACE"))),
    Case("L04", "SELinux", .closed, facts { $0.securityModules = ["selinux"] }, onNodeProcesses(adding("SYS_PTRACE"))),
    Case("L04", "no security module", .open, facts { $0.securityModules = [] }, onNodeProcesses(adding("SYS_PTRACE"))),
    Case("L04", "modules unknown", .unknown, none, onNodeProcesses(adding("SYS_PTRACE"))),
    Case("L04", "no capability", .closed, none) { $0.hostPID = true },
    Case("L22", "root on the node's network, old containerd", .open, old) { pod in
      adding()(&pod)
      pod.hostNetwork = true
    },
    Case("L22", "not root", .closed, old) { $0.hostNetwork = true },
    Case("L22", "new containerd", .closed) { pod in
      adding()(&pod)
      pod.hostNetwork = true
    },
    Case("L22", "runtime unknown", .unknown, none) { pod in
      adding()(&pod)
      pod.hostNetwork = true
    },
    Case("L22", "another runtime", .closed, facts(old) { $0.runtime = "cri-o" }) { pod in
      adding()(&pod)
      pod.hostNetwork = true
    },
    Case("L23", "hostNetwork", .open) { $0.hostNetwork = true },
    Case("L23", "own network", .closed),
    Case("L24", "hostIPC", .open) { $0.hostIPC = true },
    Case("L24", "/dev/shm of the node", .open, mounting("/dev/shm", readOnly: true, root: false)),
    Case("L24", "own IPC", .closed),
    Case("L25", "shared processes, one user", .open, base: LinuxFixture.hard("app", "agent")) { pod in
      pod.shareProcessNamespace = true
      pod.containers[1].securityContext.runAsUser = 10001
    },
    Case("L25", "shared processes, users of their own", .closed, base: LinuxFixture.hard("app", "agent")) {
      $0.shareProcessNamespace = true
    },
    Case("L25", "shared processes, one may be root", .open, base: LinuxFixture.hard("app", "agent")) { pod in
      pod.shareProcessNamespace = true
      pod.containers[1].securityContext.allowPrivilegeEscalation = nil
    },
    Case("L25", "apart", .closed, base: LinuxFixture.hard("app", "agent")),
    Case("L56", "hostPort", .open) { $0.containers[0].ports = [ContainerPort(name: nil, port: 80, hostPort: 80)] },
    Case("L56", "hostPort 0", .closed) { $0.containers[0].ports = [ContainerPort(name: nil, port: 80, hostPort: 0)] },
    Case("L56", "port on the node's network", .open) { pod in
      pod.hostNetwork = true
      pod.containers[0].ports = [ContainerPort(name: nil, port: 80)]
    },
    Case("L56", "plain port", .closed) { $0.containers[0].ports = [ContainerPort(name: nil, port: 80)] },
  ]

  static let mounts: [Case] =
    [("L12", "/proc"), ("L13", "/sys"), ("L14", "/proc/sys/fs/binfmt_misc"), ("L15", "/proc")].flatMap {
      (code: String, path: String) -> [Case] in
      [
        Case(code, "\(path) writable", .open, mounting(path)),
        Case(code, "\(path) read-only", .closed, mounting(path, readOnly: true)),
        // Read-only mounts are not recursive: the mounts below stay writable.
        Case(code, "/ read-only", .open, mounting("/", readOnly: true)),
        Case(code, "\(path), not root", .closed, mounting(path, root: false)),
        Case(code, "\(path) in a user namespace", .closed, inUserNamespace(mounting(path))),
        Case(code, "another folder", .closed, mounting("/data")),
      ]
    }
    + ["L12", "L13", "L15"].flatMap { (code: String) -> [Case] in
      [
        Case(code, "privileged", .open, privileged),
        Case(code, "procMount Unmasked", .open) { pod in
          adding()(&pod)
          pod.containers[0].securityContext.procMount = "Unmasked"
        },
      ]
    } + [
      Case("L16", "procMount Unmasked", .open) { $0.containers[0].securityContext.procMount = "Unmasked" },
      Case("L16", "in a user namespace", .closed) { pod in
        pod.containers[0].securityContext.procMount = "Unmasked"
        pod.hostUsers = false
      },
      Case("L16", "procMount Default", .closed) { $0.containers[0].securityContext.procMount = "Default" },
      Case("L17", "manifests", .open, mounting("/etc/kubernetes/manifests")),
      Case("L17", "/", .open, mounting("/")), Case("L17", "/var", .open, mounting("/var/")),
      Case("L17", "below the kubelet's folder", .open, mounting("/var/lib/kubelet/pods")),
      Case("L17", "by subPath", .open, mounting("/etc", subPath: "cron.d")),
      Case("L17", "elsewhere by subPath", .closed, mounting("/etc", subPath: "myapp")),
      Case("L17", "in a user namespace, whose mounts are mapped", .open, inUserNamespace(mounting("/etc"))),
      Case("L17", "read-only", .closed, mounting("/etc", readOnly: true)),
      Case("L17", "not root", .closed, mounting("/etc", root: false)),
      Case("L17", "a folder of its own", .closed, mounting("/srv/app")),
      Case("L18", "tokens read-only", .open, mounting("/var/lib/kubelet/pods", readOnly: true)),
      Case("L18", "/", .open, mounting("/", readOnly: true)),
      Case("L18", "plugin folder", .closed, mounting("/var/lib/kubelet/plugins")),
      Case("L18", "not root", .closed, mounting("/var/lib/kubelet", readOnly: true, root: false)),
      Case("L18", "mounted nowhere", .closed) {
        $0.volumes = [Volume(name: "host", source: .hostPath(path: "/", type: ""))]
      },
      Case("L19", "no right to read logs", .closed, mounting("/var/log")),
      Case("L20", "socket read-only", .open, mounting("/run/containerd/containerd.sock", readOnly: true)),
      Case("L20", "by the old path", .open, mounting("/var/run/docker.sock")),
      Case("L20", "its folder", .open, mounting("/run/containerd", readOnly: true)),
      Case("L20", "/var, which links to /run", .open, mounting("/var", readOnly: true)),
      Case("L20", "Docker's group", .open) { pod in
        mounting("/var/run/docker.sock", root: false)(&pod)
        pod.securityContext.supplementalGroups = [998]
      },
      Case("L20", "not root", .closed, mounting("/run/containerd", root: false)),
      Case("L20", "another socket", .closed, mounting("/run/app.sock")),
      Case("L51", "LXCFS writable on v1", .open, old, mounting("/var/lib/lxcfs/")),
      Case("L51", "LXCFS on v2", .closed, mounting("/var/lib/lxcfs")),
      Case("L51", "cgroup version unknown", .unknown, none, mounting("/var/lib/lxcfs/cgroup")),
      Case("L51", "LXCFS read-only", .closed, old, mounting("/var/lib/lxcfs", readOnly: true)),
      Case("L08", "privileged on v1", .open, old, privileged),
      Case("L08", "SYS_ADMIN and a writable cgroup folder", .open, old) { pod in
        mounting("/sys/fs/cgroup")(&pod)
        pod.containers[0].securityContext.addedCapabilities = ["SYS_ADMIN"]
      },
      Case("L08", "SYS_ADMIN alone", .closed, old, adding("SYS_ADMIN")),
      Case("L08", "privileged on v2", .closed, privileged),
      Case("L08", "version unknown", .unknown, none, privileged),
    ]
}
