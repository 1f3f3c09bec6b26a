import CLinux
import Glibc

/// Runs one command inside the world, in a node, or in a named network namespace of a node.
///
/// This process stays outside the world's pid namespace as the command's parent and passes its end on (128 + signal).
/// It needs no tie to the supervisor: when the supervisor dies the world dies, the command in it, and then this.
struct Entrance {
  let options: EnterOptions

  init(_ options: EnterOptions) { self.options = options }

  func run() -> Never {
    // Ctrl-C at the terminal is the supervisor's business; SIGTERM ends the command.
    for number in [SIGINT, SIGHUP, SIGQUIT, SIGPIPE] { linux_ignore_signal(number) }
    linux_block_signal(SIGTERM)
    linux_block_signal(SIGCHLD)
    linux_close_from(3)
    umask(0o022)
    do {
      try joinWorld()
      if let node = options.node { try joinNode(node) }
      if let network = options.network {
        try join("/run/netns/\(network)", linux_new_network)
      }
      try check(chdir("/"), "chdir")
      try superviseCommand()
    } catch {
      complain(error.text)
      exit(125)
    }
  }

  private func joinWorld() throws(SystemFailure) {
    let folder = "/proc/\(options.world)/ns"
    let process = try check(linux_pidfd_open(options.world), "the world has ended")
    var kinds: [(String, Int32)] = [
      ("pid", linux_new_pid), ("mnt", linux_new_mount), ("net", linux_new_network), ("ipc", linux_new_ipc),
      ("uts", linux_new_uts), ("cgroup", linux_new_cgroup),
    ]
    if options.userNamespace { kinds.insert(("user", linux_new_user), at: 0) }
    var opened: [(Int32, Int32)] = []
    for (name, kind) in kinds {
      opened.append((try check(linux_open("\(folder)/\(name)", O_RDONLY, 0), "open \(folder)/\(name)"), kind))
    }
    // All were opened while the pid was still the world's, or this fails and nothing has been joined yet.
    var facts = stat()
    let pidNamespace = opened[options.userNamespace ? 1 : 0].0
    guard fstat(pidNamespace, &facts) == 0, UInt(facts.st_ino) == options.inode,
      linux_pidfd_send_signal(process, 0) == 0
    else { throw SystemFailure("the world has ended", ESRCH) }
    close(process)
    moveIntoCgroup()
    for (descriptor, kind) in opened {
      try check(linux_setns(descriptor, kind), "setns")
      close(descriptor)
    }
    if options.userNamespace { try check(linux_become_root(), "become the world's root") }
  }

  /// On cgroup v2 only who is inside a delegated tree may move processes within it, as container runtimes do.
  private func moveIntoCgroup() {
    guard access("\(Cgroups.mountPoint)/cgroup.controllers", F_OK) == 0,
      let path = readFile("/proc/\(options.world)/cgroup")?.split(separator: "\n").last(where: { $0.hasPrefix("0::/") })
    else { return }
    try? writeFile("\(Cgroups.mountPoint)\(path.dropFirst(3))/cgroup.procs", "0")
  }

  private func joinNode(_ node: pid_t) throws(SystemFailure) {
    let kinds: [(String, Int32)] = [
      ("pid", linux_new_pid), ("net", linux_new_network), ("ipc", linux_new_ipc), ("uts", linux_new_uts),
      ("mnt", linux_new_mount),
    ]
    // Opened before the first join: afterwards /proc may be another one.
    var opened: [(Int32, Int32)] = []
    for (name, kind) in kinds {
      let path = "/proc/\(node)/ns/\(name)"
      opened.append((try check(linux_open(path, O_RDONLY, 0), "open \(path)"), kind))
    }
    for (descriptor, kind) in opened {
      try check(linux_setns(descriptor, kind), "setns into the node")
      close(descriptor)
    }
  }

  private func join(_ path: String, _ kind: Int32) throws(SystemFailure) {
    let descriptor = try check(linux_open(path, O_RDONLY | linux_o_nofollow, 0), "open \(path)")
    try check(linux_setns(descriptor, kind), "join \(path)")
    close(descriptor)
  }

  private func superviseCommand() throws(SystemFailure) -> Never {
    let lifeline = try makePipe()
    let child = linux_fork()
    if child == 0 {
      close(lifeline.write)
      becomeCommand(lifeline.read)
    }
    try check(child, "fork")
    close(lifeline.read)
    // The command has the standard streams; whoever reads them must see their end when the command closes them.
    close(0)
    close(1)
    let signals = try check(linux_signal_descriptor(SIGCHLD, SIGTERM), "signalfd")
    var deadline = options.limitMilliseconds
    while true {
      let ready = waitReadable([signals], milliseconds: deadline)
      if !ready[0] && deadline >= 0 {
        complain("stopped after \(options.limitMilliseconds) ms")
        kill(-child, SIGKILL)
        _ = reap(child)
        exit(124)
      }
      var status: Int32 = 0
      while case let number = linux_take_signal(signals), number != 0 {
        if number == SIGTERM {
          kill(-child, SIGKILL)
          deadline = -1
        }
      }
      if waitpid(child, &status, WNOHANG) == child {
        exit(linux_status_exited(status) != 0 ? linux_status_code(status) : 128 + linux_status_signal(status))
      }
    }
  }

  private func becomeCommand(_ lifeline: Int32) -> Never {
    setsid()
    linux_die_with_parent()
    if isHungUp(lifeline) { exit(125) }
    linux_default_signals()
    linux_unblock_signals()
    linux_close_from(3)
    var pointers: [UnsafeMutablePointer<CChar>?] = options.command.map { strdup($0) }
    pointers.append(nil)
    if let name = pointers[0] { execvp(name, &pointers) }
    complain("\(options.command[0]): \(String(cString: strerror(errno)))")
    exit(errno == ENOENT ? 127 : 126)
  }
}
