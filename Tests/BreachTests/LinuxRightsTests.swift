import Diagnostics
import FleetModel
import IntentModel
import Testing

@testable import Breach

/// Rows that lie half in RBAC or in volumes behind claims.
@Suite struct LinuxRightsTests {
  static func fleet(
    _ verb: String, _ resource: String, roleWritten: Bool = true, cluster: Bool = true, enforce: String? = nil
  ) -> Fleet {
    var fleet = Fleet()
    let kind = cluster ? "ClusterRole" : "Role"
    let role = ObjectReference(kind: kind, namespace: cluster ? "" : "demo", name: "r")
    if roleWritten {
      var written = Role(id: role, location: LinuxFixture.location)
      written.rules = [PolicyRule(verbs: [verb], apiGroups: [""], resources: [resource])]
      fleet.roles = [written]
    }
    var binding = RoleBinding(
      id: ObjectReference(kind: kind + "Binding", namespace: cluster ? "" : "demo", name: "b"),
      location: LinuxFixture.location)
    (binding.roleKind, binding.roleName) = (kind, "r")
    binding.subjects = [Subject(kind: .serviceAccount, namespace: "demo", name: "default")]
    fleet.roleBindings = [binding]
    if let enforce {
      fleet.namespaces = [
        Namespace(
          name: "demo", labels: ["pod-security.kubernetes.io/enforce": enforce], location: LinuxFixture.location)
      ]
    }
    return fleet
  }

  static func pod(token: Bool, logs: Bool = false) -> PodSpec {
    var pod = LinuxFixture.hard()
    pod.automountServiceAccountToken = token
    if logs { LinuxCases.mounting("/var/log/pods")(&pod) }
    return pod
  }

  @Test func L19NeedsMountAndRight() {
    func outcome(_ fleet: Fleet, token: Bool = true, logs: Bool = true) -> Outcome {
      Outcome(LinuxFixture.assess("L19", Self.pod(token: token, logs: logs), NodeFacts(), fleet))
    }
    for resource in ["nodes/proxy", "nodes/log", "pods/log"] {
      #expect(outcome(Self.fleet("get", resource)) == .open)
    }
    #expect(outcome(Self.fleet("get", "nodes/proxy"), token: false) == .closed)
    #expect(outcome(Self.fleet("get", "nodes/proxy"), logs: false) == .closed)
    #expect(outcome(Self.fleet("get", "pods")) == .closed)
    #expect(outcome(Self.fleet("get", "nodes/proxy", roleWritten: false)) == .unknown)
  }

  @Test func L52NeedsAClusterRight() {
    func outcome(_ fleet: Fleet, token: Bool = true) -> Outcome {
      Outcome(LinuxFixture.assess("L52", Self.pod(token: token), NodeFacts(), fleet))
    }
    #expect(outcome(Self.fleet("create", "persistentvolumes")) == .open)
    #expect(outcome(Self.fleet("*", "*")) == .open)
    #expect(outcome(Self.fleet("create", "persistentvolumes"), token: false) == .closed)
    #expect(outcome(Self.fleet("create", "persistentvolumes", cluster: false)) == .closed)
    #expect(outcome(Self.fleet("get", "persistentvolumes")) == .closed)
    #expect(outcome(Self.fleet("create", "persistentvolumes", roleWritten: false)) == .unknown)
    #expect(outcome(Fleet()) == .closed)
  }

  @Test func L53IsStoppedByPodSecurity() {
    func outcome(_ fleet: Fleet) -> Outcome {
      Outcome(LinuxFixture.assess("L53", Self.pod(token: true), NodeFacts(), fleet))
    }
    #expect(outcome(Self.fleet("patch", "pods/ephemeralcontainers")) == .open)
    #expect(outcome(Self.fleet("update", "pods/ephemeralcontainers", cluster: false)) == .open)
    #expect(outcome(Self.fleet("patch", "pods/ephemeralcontainers", cluster: false, enforce: "privileged")) == .open)
    #expect(outcome(Self.fleet("patch", "pods/ephemeralcontainers", cluster: false, enforce: "baseline")) == .closed)
    // A right in all namespaces reaches one that enforces nothing.
    #expect(outcome(Self.fleet("patch", "pods/ephemeralcontainers", enforce: "baseline")) == .open)
    #expect(outcome(Self.fleet("get", "pods/ephemeralcontainers")) == .closed)
    #expect(outcome(Self.fleet("patch", "pods/ephemeralcontainers", roleWritten: false)) == .unknown)
  }

