"""Outside of the world: starts it, ends it when it is told to or when its owner is gone, and removes its cgroups."""
import ctypes
import os
import pathlib
import select
import signal
import subprocess
import sys

from . import cgroups, layout

PR_SET_PDEATHSIG = 1
NAMESPACES = ["--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup"]


def children(pid):
  found = []
  for folder in pathlib.Path("/proc").iterdir():
    if not folder.name.isdigit():
      continue
    try:
      text = (folder / "stat").read_text()
    except OSError:
      continue
    if int(text[text.rindex(")") + 2:].split()[1]) == pid:
      found.append(int(folder.name))
  return found


def start_world(folder, listener, lifeline, report):
  """The world's init, in namespaces of its own; the kernel ends it when `unshare` ends."""
  libc = ctypes.CDLL(None)
  name = f"{layout.CGROUP_PREFIX}{os.getpid()}-{layout.start_time(os.getpid())}"
  parent = os.getpid()

  def prepare():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
      os._exit(1)
    cgroups.enter(name)

  program = pathlib.Path(__file__).resolve().parent.parent / "up"
  command = [
    "unshare", *NAMESPACES, "--fork", "--kill-child=KILL", "--propagation", "private", "--mount-proc",
    sys.executable, "-B", str(program), "--inside", str(folder), str(listener), str(lifeline), str(report),
  ]
  with open(folder / "logs" / "init.log", "ab") as log:
    world = subprocess.Popen(
      command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=prepare,
      pass_fds=(listener, lifeline, report), cwd="/")
  return world, name


def watch(folder, listener, report, owner):
  """Runs until the world or its owner ends or a signal comes; then nothing of it is left but its folder."""
  lifeline, held = os.pipe()
  wake, woken = os.pipe()
  os.set_blocking(woken, False)
  signal.set_wakeup_fd(woken)
  for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda *_: None)
  world, name = start_world(folder, listener, lifeline, report)
  os.close(lifeline)
  os.close(listener)
  os.close(report)
  poll = select.poll()
  poll.register(wake, select.POLLIN)
  pidfd = os.pidfd_open(world.pid)
  poll.register(pidfd, select.POLLIN)
  if owner:
    try:
      poll.register(os.pidfd_open(owner), select.POLLIN)
    except ProcessLookupError:
      os.write(woken, b"x")
  # The init is unshare's one child; its number is what `enter` needs.
  while world.poll() is None and not (inits := children(world.pid)):
    if select.select([wake], [], [], 0.01)[0]:
      break
  else:
    if world.poll() is None:
      (folder / "init.pid").write_text(f"{inits[0]} {layout.start_time(inits[0])}\n")
  poll.poll()
  world.kill()
  world.wait()
  removed = cgroups.remove(name)
  os.close(held)
  return 0 if removed else 1
