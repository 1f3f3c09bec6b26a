import FleetModel
import IntentModel

@testable import Breach

extension LinuxCases {
  /// Nodes whose kernel says nothing that upstream's numbers could decide.
  private static let vendor = facts(old) { $0.kernel = Version("5.15.0-91-generic") }

  static let kernel: [Case] =
    [
      ("L27", unconfined), ("L27", adding("SYS_ADMIN")), ("L29", unconfined), ("L29", adding("NET_ADMIN")),
      ("L34", unconfined), ("L34", adding("SYS_ADMIN")),
    ].flatMap { (code: String, change: @escaping Change) -> [Case] in
      [
        Case(code, "old kernel", .open, old, change), Case(code, "new kernel", .closed, change),
        Case(code, "unknown kernel", .unknown, none, change),
        Case(code, "distribution's kernel", .unknown, vendor, change),
        Case(code, "new kernel of a distribution", .closed, facts { $0.kernel = Version("6.12.9-amd64") }, change),
        Case(code, "hard pod", .closed, old),
        Case(code, "own profile", .unknown, old, ownProfile),
        Case(code, "own profile, new kernel", .closed, ownProfile),
        Case(code, "sandboxed by a RuntimeClass", .unknown, old) { pod in
          change(&pod)
          pod.runtimeClassName = "gvisor"
        },
      ]
    }
    + ["L27", "L28", "L29", "L34"].map { (code: String) -> Case in
      let closed = facts(old) { $0.unprivilegedUserNamespaces = false }
      return Case(code, "no user namespaces for anybody", .closed, closed, unconfined)
    } + [
      Case("L30", "default capability", .open, facts(old) { $0.kernel = Version("5.4.60") }) { pod in
        adding()(&pod)
        pod.containers[0].securityContext.droppedCapabilities = []
      },
      Case("L30", "dropped", .closed, facts(old) { $0.kernel = Version("5.4.60") }, adding()),
      Case("L30", "fixed kernel", .closed, old, adding("NET_RAW")),
      Case("L30", "kernel unknown", .unknown, none, adding("NET_RAW")),
      Case("L28", "no profile", .open, unconfined), Case("L28", "nodes unknown", .open, none, unconfined),
      Case("L28", "RuntimeDefault", .closed), Case("L28", "own profile", .unknown, ownProfile),
      Case("L07", "no profile on old nodes", .open, old, unconfinedRoot),
      Case("L07", "not root", .closed, old, unconfined),
      Case("L07", "cgroup v2", .closed, facts(old) { $0.cgroupVersion = 2 }, unconfinedRoot),
      Case("L07", "AppArmor", .closed, facts(old) { $0.securityModules = ["apparmor"] }, unconfinedRoot),
      Case("L07", "fixed kernel", .closed, facts(old) { $0.kernel = Version("5.15.20") }, unconfinedRoot),
      Case("L07", "distribution's kernel", .unknown, vendor, unconfinedRoot),
      Case("L07", "nodes unknown", .unknown, none, unconfinedRoot),
      Case("L06", "SYS_ADMIN on v1", .open, old, adding("SYS_ADMIN")),
      Case("L06", "SYS_ADMIN on v2", .closed, adding("SYS_ADMIN")),
      Case("L06", "AppArmor", .closed, facts { $0.cgroupVersion = 1 }, adding("SYS_ADMIN")),
      Case("L06", "privileged, past AppArmor", .open, facts { $0.cgroupVersion = 1 }, privileged),
      Case("L06", "nodes unknown", .unknown, none, adding("SYS_ADMIN")),
      Case("L06", "no capability", .closed, old),
      Case("L31", "BPF on an old kernel", .open, old, adding("BPF")),
      Case("L31", "BPF on a new kernel", .closed, adding("BPF")),
      Case("L31", "unprivileged programs", .open, old, unconfined),
      Case("L31", "unprivileged programs unknown", .unknown, facts(old) { $0.unprivilegedBPF = nil }, unconfined),
      Case("L31", "unprivileged programs off", .closed, facts(old) { $0.unprivilegedBPF = false }, unconfined),
      Case("L32", "no profile", .open, unconfined),
      Case("L32", "RuntimeDefault of an old containerd", .open, facts { $0.runtimeVersion = Version("1.7.20") }),
      Case("L32", "RuntimeDefault of a new containerd", .closed),
      Case("L32", "RuntimeDefault of CRI-O", .unknown, facts { $0.runtime = "cri-o" }),
      Case("L32", "runtime unknown", .unknown, none),
      Case("L32", "kernel before io_uring", .closed, facts { $0.kernel = Version("4.19.300") }, unconfined),
      Case("L33", "kernel with Dirty Pipe", .open, old), Case("L33", "new kernel", .closed),
      Case("L33", "unknown kernel", .unknown, none), Case("L33", "distribution's kernel", .unknown, vendor),
      Case("L35", "no profile, sysctl 1", .open, old, unconfined), Case("L35", "sysctl 0", .closed, unconfined),
      Case("L35", "sysctl unknown", .unknown, none, unconfined), Case("L35", "RuntimeDefault", .closed, old),
      Case("L35", "SYS_PTRACE", .open) { pod in
        adding("SYS_PTRACE")(&pod)
        unconfined(&pod)
      },
      Case("L36", "root without a profile", .open, unconfinedRoot),
      Case("L36", "another user", .closed, unconfined), Case("L36", "RuntimeDefault", .closed, adding()),
      Case("L36", "user namespace", .closed, inUserNamespace(unconfinedRoot)),
    ]

