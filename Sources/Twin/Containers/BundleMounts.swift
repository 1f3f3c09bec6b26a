import FleetModel
import IntentModel

/// Collects a container's mounts and what must lie on disk for them.
struct BundleMounts {
  let request: ContainerRequest
  /// The bundle's and the pod's directory, relative to the world's.
  let directory: String
  let podDirectory: String
  var mounts: [OCISpec.Mount] = []
  var entries: [BundleEntry] = []
  private(set) var nodePaths: [NodePath] = []
  private(set) var assumptions: [String] = []
  private(set) var rootPropagation: String?

  init(_ request: ContainerRequest, directory: String) {
    self.request = request
    self.directory = directory
    podDirectory = "pods/\(request.podID)"
  }

  /// Sorted so that a mount never hides one made before it.
  mutating func build() throws {
    addRoot()
    addKernelFileSystems()
    addNodeFiles()
    try addVolumes()
    addToken()
    addGenerated()
    addTemporary()
    for bind in request.binds {
      mount(bind.destination, bind: bind.source, readOnly: bind.readOnly)
    }
    addMachineFolders()
    mounts = Self.parentsFirst(mounts)
  }

  /// A fresh root for each container: the runtime makes mount points in it, and a shared one would show them to others.
  private mutating func addRoot() {
    let root = "\(directory)/root"
    for path in [podDirectory, directory, root] { folder(path) }
    for name in ["dev", "etc", "home", "proc", "root", "run", "sys", "usr", "var"] { folder("\(root)/\(name)") }
    // The runtime gives a tmpfs the mode of the folder it covers, whatever its options say.
    folder("\(root)/tmp", mode: 0o1777)
    for name in MachineFolders.names {
      folder("\(root)/usr/\(name)")
      link("\(root)/\(name)", to: "usr/\(name)")
    }
    link("\(root)/var/run", to: "/run")
  }

