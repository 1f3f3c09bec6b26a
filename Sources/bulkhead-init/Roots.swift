import CLinux
import Glibc

func mountFileSystem(_ type: String, _ target: String, _ flags: Int32 = 0, _ data: String = "") throws(SystemFailure) {
  try check(linux_mount(type, target, type, UInt(flags), data.isEmpty ? nil : data), "mount \(type) on \(target)")
}

func makeFolder(_ path: String, _ mode: mode_t = 0o755, owner: UInt32 = 0) throws(SystemFailure) {
  guard mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemFailure("mkdir \(path)") }
  try check(chmod(path, mode), "chmod \(path)")
  try check(chown(path, owner, owner), "chown \(path)")
}

func makeFile(_ path: String, _ text: String = "", owner: UInt32 = 0) throws(SystemFailure) {
  let descriptor = try check(linux_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644), "create \(path)")
  writeAll(descriptor, text)
  fchown(descriptor, owner, owner)
  close(descriptor)
}

/// A host file or folder, held open by path so that later mounts cannot hide it.
struct HostPath {
  let path: String
  let descriptor: Int32
  let isFolder: Bool

  init(_ path: String) throws(SystemFailure) {
    self.path = path
    descriptor = try check(linux_open(path, linux_o_path, 0), "open \(path)")
    var facts = stat()
    try check(fstat(descriptor, &facts), "stat \(path)")
    isFolder = facts.st_mode & S_IFMT == S_IFDIR
  }

  /// Binds it, with what is mounted below it, read-only.
  func bind(_ target: String) throws(SystemFailure) {
    if isFolder { try makeFolder(target) } else { try makeFile(target) }
    let bind = linux_ms_bind
    try check(
      linux_mount("/proc/self/fd/\(descriptor)", target, nil, UInt(bind | linux_ms_rec), nil), "bind \(path)")
    try check(
      linux_mount(nil, target, nil, UInt(bind | linux_ms_remount | linux_ms_rdonly), nil), "read-only \(path)")
    close(descriptor)
  }
}

/// Builds the world's root file system in the calling process's (new, private) mount namespace and moves into it.
///
/// The world sees of the host: the folders named in the options, read-only, and the tools. Nothing else: no disk
/// nodes, no home folders, no sockets of the host's services.
struct WorldRoot {
  static let shared = "/run/bulkhead"
  let options: WatchOptions
  var owner: UInt32 { options.base ?? 0 }

  func build() throws(SystemFailure) {
    try check(linux_mount(nil, "/", nil, UInt(linux_ms_rec | linux_ms_private), nil), "make mounts private")
    var folders: [HostPath] = []
    for folder in options.folders.sorted() where !folders.contains(where: { folder.hasPrefix($0.path + "/") }) {
      folders.append(try HostPath(folder))
    }
    var tools: [(name: String, host: HostPath)] = []
    for tool in options.tools { tools.append((tool.name, try HostPath(tool.path))) }

    // Any folder will do to build in; what it holds on the host was opened above.
    let root = "/run"
    try mountFileSystem("tmpfs", root, 0, "mode=755,size=32m")
    try layOut(root)
    for folder in folders {
      var parent = root
      for part in folder.path.split(separator: "/").dropLast() {
        parent += "/\(part)"
        if access(parent, F_OK) != 0 { try makeFolder(parent) }
      }
      try folder.bind(root + folder.path)
    }
    try linkSystemFolders(root)
    try mountFileSystem("proc", root + "/proc")
    try mountFileSystem("sysfs", root + "/sys")
    for (name, host) in tools { try host.bind("\(root)\(Self.shared)/tools/\(name)") }
    try check(chdir(root), "chdir")
    try check(linux_pivot_root(".", "."), "pivot_root")
    try check(linux_unmount(".", linux_mnt_detach), "leave the host's root")
    try check(chdir("/"), "chdir /")
  }