  private static let sharing: @Sendable (inout PodSpec) -> Void = { pod in
    pod.volumes = [Volume(name: "work", source: .emptyDir(memory: false, sizeLimitBytes: 1))]
    for index in pod.containers.indices {
      pod.containers[index].mounts = [VolumeMount(volume: "work", path: "/work", readOnly: index > 0)]
    }
  }
  private static let partly: @Sendable (inout PodSpec) -> Void = { pod in
    pod.volumes = [Volume(name: "work", source: .claim("data"))]
    pod.containers[0].mounts = [VolumeMount(volume: "work", path: "/work", subPath: "a")]
  }
  private static let two = LinuxFixture.hard("app", "agent")
  private static func runc(_ version: String) -> NodeFacts { facts { $0.runcVersion = Version(version) } }
  private static func kubelet(_ version: String) -> NodeFacts { facts { $0.kubelet = Version(version) } }
  private static func runtime(_ name: String, _ version: String) -> NodeFacts {
    facts {
      $0.runtime = name
      $0.runtimeVersion = Version(version)
    }
  }
  private static func sysctl(_ value: String) -> @Sendable (inout PodSpec) -> Void {
    { $0.securityContext.sysctls = ["kernel.shm_rmid_forced": value] }
  }
  private static func image(_ image: String) -> @Sendable (inout PodSpec) -> Void { { $0.containers[0].image = image } }