  private mutating func addKernelFileSystems() {
    let security = request.security
    let system = security.privileged ? "rw" : "ro"
    mount("/proc", type: "proc", options: ["nosuid", "noexec", "nodev"])
    mount("/dev", type: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"])
    mount(
      "/dev/pts", type: "devpts", options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"])
    mount("/dev/mqueue", type: "mqueue", options: ["nosuid", "noexec", "nodev"])
    if security.sharesNodeNetwork {
      // A sysfs belongs to a network namespace, and the node's is not the container's to mount anew. Not recursive:
      // the node's writable cgroups lie below it.
      mounts.append(
        OCISpec.Mount(destination: "/sys", type: "bind", source: "/sys", options: ["bind", "rprivate", system]))
    } else {
      mount("/sys", type: "sysfs", options: ["nosuid", "noexec", "nodev", system])
    }
    if request.cgroupsPath != nil {
      mount("/sys/fs/cgroup", type: "cgroup", options: ["nosuid", "noexec", "nodev", "relatime", system])
    }
    if security.sharesNodeIPC {
      mount("/dev/shm", bind: "/dev/shm", readOnly: false)
    } else {
      folder("\(podDirectory)/shm", mode: 0o1777)
      mount("/dev/shm", bind: inWorld("\(podDirectory)/shm"), readOnly: false)
    }
  }

  /// The three files the kubelet binds into every container; they are writable unless the root is read-only.
  private mutating func addNodeFiles() {
    folder("\(directory)/etc")
    let files = [
      ("hosts", request.hosts), ("resolv.conf", request.resolver),
      ("hostname", (request.pod.hostname ?? request.podName) + "\n"),
    ]
    for (name, text) in files {
      file("\(directory)/etc/\(name)", text)
      mount("/etc/\(name)", bind: inWorld("\(directory)/etc/\(name)"), readOnly: request.security.readOnlyRoot)
    }
  }

  /// The account files of the container's own root file system.
  mutating func addAccounts(for user: OCISpec.User) {
    var passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    var group = "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"
    if ![0, 65534].contains(user.uid) { passwd += "app:x:\(user.uid):\(user.gid):app:/home:/usr/sbin/nologin\n" }
    if ![0, 5, 65534].contains(user.gid) { group += "app:x:\(user.gid):\n" }
    file("\(directory)/root/etc/passwd", passwd)
    file("\(directory)/root/etc/group", group)
    file("\(directory)/root/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
  }

  private mutating func addToken() {
    let wanted = request.pod.automountServiceAccountToken ?? request.accountMountsToken ?? true
    guard wanted, let token = request.token, !isMounted(ServiceAccountToken.directory) else { return }
    let source = "\(directory)/serviceaccount"
    folder(source)
    let owner = tokenOwner
    for (name, text) in [("ca.crt", token.authority), ("namespace", token.namespace), ("token", token.token)] {
      entries.append(
        BundleEntry(
          path: "\(source)/\(name)", kind: .file(Array(text.utf8)), mode: owner.mode, uid: owner.uid, gid: owner.gid))
    }
    mount(ServiceAccountToken.directory, bind: inWorld(source), readOnly: true)
  }

  /// As the kubelet does it: for the pod's group, else for the one user all containers have, else for everybody.
  private var tokenOwner: (mode: Int, uid: Int, gid: Int) {
    let pod = request.pod.securityContext
    let limit = request.traits.idLimit
    if let group = pod.fsGroup { return (0o640, 0, PlayedIdentity.fold(group, limit: limit)) }
    let users = Set(request.pod.allContainers.map { $0.securityContext.runAsUser ?? pod.runAsUser })
    if users.count == 1, let user = users.first, let user { return (0o600, PlayedIdentity.fold(user, limit: limit), 0) }
    return (0o644, 0, 0)
  }

  private mutating func addGenerated() {
    for (index, (path, files)) in request.generated.sorted(by: { $0.key < $1.key }).enumerated() {
      let source = "\(directory)/generated-\(index)"
      folder(source)
      for (name, text) in files.sorted(by: { $0.key < $1.key }) { file("\(source)/\(name)", text) }
      mount(path, bind: inWorld(source), readOnly: true)
    }
  }

  /// /tmp is writable in every container here, kinder than Kubernetes where the root is read-only: stand-ins need it.
  private mutating func addTemporary() {
    var folders = request.scratch
    if !isMounted("/tmp") { folders["/tmp"] = 0o1777 }
    for (path, mode) in folders.sorted(by: { $0.key < $1.key }) {
      folder("\(directory)/root\(path)", mode: mode)
      mount(
        path, type: "tmpfs", options: ["nosuid", "nodev", "mode=\(String(mode, radix: 8))", "size=65536k"])
    }
  }

  // MARK: Parts that volumes use too

  func inWorld(_ path: String) -> String { "\(request.traits.directory)/\(path)" }

  func isMounted(_ destination: String) -> Bool { mounts.contains { $0.destination == destination } }

  mutating func folder(_ path: String, mode: Int = 0o755, gid: Int = 0) {
    entries.append(BundleEntry(path: path, kind: .directory, mode: mode, gid: gid))
  }

  mutating func file(_ path: String, _ text: String) {
    entries.append(BundleEntry(path: path, kind: .file(Array(text.utf8)), mode: 0o644))
  }

  mutating func link(_ path: String, to target: String) {
    entries.append(BundleEntry(path: path, kind: .link(to: target), mode: 0o777))
  }

  mutating func expect(_ path: NodePath) { if !nodePaths.contains(path) { nodePaths.append(path) } }

  mutating func assume(_ text: String) { if !assumptions.contains(text) { assumptions.append(text) } }

  mutating func propagate(_ mode: String) { if rootPropagation != "rshared" { rootPropagation = mode } }

  /// Takes back a mount that a manifest wants to make itself.
  mutating func unmount(_ destination: String) { mounts.removeAll { $0.destination == destination } }

  mutating func mount(_ destination: String, type: String, options: [String]) {
    mounts.append(OCISpec.Mount(destination: destination, type: type, source: type, options: options))
  }

  mutating func mount(_ destination: String, bind source: String, readOnly: Bool, propagation: String = "rprivate") {
    mounts.append(
      OCISpec.Mount(
        destination: destination, type: "bind", source: source,
        options: ["rbind", propagation, readOnly ? "ro" : "rw"]))
  }

  static func parentsFirst(_ mounts: [OCISpec.Mount]) -> [OCISpec.Mount] {
    func depth(_ mount: OCISpec.Mount) -> Int { mount.destination.split(separator: "/").count }
    return mounts.enumerated()
      .sorted { (depth($0.element), $0.offset) < (depth($1.element), $1.offset) }
      .map(\.element)
  }
}
