"""Inside: the first process of the world's namespaces, what it mounts and connects, and the start of the parts."""
import http.client
import os
import pathlib
import resource
import select
import signal
import socket
import subprocess
import time

from . import api, cgroups, components, forward, layout, objects, resolver

# There is no cloud to ask for credentials, and asking takes its time.
ENVIRONMENT = {
  "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/run", "LANG": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true",
}
# The kubelet wants these; they belong to the whole machine, so the world has plain files in their place.
SYSCTLS = {
  "vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
}


def say(text):
  print(time.strftime("%H:%M:%S"), text, flush=True)


def run(*command, **options):
  done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
  if done.returncode != 0:
    raise RuntimeError(" ".join(map(str, command)) + ": " + (done.stderr or done.stdout).strip())
  return done.stdout


def bind(source, target):
  run("mount", "--bind", str(source), str(target))


def favour_pods(point):
  """Before all that serves them together: as on a real node, where a group of their own weighs as much as its processors.

  Else a pod that starts, for which gigabytes may be copied, leaves nothing to those that serve.
  """
  pods = point / layout.POD_CGROUP
  pods.mkdir()
  cgroups.favour(pods, 8)


def mount_cgroups(hierarchies):
  """As the cgroup namespace shows them: the cluster's own cgroup is the root."""
  if (len(hierarchies), hierarchies[0][1]) == (1, "cgroup2"):
    run("mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup")
    init = pathlib.Path("/sys/fs/cgroup/init")
    init.mkdir()
    for pid in cgroups.members("/sys/fs/cgroup"):
      (init / "cgroup.procs").write_text(str(pid))
    controllers = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text().split()
    pathlib.Path("/sys/fs/cgroup/cgroup.subtree_control").write_text(" ".join("+" + name for name in controllers))
    favour_pods(pathlib.Path("/sys/fs/cgroup"))
    return
  run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/sys/fs/cgroup")
  for point, kind, options in hierarchies:
    point.mkdir(parents=True, exist_ok=True)
    wanted = [option for option in options if option not in ("rw", "ro", "relatime", "nosuid", "nodev", "noexec")]
    wanted = [option for option in wanted if not option.startswith(("release_agent=", "clone_children"))]
    if any(option.startswith("name=") for option in wanted):
      wanted.insert(0, "none")
    extra = ["-o", ",".join(wanted)] if kind == "cgroup" else []
    run("mount", "-t", kind, *extra, "cgroup", str(point))
    if (point / "cpu.shares").exists():
      favour_pods(point)


def protect(writable):
  """Makes what is mounted here read-only, the machine's files among it."""
  for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
    point = line.split()[4].encode().decode("unicode_escape")
    kind = line.split(" - ")[1].split()[0]
    if kind in ("proc", "sysfs", "cgroup", "cgroup2", "devtmpfs", "devpts", "mqueue") \
        or not os.path.exists(point) or point == "/dev" or point.startswith(("/dev/", "/proc/", "/sys/")) \
        or any(point == place or point.startswith(place + "/") for place in writable):
      continue
    try:
      run("mount", "-o", "remount,bind,ro", point)
    except RuntimeError as error:
      say(f"stays writable: {error}")


def can_overlay(folder):
  """Whether the cluster's own file system can carry containers as layers; copies are made otherwise."""
  places = [folder / name for name in ("lower", "upper", "work", "merged")]
  for place in places:
    place.mkdir(parents=True, exist_ok=True)
  try:
    run("mount", "-t", "overlay", "-o",
        f"lowerdir={places[0]},upperdir={places[1]},workdir={places[2]}", "overlay", str(places[3]))
    run("umount", str(places[3]))
    return True
  except RuntimeError:
    return False


def mount_all(folder):
  hierarchies = cgroups.hierarchies()
  os.chdir(layout.TOOLS)  # so that no path of the machine has to be written into the options
  run("mount", "-t", "overlay", "-o", "lowerdir=usr:/usr", "overlay", "/usr")
  os.chdir("/")
  fakes = folder / "run" / "sysctl"
  for name, value in SYSCTLS.items():
    file = fakes / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value + "\n")
    if os.path.exists(f"/proc/sys/{name}"):
      bind(file, f"/proc/sys/{name}")
  (folder / "run" / "cluster").mkdir()
  bind(folder, folder / "run" / "cluster")
  for name, place in reversed(layout.COVERS.items()):  # /run last: the folder itself may be reached through it
    run("mount", "--rbind", str(folder / name), place)
  run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/tmp")
  run("mount", "-t", "sysfs", "sysfs", "/sys")
  mount_cgroups(hierarchies)
  if os.path.isdir("/dev/shm"):
    run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/dev/shm")
  protect([*layout.COVERS.values(), "/tmp"])
  run("mount", "--make-rshared", "/")


