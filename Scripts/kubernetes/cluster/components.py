"""What each part of the cluster is started with."""
import json
import pathlib
import resource

from . import layout

KEYS = layout.INSIDE / "keys"
CONFIGURATION = layout.INSIDE / "configuration"
RUNTIME = "/run/containerd/containerd.sock"
PAUSE = "bulkhead.test/pause:1"


def pair(prefix, name, between="-"):
  return [f"--{prefix}cert{between}file={KEYS}/{name}.crt", f"--{prefix}key{between}file={KEYS}/{name}.key"]


def etcd():
  client, peer = "https://127.0.0.1:2379", "https://127.0.0.1:2380"
  return [
    "etcd", "--name=node", "--data-dir=/var/lib/etcd", f"--listen-client-urls={client}",
    f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
    f"--initial-cluster=node={peer}", *pair("", "etcd"), *pair("peer-", "etcd"), "--client-cert-auth",
    "--peer-client-cert-auth", f"--trusted-ca-file={KEYS}/ca.crt", f"--peer-trusted-ca-file={KEYS}/ca.crt",
    "--logger=zap", "--log-level=warn",
  ]


def apiserver():
  issuer = f"https://kubernetes.default.svc.{layout.DOMAIN}"
  return [
    "kube-apiserver", f"--advertise-address={layout.NODE_ADDRESS}", f"--secure-port={layout.API_PORT}",
    "--etcd-servers=https://127.0.0.1:2379", f"--etcd-cafile={KEYS}/ca.crt", f"--etcd-certfile={KEYS}/etcd-client.crt",
    f"--etcd-keyfile={KEYS}/etcd-client.key", f"--client-ca-file={KEYS}/ca.crt",
    f"--tls-cert-file={KEYS}/apiserver.crt", f"--tls-private-key-file={KEYS}/apiserver.key",
    "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
    f"--service-cluster-ip-range={layout.SERVICE_NETWORK}", f"--service-account-issuer={issuer}",
    f"--service-account-key-file={KEYS}/service-account.pub",
    f"--service-account-signing-key-file={KEYS}/service-account.key",
    f"--kubelet-client-certificate={KEYS}/apiserver-kubelet.crt",
    f"--kubelet-client-key={KEYS}/apiserver-kubelet.key", f"--kubelet-certificate-authority={KEYS}/ca.crt",
    "--kubelet-preferred-address-types=InternalIP", f"--requestheader-client-ca-file={KEYS}/front-proxy-ca.crt",
    "--requestheader-allowed-names=front-proxy-client", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    "--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User",
    f"--proxy-client-cert-file={KEYS}/front-proxy.crt", f"--proxy-client-key-file={KEYS}/front-proxy.key",
    "--cert-dir=/run/apiserver", "--profiling=false", f"--audit-policy-file={CONFIGURATION}/audit.json",
    f"--audit-log-path={layout.INSIDE}/logs/audit.log", "--audit-log-maxsize=50", "--audit-log-maxbackup=1",
  ]


def audit_policy():
  """What Bulkhead's own accounts ask for, and nothing else: tests compare it with the rights that they have."""
  return {
    "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts:bulkhead"]}, {"level": "None"}],
  }


def controller_manager():
  return [
    "kube-controller-manager", f"--kubeconfig={CONFIGURATION}/controller-manager.kubeconfig",
    "--leader-elect=false", "--use-service-account-credentials", f"--root-ca-file={KEYS}/ca.crt",
    f"--service-account-private-key-file={KEYS}/service-account.key", f"--cluster-signing-cert-file={KEYS}/ca.crt",
    f"--cluster-signing-key-file={KEYS}/ca.key", "--controllers=*,-nodeipam",
    f"--service-cluster-ip-range={layout.SERVICE_NETWORK}", "--bind-address=127.0.0.1", "--port=0",
    "--cert-dir=/run/controller-manager", "--profiling=false",
    "--node-monitor-grace-period=20s", "--node-monitor-period=1s",
    "--flex-volume-plugin-dir=/var/lib/kubelet/volumeplugins",
  ]


def scheduler():
  return [
    "kube-scheduler", f"--kubeconfig={CONFIGURATION}/scheduler.kubeconfig", "--leader-elect=false",
    "--bind-address=127.0.0.1", "--port=0", "--cert-dir=/run/scheduler", "--profiling=false",
  ]


def containerd():
  return ["containerd", f"--config={CONFIGURATION}/containerd.toml", "--log-level=warn"]


