import CLinux
import Glibc

/// The watcher: stays outside the world (but for the mount namespace), so that somebody is left to clean up.
///
/// Standard input is the lifeline: when it ends, the supervisor has gone or wants the world gone. Standard output
/// carries one line per event: `world PID INODE`, `node NAME PID`, `ready`, `exit NODE PID code|signal N`, `gone`.
struct Watcher {
  let options: WatchOptions

  init(_ options: WatchOptions) { self.options = options }

  func run() -> Never {
    // A session of its own, and deaf to the terminal: the supervisor decides when the world ends, by the lifeline.
    setsid()
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE] { linux_ignore_signal(number) }
    umask(0o022)
    linux_name_process("bulkhead-watch")
    let cgroups = Cgroups(name: options.name)
    do {
      try check(linux_unshare(linux_new_mount), "unshare the mount namespace")
      try WorldRoot(options: options).build()
      let lock = try cgroups.make(owner: options.base ?? 0)
      let world = try startWorld(cgroups, lock)
      try keep(world, cgroups)
    } catch {
      complain(error.text)
      _ = cgroups.remove()
      exit(1)
    }
  }

  private func startWorld(_ cgroups: Cgroups, _ lock: Int32) throws(SystemFailure) -> pid_t {
    let start = try makePipe()
    let lifeline = try makePipe()
    var namespaces = linux_new_mount | linux_new_pid | linux_new_network | linux_new_ipc | linux_new_uts
    if options.base != nil { namespaces |= linux_new_user }
    let child = linux_clone(namespaces)
    if child == 0 {
      close(start.write)
      close(lifeline.write)
      close(0)
      if lock >= 0 { close(lock) }
      WorldInit(options: options, cgroups: cgroups, lifeline: lifeline.read).run(start: start.read)
    }
    try check(child, "clone a world")
    close(start.read)
    close(lifeline.read)
    do throws(SystemFailure) {
      if let base = options.base {
        for map in ["uid_map", "gid_map"] { try writeFile("/proc/\(child)/\(map)", "0 \(base) 65536") }
      }
      try cgroups.move(child)
      if lock >= 0 { close(lock) }
    } catch {
      kill(child, SIGKILL)
      _ = reap(child)
      throw error
    }
    // The child still waits for `start`, so the pid cannot have been taken over by another process.
    var facts = stat()
    stat("/proc/\(child)/ns/pid", &facts)
    writeAll(1, "world \(child) \(facts.st_ino)\n")
    writeAll(start.write, "s")
    close(start.write)
    return child
  }

  /// Waits for the lifeline or the world to end, and leaves nothing.
  private func keep(_ world: pid_t, _ cgroups: Cgroups) throws(SystemFailure) -> Never {
    let process = linux_pidfd_open(world)
    while true {
      let ready = waitReadable([0, process])
      if ready[1] { break }
      if ready[0] && !readByte(0) { break }
    }
    kill(world, SIGKILL)
    // The kernel reports a dead init only when every process of its pid namespace is gone.
    let status = reap(world)
    let clean = cgroups.remove()
    if !clean { complain("cgroup folders of \(options.name) could not be removed") }
    let wanted = linux_status_exited(status) == 0 && linux_status_signal(status) == SIGKILL
    writeAll(1, "gone\n")
    exit(clean && wanted ? 0 : 1)
  }
}