def connect():
  """The node's own address and a route, on a wire that leads nowhere."""
  socket.sethostname(layout.NODE)
  run("ip", "link", "set", "lo", "up")
  run("ip", "link", "add", "node0", "type", "veth", "peer", "name", "node1")
  run("ip", "address", "add", f"{layout.NODE_ADDRESS}/24", "dev", "node0")
  run("ip", "link", "set", "node0", "up")
  run("ip", "link", "set", "node1", "up")
  run("ip", "route", "add", "default", "dev", "node0")
  # Parts that look for a cloud are told at once that there is none, instead of after their time-outs.
  run("ip", "route", "add", "unreachable", "169.254.0.0/16")
  if os.path.exists("/etc/resolv.conf"):
    bind("/dev/null", "/etc/resolv.conf")
  pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
  # Answers that stay on the pods' bridge pass kube-proxy's rules too, or services could not be reached from pods.
  pathlib.Path("/proc/sys/net/bridge/bridge-nf-call-iptables").write_text("1")


class Supervisor:
  """Starts the parts in their order, and again when one ends, as a node's service manager does."""

  def __init__(self, listener):
    self.parts = {}
    self.listener = listener

  def start(self, name, command):
    with open(layout.INSIDE / "logs" / f"{name}.log", "ab") as log:
      if callable(command):
        process, pid = None, os.fork()
        if pid == 0:
          os.dup2(log.fileno(), 1)
          os.dup2(log.fileno(), 2)
          try:
            command()
          except BaseException as error:  # the child must not go on as the supervisor
            print(f"{name}: {error!r}", flush=True)
          os._exit(1)
      else:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                   env=ENVIRONMENT)
        pid = process.pid
    self.parts[pid] = (name, command, process)

  def tend(self):
    """Starts again what has ended."""
    for pid, (name, command, process) in list(self.parts.items()):
      if process:
        ended = process.poll() is not None
      else:
        ended = os.waitpid(pid, os.WNOHANG)[0] == pid
      if ended:
        say(f"{name} ended, starting it again")
        del self.parts[pid]
        self.start(name, command)

  def until(self, what, condition, seconds=120):
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
      self.tend()
      try:
        if condition():
          say(what)
          return
      except (OSError, http.client.HTTPException, RuntimeError, KeyError) as error:
        last = error
      time.sleep(0.1)
    raise RuntimeError(f"not within {seconds} s: {what} ({last})")

  def start_all(self):
    self.start("etcd", components.etcd())
    self.start("containerd", components.containerd())
    self.start("apiserver", components.apiserver())
    client = api.Client(layout.INSIDE / "keys", "admin")
    self.until("containerd answers", lambda: run("ctr", "version"))
    snapshotter = (layout.INSIDE / "configuration" / "snapshotter").read_text()
    run("ctr", "-n", "k8s.io", "images", "import", "--snapshotter", snapshotter, "/usr/lib/bulkhead/pause.tar")
    self.start("kubelet", components.kubelet())  # looks around for 5 s before it speaks to anyone
    self.until("the API server is ready", lambda: client.request("GET", "/readyz")[0] == 200)
    self.start("controller-manager", components.controller_manager())
    self.start("scheduler", components.scheduler())
    self.start("proxy", components.proxy())
    objects.create(client)
    self.start("resolver", resolver.run)
    self.until("names are known", lambda: "kube-dns" in resolver.HOSTS.read_text())
    self.start("dnsmasq", components.resolver())
    self.start("forward", lambda: forward.run(self.listener))
    self.until("the node is ready", lambda: objects.node_is_ready(client))
    self.until("pods can be made", lambda: objects.has_default_account(client))


def supervise(folder, listener, report):
  os.umask(0o022)  # containers' roots are made with it, and users other than root live in them
  try:
    mount_all(folder)
    connect()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    (pathlib.Path("/run/resolver")).mkdir()
    snapshotter = "overlayfs" if can_overlay(pathlib.Path("/var/lib/overlay-trial")) else "native"
    components.write_all(layout.INSIDE / "configuration", snapshotter)
    supervisor = Supervisor(listener)
    supervisor.start_all()
    os.write(report, b"ready\n")
    os.close(report)
  except Exception as error:  # whatever it is, the one who waits outside is told
    say(f"failed: {error!r}")
    try:
      os.write(report, f"failed: {error}\n".encode()[:4000])
    except OSError:
      pass
    return 1
  while True:
    supervisor.tend()
    time.sleep(1)


def be_init(folder, listener, lifeline, report):
  """Buries orphans; ends, and the whole world with it, when the supervisor ends or nobody holds the lifeline."""
  wake, woken = os.pipe()
  os.set_blocking(woken, False)
  os.set_blocking(wake, False)
  signal.set_wakeup_fd(woken)
  signal.signal(signal.SIGCHLD, lambda *_: None)
  child = os.fork()
  if child == 0:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(lifeline)
    os._exit(supervise(folder, listener, report))
  os.close(listener)
  os.close(report)
  while True:
    ready, _, _ = select.select([wake, lifeline], [], [])
    if lifeline in ready:
      os._exit(0)
    os.read(wake, 4096)
    try:
      while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
        if pid == child:
          os._exit(1)
    except ChildProcessError:
      os._exit(1)
