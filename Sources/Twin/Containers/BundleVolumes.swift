import Diagnostics
import FleetModel
import IntentModel

/// The volumes of a pod as mounts of one of its containers.
extension BundleMounts {
  mutating func addVolumes() throws {
    for mount in request.container.mounts {
      let destination = try checked(mount.path, "mountPath")
      guard destination != "/" else { throw refuse("a volume cannot be mounted at /") }
      let subPath = try mount.subPath.map { try checkedSubPath($0) }
      guard let volume = request.pod.volumes.first(where: { $0.name == mount.volume }) else {
        throw refuse("volumeMount \(mount.path) names the volume \(mount.volume), which the pod does not have")
      }
      if let reason = MachineFolders.refusal(of: destination) {
        assume("\(request.container.name): the mount at \(destination) is not played: \(reason)")
        continue
      }
      if Self.replaceable.contains(destination) { unmount(destination) }
      guard !isMounted(destination) else { throw refuse("two mounts at \(destination)") }
      try add(volume, at: destination, mount: mount, subPath: subPath)
    }
  }

  /// Places where the twin mounts something by itself and a manifest may have its own instead.
  private static let replaceable: Set<String> = [
    "/dev/shm", "/dev/mqueue", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/sys/fs/cgroup",
  ]

  private mutating func add(_ volume: Volume, at destination: String, mount: VolumeMount, subPath: String?) throws {
    switch volume.source {
    case .emptyDir(let memory, let size):
      addEmptyDirectory(volume.name, at: destination, mount: mount, subPath: subPath, memory: memory, size: size)
    case .hostPath(let path, let type):
      try addHostPath(path, type: type, at: destination, mount: mount, subPath: subPath)
    case .configMap(let name):
      let known = request.configMaps[name]
      if known == nil { assume("pod: ConfigMap \(name) is not in the input, played empty") }
      addFiles(known ?? [:], volume: volume.name, at: destination, subPath: subPath)
    case .secret(let name):
      assume("pod: the contents of Secret \(name) are not known, played empty")
      addFiles([:], volume: volume.name, at: destination, subPath: subPath)
    case .projected(let projection):
      addProjected(projection, volume.name, at: destination, subPath: subPath)
    case .downwardAPI:
      addFiles([:], volume: volume.name, at: destination, subPath: subPath)
    case .claim, .csi, .ephemeral, .gitRepo, .other:
      assume("pod: the contents of volume \(volume.name) are not known, played as an empty folder")
      addSharedFolder(volume.name, at: destination, mount: mount, subPath: subPath)
    }
  }

  private mutating func addProjected(
    _ projection: Projection, _ name: String, at destination: String, subPath: String?
  ) {
    var files: [String: String] = [:]
    for map in projection.configMaps {
      let known = request.configMaps[map]
      if known == nil { assume("pod: ConfigMap \(map) is not in the input, played empty") }
      files.merge(known ?? [:]) { first, _ in first }
    }
    for secret in projection.secrets { assume("pod: the contents of Secret \(secret) are not known, played empty") }
    addFiles(files, volume: name, at: destination, subPath: subPath)
  }

  /// A limited one that a single container mounts gets its limit at once, as a tmpfs of its own. Others are folders
  /// that the pod's containers share; on a real node, too, the kubelet only evicts the pod some time later.
  private mutating func addEmptyDirectory(
    _ name: String, at destination: String, mount volumeMount: VolumeMount, subPath: String?, memory: Bool, size: Int?
  ) {
    let users = request.pod.allContainers.flatMap(\.mounts).filter { $0.volume == name }
    guard memory || size != nil, users.count <= 1, subPath == nil else {
      if memory || size != nil { assume("pod: the size of emptyDir \(name), which containers share, is not limited") }
      return addSharedFolder(name, at: destination, mount: volumeMount, subPath: subPath)
    }
    let owner = volumeOwner
    let gid = owner.gid == 0 ? [] : ["gid=\(owner.gid)"]
    let limit = size.map { ["size=\(max(4096, $0))"] } ?? []
    if let point = mountPoint(destination) {
      entries.append(BundleEntry(path: point, kind: .directory, mode: owner.mode, gid: owner.gid))
    }
    mount(
      destination, type: "tmpfs",
      options: ["nosuid", "nodev", "mode=\(String(owner.mode, radix: 8))"] + gid + limit
        + [volumeMount.readOnly ? "ro" : "rw"])
  }

