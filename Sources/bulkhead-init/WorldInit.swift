import CLinux
import Glibc

/// Pid 1 of the world: sets its namespaces up, makes the nodes, reaps, and dies with the watcher.
struct WorldInit {
  let options: WatchOptions
  let cgroups: Cgroups
  let lifeline: Int32

  func run(start: Int32) -> Never {
    do {
      guard readByte(start) else { exit(1) }
      close(start)
      cgroups.forget()
      if options.base != nil { try check(linux_become_root(), "become the world's root") }
      // After the change of ids, which clears both.
      try check(linux_die_with_parent(), "prctl")
      try check(linux_be_inspectable(), "prctl")
      // A watcher that died before the line above is noticed here.
      if isHungUp(lifeline) { exit(1) }
      linux_name_process("world-init")
      try check(linux_unshare(linux_new_cgroup), "unshare the cgroup namespace")
      try setUpNamespaces(cgroups: cgroups, hostName: options.name)
      let signals = try blockChildSignal()
      let nodes = try startNodes()
      writeAll(1, "ready\n")
      serve(signals: signals, nodes: nodes)
    } catch {
      complain(error.text)
      exit(1)
    }
  }

  private func blockChildSignal() throws(SystemFailure) -> Int32 {
    linux_block_signal(SIGCHLD)
    return try check(linux_signal_descriptor(SIGCHLD, SIGCHLD), "signalfd")
  }

  private func startNodes() throws(SystemFailure) -> [pid_t: String] {
    var nodes: [pid_t: String] = [:]
    var waiting: [(name: String, pid: pid_t, ready: Int32)] = []
    for name in options.nodes {
      let ready = try makePipe()
      let namespaces = linux_new_mount | linux_new_pid | linux_new_network | linux_new_ipc | linux_new_uts
      let child = linux_clone(namespaces)
      if child == 0 {
        close(ready.read)
        close(lifeline)
        NodeInit(name: name, cgroups: cgroups).run(ready: ready.write)
      }
      try check(child, "clone node \(name)")
      close(ready.write)
      // The name by which `ip link set X netns NODE` finds the node from the world.
      try makeFile("/run/netns/\(name)")
      try check(
        linux_mount("/proc/\(child)/ns/net", "/run/netns/\(name)", nil, UInt(linux_ms_bind), nil),
        "name the network namespace of node \(name)")
      nodes[child] = name
      waiting.append((name, child, ready.read))
    }
    for (name, pid, ready) in waiting {
      guard readByte(ready) else { throw SystemFailure("node \(name) did not start", ECHILD) }
      close(ready)
      writeAll(1, "node \(name) \(pid)\n")
    }
    return nodes
  }

  private func serve(signals: Int32, nodes: [pid_t: String]) -> Never {
    while true {
      let ready = waitReadable([signals, lifeline])
      if ready[1] { exit(1) }
      while linux_take_signal(signals) != 0 {}
      reapChildren { pid, status in
        if let name = nodes[pid] { reportExit(node: name, pid: 1, status: status) }
      }
    }
  }
}

/// Pid 1 of a logical node: its own processes, mounts, network, host name; reaps orphans and reports their ends.
struct NodeInit {
  let name: String
  let cgroups: Cgroups

  func run(ready: Int32) -> Never {
    do {
      try check(linux_die_with_parent(), "prctl")
      linux_name_process("node-init")
      try setUpNamespaces(cgroups: cgroups, hostName: name)
      for (folder, mode) in [("/run/netns", "755"), ("/run/lock", "755"), ("/tmp", "1777")] {
        try mountFileSystem("tmpfs", folder, 0, "mode=\(mode)")
      }
      writeAll(ready, "r")
      close(ready)
    } catch {
      complain("node \(name): \(error.text)")
      exit(1)
    }
    linux_block_signal(SIGCHLD)
    let signals = linux_signal_descriptor(SIGCHLD, SIGCHLD)
    while true {
      _ = waitReadable([signals])
      while linux_take_signal(signals) != 0 {}
      reapChildren { pid, status in reportExit(node: name, pid: pid, status: status) }
    }
  }
}

/// What the world and its nodes have in common: fresh /proc, /sys, /dev/shm, cgroup mounts, the loopback, forwarding.
private func setUpNamespaces(cgroups: Cgroups, hostName: String) throws(SystemFailure) {
  try check(linux_mount(nil, "/", nil, UInt(linux_ms_rec | linux_ms_private), nil), "make mounts private")
  try check(sethostname(hostName, hostName.utf8.count), "sethostname")
  try mountFileSystem("proc", "/proc", linux_ms_nosuid | linux_ms_nodev | linux_ms_noexec)
  try mountFileSystem("sysfs", "/sys", linux_ms_nosuid | linux_ms_nodev | linux_ms_noexec)
  try mountCgroups(cgroups)
  try mountFileSystem("devpts", "/dev/pts", linux_ms_nosuid | linux_ms_noexec, "newinstance,mode=620,ptmxmode=666")
  try mountFileSystem("tmpfs", "/dev/shm", linux_ms_nosuid | linux_ms_nodev, "mode=1777,size=256m")
  try mountFileSystem("mqueue", "/dev/mqueue", linux_ms_nosuid | linux_ms_nodev | linux_ms_noexec)
  try check(linux_interface_up("lo"), "bring lo up")
  try writeFile("/proc/sys/net/ipv4/ip_forward", "1")
}

/// Mounted afresh inside the cgroup namespace, every hierarchy shows the world's own folder as its root; mounts
/// inherited from the host would show the host's tree and confuse container runtimes.
private func mountCgroups(_ cgroups: Cgroups) throws(SystemFailure) {
  if cgroups.version2 {
    try mountFileSystem("cgroup2", Cgroups.mountPoint)
    // Processes and controllers exclude each other in one folder: init moves to a leaf first. Nodes come later and
    // find themselves in the leaf already.
    let leaf = Cgroups.mountPoint + "/init"
    guard mkdir(leaf, 0o755) == 0 || errno == EEXIST else { throw SystemFailure("mkdir \(leaf)") }
    try? writeFile("\(leaf)/cgroup.procs", "0")
    for controller in (readFile("\(Cgroups.mountPoint)/cgroup.controllers") ?? "").split(separator: " ") {
      try? writeFile("\(Cgroups.mountPoint)/cgroup.subtree_control", "+\(controller)")
    }
    return
  }
  guard !cgroups.hierarchies.isEmpty else { return }
  try mountFileSystem(
    "tmpfs", Cgroups.mountPoint, linux_ms_nosuid | linux_ms_nodev | linux_ms_noexec, "mode=755,size=64k")
  for hierarchy in cgroups.hierarchies {
    let target = "\(Cgroups.mountPoint)/\(hierarchy)"
    try makeFolder(target)
    let data = hierarchy == "systemd" ? "none,name=systemd" : hierarchy
    try mountFileSystem("cgroup", target, linux_ms_nosuid | linux_ms_nodev | linux_ms_noexec, data)
  }
}

private func reapChildren(_ report: (pid_t, Int32) -> Void) {
  while true {
    var status: Int32 = 0
    let pid = waitpid(-1, &status, WNOHANG)
    if pid < 0 && errno == EINTR { continue }
    guard pid > 0 else { return }
    report(pid, status)
  }
}

private func reportExit(node: String, pid: pid_t, status: Int32) {
  let how =
    linux_status_exited(status) != 0
    ? "code \(linux_status_code(status))" : "signal \(linux_status_signal(status))"
  writeAll(1, "exit \(node) \(pid) \(how)\n")
}