  static func storage(bound: Bool, byReference: Bool, storageClass: String?) -> Fleet {
    var volume = PersistentVolume(
      id: ObjectReference(kind: "PersistentVolume", namespace: "", name: "pv"), location: LinuxFixture.location)
    (volume.nodePath, volume.storageClass) = ("/var/lib/kubelet", storageClass)
    var claim = PersistentVolumeClaim(
      id: ObjectReference(kind: "PersistentVolumeClaim", namespace: "demo", name: "data"),
      location: LinuxFixture.location)
    claim.storageClass = "manual"
    if bound { claim.volumeName = "pv" }
    if byReference { volume.claim = claim.id }
    var fleet = Fleet()
    (fleet.persistentVolumes, fleet.claims) = ([volume], [claim])
    return fleet
  }

  @Test(
    arguments: [
      (true, false, String?.none, true), (false, true, nil, true), (false, false, "manual", true),
      (false, false, "other", false), (false, false, nil, false),
    ])
  func claimsOfNodeFoldersCountAsHostPaths(bound: Bool, reference: Bool, storageClass: String?, leads: Bool) {
    let fleet = Self.storage(bound: bound, byReference: reference, storageClass: storageClass)
    var pod = LinuxFixture.hard()
    LinuxCases.adding()(&pod)
    pod.volumes = [Volume(name: "v", source: .claim("data"))]
    pod.containers[0].mounts = [VolumeMount(volume: "v", path: "/data")]
    for code in ["L17", "L18"] {
      #expect(Outcome(LinuxFixture.assess(code, pod, NodeFacts(), fleet)) == (leads ? .open : .closed))
    }
    #expect(Outcome(LinuxFixture.assess("L17", pod)) == .closed)
  }

  @Test func claimTemplatesCountToo() {
    var fleet = Self.storage(bound: true, byReference: false, storageClass: nil)
    fleet.claims[0].id.name = "data-app-0"
    var pod = LinuxFixture.hard()
    LinuxCases.adding()(&pod)
    pod.containers[0].mounts = [VolumeMount(volume: "data", path: "/data")]
    var workload = LinuxFixture.workload(pod, kind: "StatefulSet")
    workload.claimTemplates = ["data"]
    #expect(Outcome(LinuxFixture.assess("L17", workload, NodeFacts(), fleet)) == .open)
    workload.claimTemplates = ["other"]
    #expect(Outcome(LinuxFixture.assess("L17", workload, NodeFacts(), fleet)) == .closed)
  }

  @Test func L21IsStoppedByANetworkPolicy() {
    var policy = NetworkPolicy(
      id: ObjectReference(kind: "NetworkPolicy", namespace: "demo", name: "deny"), location: LinuxFixture.location)
    policy.governsEgress = true
    func outcome(_ rules: [NetworkPolicy.Rule], hostNetwork: Bool = false) -> Outcome {
      var fleet = Fleet()
      policy.egress = rules
      fleet.networkPolicies = [policy]
      var pod = LinuxFixture.hard()
      pod.hostNetwork = hostNetwork
      return Outcome(LinuxFixture.assess("L21", pod, NodeFacts(), fleet))
    }
    let pods = NetworkPolicy.Peer.pods(namespaces: nil, pods: LabelSelector())
    let all = NetworkPolicy.Peer.block(cidr: "0.0.0.0/0", except: [])
    #expect(outcome([]) == .closed)
    #expect(outcome([], hostNetwork: true) == .unknown)
    #expect(outcome([.init(peers: [pods])]) == .closed)
    #expect(outcome([.init(peers: [all])]) == .unknown)
    #expect(outcome([.init(peers: [all], ports: [.init(number: .range(2000, 3000))])]) == .unknown)
    #expect(outcome([.init(peers: [all], ports: [.init(number: .range(443, 443))])]) == .closed)
  }
}
