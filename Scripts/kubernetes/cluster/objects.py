"""What the cluster holds from the start: the resolver's service, and its right to read names."""
from . import layout

RESOLVER_ROLE = {
  "apiVersion": "rbac.authorization.k8s.io/v1",
  "kind": "ClusterRole",
  "metadata": {"name": "bulkhead-resolver"},
  "rules": [{"apiGroups": [""], "resources": ["services", "endpoints"], "verbs": ["list", "watch"]}],
}
RESOLVER_BINDING = {
  "apiVersion": "rbac.authorization.k8s.io/v1",
  "kind": "ClusterRoleBinding",
  "metadata": {"name": "bulkhead-resolver"},
  "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "bulkhead-resolver"},
  "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bulkhead-resolver"}],
}
PORTS = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
LABELS = {"k8s-app": "kube-dns", "kubernetes.io/name": "kube-dns"}
# No selector: behind the service is no pod but the node's own dnsmasq.
DNS_SERVICE = {
  "apiVersion": "v1",
  "kind": "Service",
  "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": LABELS},
  "spec": {"clusterIP": layout.DNS_SERVICE, "ports": PORTS},
}
DNS_ENDPOINTS = {
  "apiVersion": "v1",
  "kind": "Endpoints",
  "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": LABELS},
  "subsets": [{"addresses": [{"ip": layout.NODE_ADDRESS}], "ports": PORTS}],
}
RBAC = "/apis/rbac.authorization.k8s.io/v1"
SYSTEM = "/api/v1/namespaces/kube-system"


def create(client):
  for path, body in [
    (f"{RBAC}/clusterroles", RESOLVER_ROLE), (f"{RBAC}/clusterrolebindings", RESOLVER_BINDING),
    (f"{SYSTEM}/services", DNS_SERVICE), (f"{SYSTEM}/endpoints", DNS_ENDPOINTS),
  ]:
    status, answer = client.request("POST", path, body)
    if status not in (200, 201, 409):
      raise RuntimeError(f"{path}: {status} {answer}")


def node_is_ready(client):
  status, node = client.request("GET", f"/api/v1/nodes/{layout.NODE}")
  if status != 200:
    return False
  conditions = node.get("status", {}).get("conditions", [])
  return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions) \
    and not node["spec"].get("taints")


def has_default_account(client):
  status, account = client.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")
  return status == 200 and bool(account.get("secrets"))