  /// The folder below a tmpfs, whose mode the runtime copies; nil where a file system of the machine lies there.
  private func mountPoint(_ destination: String) -> String? {
    let taken = ["/proc", "/sys", "/dev", "/var/run"]
    guard !taken.contains(where: { destination.hasPrefix($0 + "/") }), MachineFolders.part(of: destination) == nil
    else { return nil }
    return "\(directory)/root\(destination)"
  }

  private mutating func addSharedFolder(
    _ name: String, at destination: String, mount volumeMount: VolumeMount, subPath: String?
  ) {
    let owner = volumeOwner
    folder("\(podDirectory)/volumes")
    var path = "\(podDirectory)/volumes/\(name)"
    folder(path, mode: owner.mode, gid: owner.gid)
    for part in (subPath ?? "").split(separator: "/") {
      path += "/\(part)"
      folder(path, mode: owner.mode, gid: owner.gid)
    }
    mount(destination, bind: inWorld(path), readOnly: volumeMount.readOnly)
  }

  /// The kubelet hands volumes to the pod's group and lets new files inherit it.
  private var volumeOwner: (mode: Int, gid: Int) {
    guard let group = request.pod.securityContext.fsGroup else { return (0o777, 0) }
    return (0o2777, PlayedIdentity.fold(group, limit: request.traits.idLimit))
  }

  /// Generated files, always read-only. A `subPath` that names none of them is played as an empty file.
  private mutating func addFiles(_ files: [String: String], volume: String, at destination: String, subPath: String?) {
    folder("\(podDirectory)/volumes")
    let source = "\(podDirectory)/volumes/\(volume)"
    folder(source)
    for (name, text) in files.sorted(by: { $0.key < $1.key }) where !name.contains("/") && name != ".." && name != "." {
      file("\(source)/\(name)", text)
    }
    guard let subPath else { return mount(destination, bind: inWorld(source), readOnly: true) }
    let flat = subPath.split(separator: "/").joined(separator: ".")
    if files[flat] == nil { file("\(source)/\(flat)", "") }
    mount(destination, bind: inWorld("\(source)/\(flat)"), readOnly: true)
  }

  private mutating func addHostPath(
    _ written: String, type: String, at destination: String, mount volumeMount: VolumeMount, subPath: String?
  ) throws {
    var path = try checked(written, "hostPath")
    let node = request.node
    expect(try nodePath(path, type: type))
    if let subPath {
      path = (path == "/" ? "" : path) + "/" + subPath
      expect(NodePath(node: node, path: path, kind: .directory, created: true))
    }
    let propagation =
      switch volumeMount.propagation {
      case "HostToContainer": "rslave"
      case "Bidirectional": "rshared"
      default: "rprivate"
      }
    if propagation != "rprivate" { propagate(propagation) }
    if propagation == "rshared", !request.security.privileged {
      throw refuse("mountPropagation Bidirectional needs a privileged container")
    }
    let source = inWorld("nodes/\(node)") + (path == "/" ? "" : path)
    mount(destination, bind: source, readOnly: volumeMount.readOnly, propagation: propagation)
  }

  /// Without a type the kubelet checks nothing and the runtime makes a missing folder.
  private func nodePath(_ path: String, type: String) throws -> NodePath {
    let (kind, created): (NodePath.Kind, Bool) =
      switch type {
      case "", "DirectoryOrCreate": (.directory, true)
      case "Directory": (.directory, false)
      case "FileOrCreate": (.file, true)
      case "File": (.file, false)
      case "Socket": (.socket, false)
      case "CharDevice": (.characterDevice, false)
      case "BlockDevice": (.blockDevice, false)
      default: throw refuse("hostPath type \(type) is not one that Kubernetes knows")
      }
    return NodePath(node: request.node, path: path, kind: kind, created: created)
  }

  /// An absolute path in its shortest form, without `..`.
  private func checked(_ path: String, _ field: String) throws -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard path.hasPrefix("/"), !parts.contains(".."), !path.contains("\0") else {
      throw refuse("\(field) \(path) must be absolute and without ..")
    }
    return "/" + parts.joined(separator: "/")
  }

  private func checkedSubPath(_ path: String) throws -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !path.hasPrefix("/"), !parts.contains(".."), !path.contains("\0") else {
      throw refuse("subPath \(path) must be relative and without ..")
    }
    return parts.joined(separator: "/")
  }

  private func refuse(_ message: String) -> BulkheadError {
    BulkheadError(
      .badInput, "container \(request.container.name): \(message)", cure: "correct the manifest",
      location: request.container.location)
  }
}
