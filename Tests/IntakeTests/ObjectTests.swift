import Diagnostics
import FleetModel
import Foundation
import Intake
import Testing

struct ObjectTests {
  @Test func readsEveryFieldOfAPod() throws {
    let fleet = try Support.read(
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: p, labels: {a: b}, annotations: {n: "1"}}
      spec:
        serviceAccountName: sa
        automountServiceAccountToken: false
        hostNetwork: true
        hostPID: true
        hostIPC: true
        shareProcessNamespace: true
        hostUsers: false
        runtimeClassName: kata
        nodeName: n1
        hostname: h
        subdomain: s
        securityContext:
          runAsUser: 1
          runAsGroup: 2
          runAsNonRoot: true
          fsGroup: 3
          supplementalGroups: [4, 5]
          seccompProfile: {type: Unconfined}
          sysctls: [{name: net.core.somaxconn, value: "1024"}]
        initContainers: [{name: i, image: init:1}]
        containers:
        - name: c
          image: main:1
          command: [a, b]
          args: [c]
          workingDir: /w
          env:
          - {name: A, value: "1"}
          - {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}
          - {name: C, valueFrom: {configMapKeyRef: {name: m, key: k}}}
          - {name: D}
          ports: [{name: web, containerPort: 80, hostPort: 8080, protocol: UDP}]
          securityContext:
            privileged: true
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {add: [cap_net_admin], drop: [ALL]}
            seccompProfile: {type: RuntimeDefault}
            procMount: Unmasked
          resources: {limits: {cpu: 1.5, memory: 64Mi}, requests: {cpu: 100m, memory: 1e6}}
          volumeMounts: [{name: v, mountPath: /v, readOnly: true, subPath: s, mountPropagation: Bidirectional}]
          readinessProbe: {tcpSocket: {port: 80}}
        volumes:
        - {name: v, hostPath: {path: /, type: Directory}}
        - {name: e, emptyDir: {medium: Memory, sizeLimit: 1Ki}}
        - {name: m, configMap: {name: m}}
        - {name: s, secret: {secretName: s}}
        - {name: p, projected: {sources: []}}
        - {name: c, persistentVolumeClaim: {claimName: c}}
        - {name: n, nfs: {server: x, path: /}}
        - name: z
          emptyDir:
      """
    ).fleet
    let workload = try #require(fleet.workloads.first)
    #expect(workload.id == ObjectReference(kind: "Pod", namespace: "default", name: "p"))
    #expect(workload.podLabels == ["a": "b"] && workload.podAnnotations == ["n": "1"])
    let pod = workload.pod
    #expect(pod.hostNetwork && pod.hostPID && pod.hostIPC && pod.shareProcessNamespace && pod.hostUsers == false)
    #expect(pod.serviceAccount == "sa" && pod.automountServiceAccountToken == false)
    #expect([pod.runtimeClassName, pod.nodeName, pod.hostname, pod.subdomain] == ["kata", "n1", "h", "s"])
    #expect(pod.securityContext.supplementalGroups == [4, 5] && pod.securityContext.seccomp == .unconfined)
    #expect(pod.securityContext.sysctls == ["net.core.somaxconn": "1024"])
    let container = pod.containers[0]
    #expect(container.command == ["a", "b"] && container.args == ["c"] && container.workingDir == "/w")
    #expect(
      container.environment.map(\.source) == [
        .literal("1"), .secret(name: "s", key: "k"), .configMap(name: "m", key: "k"), .literal(""),
      ])
    #expect(container.ports == [ContainerPort(name: "web", port: 80, hostPort: 8080, transport: .udp)])
    #expect(container.securityContext.addedCapabilities == ["NET_ADMIN"])
    #expect(container.securityContext.seccomp == .runtimeDefault && container.securityContext.procMount == "Unmasked")
    #expect(container.resources.cpuLimitMilli == 1500 && container.resources.memoryLimitBytes == 67_108_864)
    #expect(container.resources.cpuRequestMilli == 100 && container.resources.memoryRequestBytes == 1_000_000)
    #expect(container.hasReadinessProbe && !container.hasLivenessProbe)
    #expect(container.mounts[0].propagation == "Bidirectional" && container.mounts[0].subPath == "s")
    #expect(
      pod.volumes.map(\.source) == [
        .hostPath(path: "/", type: "Directory"), .emptyDir(memory: true, sizeLimitBytes: 1024), .configMap("m"),
        .secret("s"), .projected(Projection()), .claim("c"), .other("nfs"),
        .emptyDir(memory: false, sizeLimitBytes: nil),
      ])
  }

  @Test(arguments: ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"])
  func readsEveryControllerKind(_ kind: String) throws {
    let version = ["Job": "batch/v1", "ReplicationController": "v1"][kind] ?? "apps/v1"
    let result = try Support.read(
      Support.deployment("a").replacingOccurrences(of: "kind: Deployment", with: "kind: \(kind)")
        .replacingOccurrences(of: "apps/v1", with: version))
    #expect(result.fleet.workloads.map(\.id.kind) == [kind])
    #expect(result.findings.isEmpty)
  }

  @Test func appliesNetworkPolicyDefaults() throws {
    let fleet = try Support.read(
      """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: n}
      spec:
        podSelector: {matchLabels: {b: "2", a: "1"}}
        egress:
        - to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]
          ports: [{port: 1, endPort: 9}, {port: web, protocol: SCTP}, {protocol: UDP}]
      """
    ).fleet
    let policy = try #require(fleet.networkPolicies.first)
    #expect(policy.governsIngress && policy.governsEgress && policy.ingress.isEmpty)
    #expect(policy.podSelector.requirements.map(\.key) == ["a", "b"])
    #expect(policy.egress[0].peers == [.block(cidr: "10.0.0.0/8", except: ["10.1.0.0/16"])])
    #expect(
      policy.egress[0].ports == [
        .init(number: .range(1, 9)), .init(transport: .sctp, number: .named("web")),
        .init(transport: .udp, number: .all),
      ])
  }

  @Test func unwrapsListsAndStreams() throws {
    let items = #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}}"#
    let typed = #"{"kind":"NamespaceList","apiVersion":"v1","items":[{"metadata":{"name":"b"}}]}"#
    let list = #"{"kind":"List","apiVersion":"v1","items":[\#(items),\#(typed)]}"#
    let next = #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"c","annotations":{"x":"{}"}}}"#
    let result = try Support.read("\(list)\n\(next)\(items.replacingOccurrences(of: "\"a\"", with: "\"d\""))")
    #expect(result.fleet.namespaces.map(\.name) == ["a", "b", "c", "d"])
    #expect(result.documents == 3 && result.findings.isEmpty)
    #expect(result.fleet.namespaces.map(\.location.line) == [1, 1, 2, 2])
  }

  @Test func aKindOfAnotherGroupIsNotTheKubernetesOne() throws {
    let result = try Support.read("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n")
    #expect(result.fleet.services.isEmpty)
    #expect(result.findings.map(\.severity) == [.info])
    #expect(result.marks == ["BH-INTAKE-004 1"])
  }

  @Test func theLastOfTwoDefinitionsCounts() throws {
    let result = try Support.read(Support.service("a", ports: [1]) + Support.service("a", ports: [2]))
    #expect(result.fleet.services.flatMap(\.ports).map(\.port) == [2])
    #expect(result.findings.contains { $0.code == "BH-INTAKE-006" && $0.location?.line == 10 })
  }

  @Test func ownedPodsGiveWayToTheirOwner() throws {
    func owned(_ kind: String, _ name: String, by owner: String, _ ownerName: String) -> String {
      let spec = kind == "Pod" ? "{containers: [{name: c}]}" : "{template: {spec: {containers: [{name: c}]}}}"
      return """
        apiVersion: \(kind == "Pod" ? "v1" : "apps/v1")
        kind: \(kind)
        metadata: {name: \(name), ownerReferences: [{kind: \(owner), name: \(ownerName)}]}
        spec: \(spec)
        ---

        """
    }
    let chain =
      Support.deployment("d") + owned("ReplicaSet", "d-1", by: "Deployment", "d")
      + owned("Pod", "d-1-x", by: "ReplicaSet", "d-1") + owned("Pod", "lost", by: "Job", "j")
    #expect(try Support.read(chain).fleet.workloads.map(\.id.name) == ["d", "lost"])
    let circle = owned("ReplicaSet", "a", by: "ReplicaSet", "b") + owned("ReplicaSet", "b", by: "ReplicaSet", "a")
    let result = try Support.read(circle)
    #expect(result.fleet.workloads.count == 2)
    #expect(result.findings.map(\.code) == ["BH-INTAKE-010"])
  }

  @Test func mergeKeysAndAliasesWork() throws {
    let result = try Support.read(
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: p}
      spec:
        containers:
        - &base {name: a, image: x, env: [{name: A, value: &v one}]}
        - {<<: *base, name: b}
        - {name: c, image: *v}
      """)
    let containers = try #require(result.fleet.workloads.first).pod.containers
    #expect(containers.map(\.name) == ["a", "b", "c"])
    #expect(containers.map(\.image) == ["x", "x", "one"])
    #expect(result.findings.isEmpty)
  }
}
