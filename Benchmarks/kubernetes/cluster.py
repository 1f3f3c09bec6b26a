"""An API server with made-up pods: lists in pages, as Kubernetes gives them, and nothing else."""
import http.server
import json
import threading
import urllib.parse

PAGE = 500
RESOURCES = {
    "/api/v1": [("pods", "Pod", True), ("services", "Service", True), ("nodes", "Node", False),
                ("namespaces", "Namespace", False)],
    "/apis/apps/v1": [("deployments", "Deployment", True), ("replicasets", "ReplicaSet", True)],
}


def fields(manager, keys):
    """A managedFields entry; such entries are a third of what a cluster sends."""
    return {"manager": manager, "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1", "fieldsV1": {f"f:{key}": {f"f:{sub}": {} for sub in "abcdefgh"} for key in keys}}


def metadata(name, namespace, number, **more):
    return {"name": name, "namespace": namespace, "uid": f"00000000-0000-4000-8000-{number:012d}",
            "resourceVersion": str(1000 + number), "creationTimestamp": "2026-01-01T00:00:00Z", **more,
            "managedFields": [fields("kube-controller-manager", ["metadata", "spec", "labels", "containers"]),
                              fields("kubelet", ["status", "conditions", "containerStatuses", "podIPs"])]}


def pod_spec(service, callee):
    environment = [{"name": f"SETTING_{n}", "value": f"value number {n} of {service}"} for n in range(6)]
    environment.append({"name": "NEXT_ADDR", "value": f"{callee}:8080"})
    probe = {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
             "successThreshold": 1, "failureThreshold": 3}
    token = {"name": "kube-api-access", "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]}}
    container = {
        "name": "server", "image": f"registry.example/{service}:1.2.3", "env": environment,
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}], "readinessProbe": probe,
        "livenessProbe": probe, "terminationMessagePath": "/dev/termination-log", "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "kube-api-access", "readOnly": True,
                          "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]}
    return {"containers": [container], "volumes": [token], "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
            "terminationGracePeriodSeconds": 30, "serviceAccountName": service, "schedulerName": "default-scheduler",
            "tolerations": [{"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute",
                             "tolerationSeconds": 300} for key in ("not-ready", "unreachable")]}


def status(number):
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    conditions = [{"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-01-01T00:00:00Z"}
                  for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")]
    return {"phase": "Running", "conditions": conditions, "hostIP": "10.0.0.1", "podIP": address,
            "podIPs": [{"ip": address}], "startTime": "2026-01-01T00:00:00Z", "qosClass": "Burstable",
            "containerStatuses": [{"name": "server", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
                                   "ready": True, "restartCount": 0, "image": "registry.example/x:1.2.3",
                                   "imageID": "registry.example/x@sha256:" + "0" * 64,
                                   "containerID": "containerd://" + "0" * 64}]}


class Cluster:
    """Services with ten pods each, every pod the child of a ReplicaSet, each service calling the next."""

    def __init__(self, pods):
        self.lists = {}
        services = max(1, pods // 10)
        kinds = {"pods": [], "services": [], "deployments": [], "replicasets": []}
        for number in range(services):
            name, namespace, callee = f"svc-{number}", f"team-{number % 50}", f"svc-{(number + 50) % services}"
            labels = {"app": name, "team": namespace}
            template = {"metadata": {"labels": labels}, "spec": pod_spec(name, callee)}
            spec = {"replicas": 10, "selector": {"matchLabels": {"app": name}}, "template": template}
            kinds["deployments"].append({"metadata": metadata(name, namespace, number), "spec": spec})
            owner = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": True}]
            kinds["replicasets"].append(
                {"metadata": metadata(f"{name}-5d4f", namespace, number, ownerReferences=owner), "spec": spec})
            kinds["services"].append({"metadata": metadata(name, namespace, number),
                                      "spec": {"selector": {"app": name}, "ports": [{"port": 8080}]}})
            owner = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{name}-5d4f", "controller": True}]
            for replica in range(10):
                index = number * 10 + replica
                kinds["pods"].append({
                    "metadata": metadata(f"{name}-5d4f-{replica:05d}", namespace, index, labels=labels,
                                         ownerReferences=owner),
                    "spec": {**pod_spec(name, callee), "nodeName": f"node-{index % 100}"}, "status": status(index)})
        names = {plural: (kind, path) for path, entries in RESOURCES.items() for plural, kind, _ in entries}
        for plural, objects in kinds.items():
            self.add(names[plural][1] + "/" + plural, names[plural][0], objects)
        self.add("/api/v1/nodes", "Node", [
            {"metadata": {"name": f"node-{n}"}, "status": {"nodeInfo": {"kernelVersion": "6.1.0"}}}
            for n in range(100)])
        self.add("/api/v1/namespaces", "Namespace", [{"metadata": {"name": f"team-{n}"}} for n in range(50)])

    def add(self, path, kind, objects):
        """Pages as bytes, made once."""
        pages = [objects[start:start + PAGE] for start in range(0, len(objects), PAGE)] or [[]]
        self.lists[path] = []
        for number, page in enumerate(pages):
            more = {"continue": str(number + 1)} if number + 1 < len(pages) else {}
            whole = {"kind": kind + "List", "apiVersion": "v1", "metadata": {"resourceVersion": "9", **more},
                     "items": page}
            self.lists[path].append(json.dumps(whole, separators=(",", ":")).encode())

    @property
    def bytes(self):
        return sum(len(page) for pages in self.lists.values() for page in pages)

    def answer(self, target):
        parts = urllib.parse.urlsplit(target)
        if parts.path in self.lists:
            page = int(urllib.parse.parse_qs(parts.query).get("continue", ["0"])[0])
            return self.lists[parts.path][page]
        if parts.path in RESOURCES:
            return json.dumps({"kind": "APIResourceList", "resources": [
                {"name": plural, "kind": kind, "namespaced": inside, "verbs": ["list"]}
                for plural, kind, inside in RESOURCES[parts.path]]}).encode()
        if parts.path == "/apis":
            return json.dumps({"kind": "APIGroupList", "groups": [
                {"name": "apps", "versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}}]}).encode()
        return None

    def serve(self):
        cluster = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = cluster.answer(self.path)
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server