  private func layOut(_ root: String) throws(SystemFailure) {
    for folder in ["etc", "proc", "sys", "dev", "run", "tmp", "root", "var", "home", "mnt", "srv"] {
      try makeFolder("\(root)/\(folder)")
    }
    try mountFileSystem("tmpfs", "\(root)/run", 0, "mode=755,size=64m,uid=\(owner),gid=\(owner)")
    for folder in ["lock", "netns", "bulkhead"] { try makeFolder("\(root)/run/\(folder)", owner: owner) }
    try mountFileSystem("tmpfs", root + Self.shared, 0, "mode=755,size=2g,uid=\(owner),gid=\(owner)")
    for folder in ["tools", "nodes", "runc", "pods", "xds"] {
      try makeFolder("\(root)\(Self.shared)/\(folder)", owner: owner)
    }
    for node in options.nodes { try makeFolder("\(root)\(Self.shared)/nodes/\(node)", owner: owner) }
    try mountFileSystem("tmpfs", "\(root)/tmp", 0, "mode=1777,size=1g,uid=\(owner),gid=\(owner)")
    try mountFileSystem("tmpfs", "\(root)/var", 0, "mode=755,size=256m,uid=\(owner),gid=\(owner)")
    for folder in ["lib", "log", "cache", "lib/misc"] { try makeFolder("\(root)/var/\(folder)", owner: owner) }
    if symlink("/run", "\(root)/var/run") != 0 { throw SystemFailure("link /var/run") }
    try makeEtc("\(root)/etc")
    try makeDevices("\(root)/dev")
  }

  private func makeEtc(_ etc: String) throws(SystemFailure) {
    try makeFile("\(etc)/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n")
    try makeFile("\(etc)/group", "root:x:0:\nnogroup:x:65534:\n")
    try makeFile("\(etc)/hosts", "127.0.0.1 localhost\n::1 localhost\n")
    try makeFile("\(etc)/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
    try makeFile("\(etc)/resolv.conf")
    for name in ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "protocols", "services", "iproute2"] {
      if access("/etc/\(name)", R_OK) == 0 { try HostPath("/etc/\(name)").bind("\(etc)/\(name)") }
    }
  }

  /// A /dev of harmless nodes, on a tmpfs of the host so that they work inside a user namespace.
  private func makeDevices(_ dev: String) throws(SystemFailure) {
    try mountFileSystem("tmpfs", dev, linux_ms_nosuid, "mode=755,size=64k")
    let nodes: [(String, UInt32, UInt32)] = [
      ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]
    for (name, major, minor) in nodes {
      try check(mknod("\(dev)/\(name)", S_IFCHR | 0o666, linux_device(major, minor)), "mknod \(name)")
      chmod("\(dev)/\(name)", 0o666)
    }
    for folder in ["pts", "shm", "mqueue"] { try makeFolder("\(dev)/\(folder)") }
    let links = [
      ("/proc/self/fd", "fd"), ("/proc/self/fd/0", "stdin"), ("/proc/self/fd/1", "stdout"),
      ("/proc/self/fd/2", "stderr"), ("pts/ptmx", "ptmx"),
    ]
    for (target, name) in links where symlink(target, "\(dev)/\(name)") != 0 { throw SystemFailure("link \(name)") }
  }

  /// `/bin`, `/lib` and the like, as the host has them: links into /usr, or folders of their own.
  private func linkSystemFolders(_ root: String) throws(SystemFailure) {
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
      var buffer = [CChar](repeating: 0, count: 256)
      let count = readlink("/\(name)", &buffer, buffer.count - 1)
      if count > 0 {
        let target = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        if symlink(target, "\(root)/\(name)") != 0 { throw SystemFailure("link /\(name)") }
      } else if access("/\(name)", F_OK) == 0 {
        try HostPath("/\(name)").bind("\(root)/\(name)")
      }
    }
  }
}
