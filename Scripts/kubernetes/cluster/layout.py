"""Names, addresses and places that every part of the cluster shares."""
import pathlib
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[3]
TOOLS = PROJECT / ".tools" / "kubernetes"

# Inside the world's own network namespace, so none of these can meet an address of the machine.
NODE = "bulkhead-node"
NODE_ADDRESS = "172.31.255.1"
POD_NETWORK = "10.244.0.0/16"
NODE_PODS = "10.244.0.0/24"
SERVICE_NETWORK = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
DOMAIN = "cluster.local"
API_PORT = 6443

CGROUP_PREFIX = "bulkhead-kubernetes-"
POD_CGROUP = "k8s.io"  # where containerd puts containers of pods that name no place
MARKER = "bulkhead-kubernetes"  # a file of this name says that a folder is a cluster's

# Where the cluster's folder is seen from inside the world, whatever its path outside.
INSIDE = pathlib.Path("/run/cluster")
# Folder of the cluster → what it covers inside the world.
COVERS = {"run": "/run", "lib": "/var/lib", "log": "/var/log"}
FOLDERS = [*COVERS, "configuration", "keys", "logs"]
FILES = ["kubeconfig", "watcher", "init.pid", MARKER]


def fail(what, cure, code=1):
  print(f"kubernetes: {what}\n  cure: {cure}", file=sys.stderr)
  sys.exit(code)


def start_time(pid):
  """When the process began, in the kernel's ticks: with the pid it names one process. None: there is none."""
  try:
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
  except OSError:
    return None
  fields = text[text.rindex(")") + 2:].split()
  return None if fields[0] in "ZX" else int(fields[19])
