import FleetModel

/// The programs and libraries of the machine, which stand in for a container's image, read-only.
///
/// Only these folders of /usr are the machine's, so that manifests can mount into the rest (/usr/share, /usr/local).
enum MachineFolders {
  static let names = ["bin", "lib", "lib64", "sbin"]

  /// The machine folder that a path lies below, and the path within it; /lib and its like are links into /usr.
  static func part(of path: String) -> (folder: String, rest: String)? {
    for name in names {
      for prefix in ["/usr/\(name)/", "/\(name)/"] where path.hasPrefix(prefix) {
        return (name, String(path.dropFirst(prefix.count)))
      }
    }
    return nil
  }

  /// Why a manifest's mount at `path` cannot be played, or nil.
  static func refusal(of path: String) -> String? {
    if path == "/usr" || names.contains(where: { path == "/usr/\($0)" || path == "/\($0)" }) {
      return "the programs that stand in for the image lie there"
    }
    if ["/proc", "/sys", "/dev"].contains(path) || path.hasPrefix("/proc/") {
      return "the kernel's own file system lies there"
    }
    if path.hasPrefix("/sys/"), !kernelMountPoints.contains(path) { return "sysfs has no such mount point" }
    return nil
  }

  /// Empty folders that sysfs offers for mounts.
  private static let kernelMountPoints: Set<String> = [
    "/sys/fs/cgroup", "/sys/fs/bpf", "/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security",
  ]
}

extension BundleMounts {
  /// Binds the machine's folders; where a manifest mounts into one, its mount points are laid over it without a
  /// writable layer, because the runtime cannot make them in a read-only folder.
  mutating func addMachineFolders() {
    for name in MachineFolders.names {
      let inside = mounts.compactMap { mount -> (path: String, isFile: Bool)? in
        guard let part = MachineFolders.part(of: mount.destination), part.folder == name else { return nil }
        return (part.rest, isFile(mount.source))
      }
      guard !inside.isEmpty else {
        mount("/usr/\(name)", bind: "/usr/\(name)", readOnly: true)
        continue
      }
      let layer = "\(directory)/over-\(name)"
      folder(layer)
      for point in inside { addMountPoint(point.path, below: layer, isFile: point.isFile) }
      mounts.append(
        OCISpec.Mount(
          destination: "/usr/\(name)", type: "overlay", source: "overlay",
          options: ["ro", "lowerdir=\(inWorld(layer)):/usr/\(name)"]))
    }
  }

  private mutating func addMountPoint(_ path: String, below layer: String, isFile: Bool) {
    let parts = path.split(separator: "/")
    var current = layer
    for part in parts.dropLast() {
      current += "/\(part)"
      folder(current)
    }
    guard let last = parts.last else { return }
    if isFile { file("\(current)/\(last)", "") } else { folder("\(current)/\(last)") }
  }

  /// True for sources known to be files: generated ones, and node paths whose type says so.
  private func isFile(_ source: String) -> Bool {
    let generated = entries.contains { entry in
      if case .file = entry.kind { return inWorld(entry.path) == source }
      return false
    }
    let onNode = nodePaths.contains { path in
      path.kind != .directory && inWorld("nodes/\(path.node)\(path.path)") == source
    }
    let bound = request.binds.contains { $0.source == source }
    return generated || onNode || bound
  }
}
