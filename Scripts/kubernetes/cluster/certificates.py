"""A small CA of the cluster's own, the certificates of its parts, and their kubeconfigs."""
import base64
import subprocess

from . import layout

# Part → (common name, organization). Names and groups are those that Kubernetes' own roles are bound to.
CLIENTS = {
  "admin": ("bulkhead-admin", "system:masters"),
  "controller-manager": ("system:kube-controller-manager", None),
  "scheduler": ("system:kube-scheduler", None),
  "kubelet": (f"system:node:{layout.NODE}", "system:nodes"),
  "proxy": ("system:kube-proxy", None),
  "resolver": ("bulkhead-resolver", None),
  "apiserver-kubelet": ("kube-apiserver", "system:masters"),
  "etcd-client": ("kube-apiserver", None),
}
API_NAMES = [
  "DNS:localhost", "DNS:kubernetes", "DNS:kubernetes.default", "DNS:kubernetes.default.svc",
  f"DNS:kubernetes.default.svc.{layout.DOMAIN}", "IP:127.0.0.1", f"IP:{layout.API_SERVICE}",
  f"IP:{layout.NODE_ADDRESS}",
]
SERVERS = {
  "apiserver": API_NAMES,
  "etcd": ["IP:127.0.0.1"],
  "kubelet-server": [f"DNS:{layout.NODE}", f"IP:{layout.NODE_ADDRESS}", "IP:127.0.0.1"],
}
DAYS = "30"


def openssl(*arguments, feed=None):
  run = subprocess.run(["openssl", *arguments], input=feed, capture_output=True, check=False)
  if run.returncode != 0:
    layout.fail("openssl " + arguments[0] + ": " + run.stderr.decode(errors="replace").strip(), "check openssl")


def make_key(keys, name):
  openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", str(keys / f"{name}.key"))


def make_authority(keys, name):
  make_key(keys, name)
  openssl(
    "req", "-x509", "-new", "-key", str(keys / f"{name}.key"), "-out", str(keys / f"{name}.crt"), "-days", DAYS,
    "-subj", f"/CN=bulkhead-{name}", "-addext", "basicConstraints=critical,CA:true",
    "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")


def sign(keys, name, subject, usage, names=None, authority="ca"):
  make_key(keys, name)
  request = keys / f"{name}.csr"
  extensions = keys / f"{name}.ext"
  lines = ["basicConstraints=critical,CA:false", "keyUsage=critical,digitalSignature", f"extendedKeyUsage={usage}"]
  if names:
    lines.append("subjectAltName=" + ",".join(names))
  extensions.write_text("\n".join(lines) + "\n")
  openssl("req", "-new", "-key", str(keys / f"{name}.key"), "-subj", subject, "-out", str(request))
  openssl(
    "x509", "-req", "-in", str(request), "-CA", str(keys / f"{authority}.crt"),
    "-CAkey", str(keys / f"{authority}.key"), "-CAcreateserial", "-days", DAYS,
    "-extfile", str(extensions), "-out", str(keys / f"{name}.crt"))
  request.unlink()
  extensions.unlink()


def make_all(keys):
  make_authority(keys, "ca")
  make_authority(keys, "front-proxy-ca")
  for name, (common_name, organization) in CLIENTS.items():
    subject = (f"/O={organization}" if organization else "") + f"/CN={common_name}"
    sign(keys, name, subject, "clientAuth")
  for name, names in SERVERS.items():
    sign(keys, name, f"/CN={name}", "serverAuth,clientAuth", names)
  sign(keys, "front-proxy", "/CN=front-proxy-client", "clientAuth", authority="front-proxy-ca")
  make_key(keys, "service-account")
  openssl("ec", "-in", str(keys / "service-account.key"), "-pubout", "-out", str(keys / "service-account.pub"))


def kubeconfig(keys, name, port):
  def data(file):
    return base64.b64encode((keys / file).read_bytes()).decode()

  return f"""apiVersion: v1
kind: Config
current-context: bulkhead
contexts:
- name: bulkhead
  context: {{cluster: bulkhead, user: {name}}}
clusters:
- name: bulkhead
  cluster:
    server: https://127.0.0.1:{port}
    certificate-authority-data: {data("ca.crt")}
users:
- name: {name}
  user:
    client-certificate-data: {data(name + ".crt")}
    client-key-data: {data(name + ".key")}
"""
