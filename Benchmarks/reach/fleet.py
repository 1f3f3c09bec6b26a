"""Makes fleets as a cluster would list them: pods with their owners, services, and a network policy for each service.

Ten pods a service, fifty services a namespace; each service calls twenty-four others, and its policy lets exactly its
callers in and exactly its callees out (the same pairs on both ends), besides DNS. Seeded: the same size is the same
fleet every time.
"""
import random

CALLS = 24
NODES_PER_POD = 100


class Fleet:
    def __init__(self, pods, seed=42):
        rng = random.Random(seed)
        self.pods = pods
        self.services = max(1, pods // 10)
        self.namespaces = max(1, self.services // 50)
        self.nodes = max(1, pods // NODES_PER_POD)
        self.callees = [set() for _ in range(self.services)]
        self.callers = [set() for _ in range(self.services)]
        for service in range(self.services):
            for _ in range(CALLS):
                other = rng.randrange(self.services)
                if other != service:
                    self.callees[service].add(other)
                    self.callers[other].add(service)
        self.place = [rng.randrange(self.nodes) for _ in range(pods)]

    def namespace(self, service):
        return f"ns{service % self.namespaces}"

    def name(self, service):
        return f"{self.namespace(service)}/svc{service}-6f8[ReplicaSet]"

    @property
    def edges(self):
        return sum(len(callees) for callees in self.callees)

    def connections(self):
        """What `reach` must answer between pods."""
        for service, callees in enumerate(self.callees):
            for other in callees:
                yield self.name(service), self.name(other)
        # Everybody may ask the first service's pods for names.
        for service in range(1, self.services):
            if 0 not in self.callees[service]:
                yield self.name(service), self.name(0)

    def write(self, folder):
        """Files of a few megabytes: `-f` takes a folder."""
        pieces = ["".join(f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ns{namespace}\n---\n"
                          for namespace in range(self.namespaces))]
        for service in range(self.services):
            pieces.append(SERVICE.format(namespace=self.namespace(service), service=service) + self.policy(service))
        for pod in range(self.pods):
            service = pod * self.services // self.pods
            pieces.append(POD.format(
                namespace=self.namespace(service), service=service, pod=pod, node=self.place[pod], tier=service % 3,
                privileged="true" if service % 50 == 7 else "false"))
        for number, start in enumerate(range(0, len(pieces), 5000)):
            (folder / f"{number:03}.yaml").write_text("".join(pieces[start:start + 5000]))

    def policy(self, service, extra="", without=None):
        """`extra` is one more rule of ingress; `without` a callee that is no longer let out to."""
        callers = "".join(self.peer(other) for other in sorted(self.callers[service]))
        callees = "".join(self.peer(other) for other in sorted(self.callees[service] - {without}))
        into = f"  - from:\n{callers}    ports:\n    - port: 8080\n" if callers else ""
        if service == 0:
            into += DNS_IN
        return POLICY.format(
            namespace=self.namespace(service), service=service, ingress=into + extra,
            egress=f"  - to:\n{callees}    ports:\n    - port: 8080\n" if callees else "")

    def peer(self, service):
        return PEER.format(namespace=self.namespace(service), service=service)


SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: svc{service}
  namespace: {namespace}
spec:
  selector:
    app: svc{service}
  ports:
  - port: 80
    targetPort: 8080
---
"""

POD = """apiVersion: v1
kind: Pod
metadata:
  name: svc{service}-6f8-{pod}
  namespace: {namespace}
  labels:
    app: svc{service}
    tier: t{tier}
    pod-template-hash: 6f8
  ownerReferences:
  - apiVersion: apps/v1
    kind: ReplicaSet
    name: svc{service}-6f8
    uid: u{service}
spec:
  nodeName: node{node}
  automountServiceAccountToken: false
  containers:
  - name: main
    image: registry.example/svc{service}:1.0
    ports:
    - containerPort: 8080
    securityContext:
      privileged: {privileged}
---
"""

POLICY = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: svc{service}
  namespace: {namespace}
spec:
  podSelector:
    matchLabels:
      app: svc{service}
  policyTypes: [Ingress, Egress]
  ingress:
{ingress}  egress:
  - to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: ns0
      podSelector:
        matchLabels:
          app: svc0
    ports:
    - port: 53
      protocol: UDP
{egress}---
"""

DNS_IN = """  - from:
    - namespaceSelector: {}
    ports:
    - port: 53
      protocol: UDP
"""

PEER = ("    - {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}, "
        "podSelector: {{matchLabels: {{app: svc{service}}}}}}}\n")