def kubelet():
  return [
    "kubelet", f"--config={CONFIGURATION}/kubelet.json", f"--kubeconfig={CONFIGURATION}/kubelet.kubeconfig",
    "--container-runtime=remote", f"--container-runtime-endpoint=unix://{RUNTIME}",
    f"--hostname-override={layout.NODE}", f"--node-ip={layout.NODE_ADDRESS}", f"--pod-infra-container-image={PAUSE}",
    "--cert-dir=/run/kubelet",
  ]


def proxy():
  return ["kube-proxy", f"--config={CONFIGURATION}/proxy.json"]


def resolver():
  return [
    "dnsmasq", "--keep-in-foreground", "--user=root", "--no-resolv", "--no-hosts", "--bind-interfaces",
    f"--listen-address={layout.NODE_ADDRESS}", f"--local=/{layout.DOMAIN}/", "--local-ttl=1", "--no-negcache",
    "--addn-hosts=/run/resolver/hosts", "--pid-file=/run/resolver/pid", "--dhcp-script=/bin/false",
    "--conf-file=/dev/null", "--log-facility=-",
  ]


def open_files():
  return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def kubelet_configuration():
  return {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "authentication": {
      "anonymous": {"enabled": False},
      "webhook": {"enabled": True},
      "x509": {"clientCAFile": f"{KEYS}/ca.crt"},
    },
    "authorization": {"mode": "Webhook"},
    "tlsCertFile": f"{KEYS}/kubelet-server.crt",
    "tlsPrivateKeyFile": f"{KEYS}/kubelet-server.key",
    # Containers lie directly under the cluster's own cgroup: no tiers to set up, none to leave behind.
    "cgroupDriver": "cgroupfs",
    "cgroupsPerQOS": False,
    "enforceNodeAllocatable": [],
    "clusterDNS": [layout.DNS_SERVICE],
    "clusterDomain": layout.DOMAIN,
    "resolvConf": f"{CONFIGURATION}/resolv.conf",
    "failSwapOn": False,
    # A full disk of the machine is no reason to throw away images that cannot be pulled again, nor pods.
    "evictionHard": {"memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%"},
    "imageGCHighThresholdPercent": 100,
    "imageGCLowThresholdPercent": 99,
    "maxPods": 200,
    "maxOpenFiles": open_files(),
    "oomScoreAdj": 0,  # lowering it needs a right that machines may lack
    "nodeStatusUpdateFrequency": "2s",
    "eventRecordQPS": 0,
    "containerLogMaxSize": "5Mi",
    "volumePluginDir": "/var/lib/kubelet/volumeplugins",
  }


def proxy_configuration():
  return {
    "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
    "kind": "KubeProxyConfiguration",
    "mode": "iptables",
    "clientConnection": {"kubeconfig": f"{CONFIGURATION}/proxy.kubeconfig"},
    "clusterCIDR": layout.POD_NETWORK,
    "hostnameOverride": layout.NODE,
    "iptables": {"minSyncPeriod": "100ms"},
    # The size of the table of connections belongs to the whole machine.
    "conntrack": {"maxPerCore": 0, "min": 0},
    "oomScoreAdj": 0,
  }


def network_configuration():
  return {
    "cniVersion": "0.4.0",
    "name": "bulkhead",
    "plugins": [
      {
        "type": "bridge", "bridge": "pods", "isGateway": True, "hairpinMode": True,
        "ipam": {
          "type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": layout.NODE_PODS}]],
          "routes": [{"dst": "0.0.0.0/0"}],
        },
      },
      {"type": "portmap", "capabilities": {"portMappings": True}},
    ],
  }


def runtime_configuration(snapshotter):
  return f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt",
]
[grpc]
  address = "{RUNTIME}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{snapshotter}"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{CONFIGURATION}/cni"
"""


def write_all(folder: pathlib.Path, snapshotter):
  (folder / "cni").mkdir(exist_ok=True)
  (folder / "cni" / "10-bulkhead.conflist").write_text(json.dumps(network_configuration()))
  (folder / "audit.json").write_text(json.dumps(audit_policy()))
  (folder / "kubelet.json").write_text(json.dumps(kubelet_configuration()))
  (folder / "proxy.json").write_text(json.dumps(proxy_configuration()))
  (folder / "containerd.toml").write_text(runtime_configuration(snapshotter))
  (folder / "snapshotter").write_text(snapshotter)
  (folder / "resolv.conf").write_text("")  # the world has no uplink, and so no resolver beyond its own