  static let runtime: [Case] = [
    Case("L41", "old runc, root", .open, old, adding()), Case("L41", "old runc, not root", .closed, old),
    Case("L41", "runc unknown", .unknown, none, adding()), Case("L41", "new runc", .closed, adding()),
    Case("L42", "runc 1.1.11", .open, runc("1.1.11")), Case("L42", "runc 1.1.12", .closed, runc("1.1.12")),
    Case("L42", "runc of Debian", .unknown, runc("1.1.5+ds1")),
    Case("L42", "before it came", .closed, runc("1.0.0-rc92")),
    Case("L42", "runc unknown", .unknown, none) { $0.containers[0].workingDir = "/proc/self/fd/7" },
    Case("L43", "shared volume, runc 1.2.7", .open, base: two, runc("1.2.7"), sharing),
    Case("L43", "shared volume, runc 1.4.0-rc.2", .open, base: two, runc("1.4.0-rc.2"), sharing),
    Case("L43", "shared volume, runc 1.2.8", .closed, base: two, runc("1.2.8"), sharing),
    Case("L43", "shared volume, runc 1.4.0", .closed, base: two, runc("1.4.0"), sharing),
    Case("L43", "shared volume, runc unknown", .unknown, base: two, none, sharing),
    Case("L43", "nothing shared", .closed, base: two, runc("1.2.7")),
    Case("L43", "user namespace", .closed, base: two, runc("1.2.7"), inUserNamespace(sharing)),
    Case("L43", "shared read-only", .closed, base: two, runc("1.2.7")) { pod in
      sharing(&pod)
      pod.containers[0].mounts[0].readOnly = true
    },
    Case("L44", "subPath, runc rc94", .open, runc("1.0.0-rc94"), partly),
    Case("L44", "shared, runc rc94", .open, base: two, runc("1.0.0-rc94"), sharing),
    Case("L44", "subPath, runc rc95", .closed, runc("1.0.0-rc95"), partly),
    Case("L44", "subPath, runc unknown", .unknown, none, partly), Case("L44", "neither", .closed, old),
    Case("L45", "plus sign, CRI-O 1.23.1", .open, runtime("cri-o", "1.23.1"), sysctl("1+kernel.core_pattern=x")),
    Case("L45", "plus sign, CRI-O 1.23.2", .closed, runtime("cri-o", "1.23.2"), sysctl("1+kernel.core_pattern=x")),
    Case("L45", "plus sign, CRI-O 1.18", .closed, runtime("cri-o", "1.18.9"), sysctl("1+kernel.core_pattern=x")),
    Case("L45", "plus sign, containerd", .closed, sysctl("1+kernel.core_pattern=x")),
    Case("L45", "plus sign, runtime unknown", .unknown, none, sysctl("1+kernel.core_pattern=x")),
    Case("L45", "plain value", .closed, runtime("cri-o", "1.23.1"), sysctl("1")),
    Case("L46", "subPath, kubelet 1.21.4", .open, kubelet("v1.21.4"), partly),
    Case("L46", "subPath, kubelet 1.21.5", .closed, kubelet("v1.21.5"), partly),
    Case("L46", "subPath, kubelet of GKE", .unknown, kubelet("v1.21.4-gke.2300"), partly),
    Case("L46", "subPath, kubelet unknown", .unknown, none, partly), Case("L46", "no subPath", .closed, old),
    Case("L47", "gitRepo, 1.29.6", .open, kubelet("v1.29.6"), git),
    Case("L47", "gitRepo, 1.30.3: no hooks, but local paths", .open, kubelet("v1.30.3"), git),
    Case("L47", "gitRepo, 1.34", .unknown, kubelet("v1.34.1"), git),
    Case("L47", "gitRepo, 1.36", .closed, kubelet("v1.36.0"), git),
    Case("L47", "gitRepo, kubelet unknown", .unknown, none, git), Case("L47", "no gitRepo", .closed, old),
    Case("L48", "containerd 1.6.0", .open, runtime("containerd", "1.6.0")),
    Case("L48", "containerd 1.5.10", .closed, runtime("containerd", "1.5.10")),
    Case("L48", "containerd of Ubuntu", .unknown, runtime("containerd", "1.5.9-0ubuntu3")),
    Case("L48", "CRI-O", .closed, runtime("cri-o", "1.20.0")), Case("L48", "unknown", .unknown, none),
    Case("L49", "BuildKit 0.12.4", .open, image("moby/buildkit:v0.12.4")),
    Case("L49", "BuildKit 0.12.5", .closed, image("moby/buildkit:v0.12.5")),
    Case("L49", "BuildKit latest", .unknown, image("moby/buildkit:latest")),
    Case("L49", "BuildKit rootless", .closed, image("moby/buildkit:v0.12.4-rootless")),
    Case("L49", "Docker in Docker", .open, image("docker:24.0.7-dind")),
    Case("L49", "Docker in Docker, moving tag", .unknown, image("docker:24-dind")),
    Case("L49", "Docker's client", .closed, image("docker:24.0.7-cli")),
    Case("L49", "no builder", .closed, image("registry:5000/app:0.1.0")),
  ]

