"""The cluster's own place in every cgroup hierarchy, and its removal: the only thing the kernel does not take away."""
import os
import pathlib
import signal
import time

from . import layout


def hierarchies():
  """(mount point, file system, options) of each mounted hierarchy."""
  found = []
  for line in pathlib.Path("/proc/mounts").read_text().splitlines():
    _, point, kind, options, *_ = line.split()
    if kind in ("cgroup", "cgroup2"):
      found.append((pathlib.Path(point), kind, options.split(",")))
  return found


def copy_parent(folder, name):
  """A new cpuset is empty, and nothing may run in it until it is told on which cores."""
  file = folder / name
  if file.exists() and not file.read_text().strip():
    file.write_text((folder.parent / name).read_text())


def favour(folder, times):
  """Gives what is in a cgroup so many times the usual weight, where processors are given out in its hierarchy."""
  for file, usual in ("cpu.shares", 1024), ("cpu.weight", 100):
    if (folder / file).exists():
      (folder / file).write_text(str(usual * times))


def enter(name):
  """Makes the cluster's cgroup in each hierarchy and moves this process in."""
  for point, _, _ in hierarchies():
    folder = point / name
    folder.mkdir(exist_ok=True)  # a hierarchy can be mounted at two places
    copy_parent(folder, "cpuset.cpus")
    copy_parent(folder, "cpuset.mems")
    favour(folder, 4)  # many processes, which else would weigh no more than one outside does
    (folder / "cgroup.procs").write_text(str(os.getpid()))


def members(folder):
  found = set()
  for root, _, _ in os.walk(folder):
    try:
      found |= {int(line) for line in (pathlib.Path(root) / "cgroup.procs").read_text().split()}
    except OSError:
      continue  # gone in the meantime
  return found


def remove(name, patience=20.0):
  """Ends what still runs in the cgroup and removes it; False when something would not die."""
  deadline = time.monotonic() + patience
  folders = [point / name for point, _, _ in hierarchies()]
  while True:
    alive = set().union(*(members(folder) for folder in folders)) - {0, os.getpid()}
    for pid in alive:
      try:
        os.kill(pid, signal.SIGKILL)
      except ProcessLookupError:
        pass
    for folder in folders:
      for root, _, _ in os.walk(folder, topdown=False):
        try:
          os.rmdir(root)
        except OSError:
          pass  # not empty yet
    if not any(folder.exists() for folder in folders):
      return True
    if time.monotonic() > deadline:
      return False
    time.sleep(0.02)  # until the kernel has buried the last process


def sweep():
  """Removes what clusters left whose watcher was killed before it could."""
  names = set()
  for point, _, _ in hierarchies():
    names |= {path.name for path in point.glob(layout.CGROUP_PREFIX + "*")}
  for name in sorted(names):
    pid, _, began = name[len(layout.CGROUP_PREFIX):].partition("-")
    if pid.isdigit() and layout.start_time(pid) != (int(began) if began.isdigit() else -1):
      remove(name)