  private static let git: @Sendable (inout PodSpec) -> Void = {
    $0.volumes = [Volume(name: "source", source: .gitRepo(repository: "https://example.com/a.git"))]
  }

  private static func variable(_ name: String, _ value: String) -> @Sendable (inout PodSpec) -> Void {
    {
      $0.containers[0].environment = [
        EnvironmentVariable(name: name, source: .literal(value), location: LinuxFixture.location)
      ]
    }
  }

  static let settings: [Case] = [
    Case("L21", "DOCKER_HOST", .open, variable("DOCKER_HOST", "tcp://10.0.0.4:2375")),
    Case("L21", "DOCKER_HOST with certificates", .closed, variable("DOCKER_HOST", "tcp://10.0.0.4:2376")),
    Case("L21", "port 2375", .open) { $0.containers[0].ports = [ContainerPort(name: nil, port: 2375)] },
    Case("L21", "nodes run Docker", .unknown, facts { $0.runtime = "docker" }),
    Case("L21", "nodes run containerd", .closed),
    Case("L40", "not set", .open) { $0.containers[0].securityContext.allowPrivilegeEscalation = nil },
    Case("L40", "true", .open) { $0.containers[0].securityContext.allowPrivilegeEscalation = true },
    Case("L40", "false", .closed),
    Case("L50", "GPU, toolkit unknown", .unknown) { $0.containers[0].resources.extended = ["nvidia.com/gpu": "1"] },
    Case("L50", "no GPU", .closed),
    Case("L50", "variable void", .closed, variable("NVIDIA_VISIBLE_DEVICES", "void")),
    Case("L50", "toolkit in the pod itself", .open) { pod in
      variable("NVIDIA_VISIBLE_DEVICES", "all")(&pod)
      pod.containers[0].image = "nvcr.io/nvidia/k8s/container-toolkit:v1.17.4-ubi8"
    },
    Case("L50", "new toolkit", .closed) { pod in
      variable("NVIDIA_VISIBLE_DEVICES", "all")(&pod)
      pod.containers[0].image = "nvcr.io/nvidia/k8s/container-toolkit:v1.17.8-ubi8"
    },
    Case("L52", "no token", .closed), Case("L53", "no token", .closed),
    Case("L54", "HostProcess of the pod", .open) { pod in
      pod.operatingSystem = "windows"
      pod.securityContext.windowsHostProcess = true
    },
    Case("L54", "switched off by the container", .closed) { pod in
      pod.securityContext.windowsHostProcess = true
      pod.containers[0].securityContext.windowsHostProcess = false
    },
    Case("L54", "not set", .closed),
    Case("L55", "no memory limit", .open) { $0.containers[0].resources.memoryLimitBytes = nil },
    Case("L55", "writable root without a limit for disk", .open) {
      $0.containers[0].securityContext.readOnlyRootFilesystem = nil
    },
    Case("L55", "writable root with a limit for disk", .closed) { pod in
      pod.containers[0].securityContext.readOnlyRootFilesystem = nil
      pod.containers[0].resources.ephemeralStorageLimitBytes = 1 << 30
    },
    Case("L55", "emptyDir without a limit", .open) { pod in
      pod.volumes = [Volume(name: "tmp", source: .emptyDir(memory: false, sizeLimitBytes: nil))]
      pod.containers[0].mounts = [VolumeMount(volume: "tmp", path: "/tmp")]
    },
    Case("L55", "limits", .closed),
  ]
}
