import Diagnostics
import FleetModel
import Intake
import Testing

struct PodFieldTests {
  private func pod(_ spec: String, _ container: String = "") throws -> (pod: PodSpec, result: IntakeResult) {
    let result = try Support.read(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n\(spec.indented(2))\n  containers:\n  - name: c\n"
        + container.indented(4) + "\n")
    return (try #require(result.fleet.workloads.first).pod, result)
  }

  @Test(arguments: [
    ("{httpGet: {port: 80}}", Probe.Action.http(host: nil, port: .number(80), path: "/", scheme: "HTTP")),
    (
      "{httpGet: {port: web, host: h, path: /x, scheme: HTTPS}}",
      .http(host: "h", port: .named("web"), path: "/x", scheme: "HTTPS")
    ),
    ("{httpGet: {port: '80'}}", .http(host: nil, port: .number(80), path: "/", scheme: "HTTP")),
    ("{tcpSocket: {port: 1, host: 127.0.0.1}}", .tcp(host: "127.0.0.1", port: .number(1))),
    ("{grpc: {port: 5}}", .grpc(port: 5)), ("{exec: {command: [a, b]}}", .exec(["a", "b"])),
    ("{sleep: {seconds: 5}}", .sleep),
  ])
  func handlers(_ text: String, _ action: Probe.Action) throws {
    let made = try pod("", "readinessProbe: \(text)\nlifecycle: {preStop: \(text), postStart: \(text)}")
    let container = made.pod.containers[0]
    #expect(container.readinessProbe?.action == action && container.preStop?.action == action)
    #expect(container.postStart == container.preStop && container.handlers.count == 3 && container.hasReadinessProbe)
    #expect(made.result.findings.isEmpty)
  }

  @Test func timesAndDefaultsOfProbes() throws {
    let made = try pod(
      "",
      "livenessProbe: {grpc: {port: 1}, initialDelaySeconds: 3, periodSeconds: 0, timeoutSeconds: 4, "
        + "failureThreshold: 9}\n"
        + "startupProbe: {grpc: {port: 1}}\nreadinessProbe: {periodSeconds: 1}")
    let container = made.pod.containers[0]
    var expected = Probe(action: .grpc(port: 1))
    #expect(container.startupProbe == expected && container.readinessProbe == nil)
    (expected.initialDelaySeconds, expected.timeoutSeconds, expected.failureThreshold) = (3, 4, 9)
    #expect(container.livenessProbe == expected)
    #expect(made.result.findings.map(\.code) == ["BH-INTAKE-005"])
  }

  @Test func everythingAPodSays() throws {
    let made = try pod(
      """
      serviceAccountName: ""
      nodeSelector: {a: b}
      priorityClassName: high
      restartPolicy: Never
      dnsPolicy: Default
      terminationGracePeriodSeconds: 30
      os: {name: windows}
      securityContext:
        seLinuxOptions: {user: u, role: r, type: t, level: l}
        appArmorProfile: {type: Localhost, localhostProfile: p}
        windowsOptions: {hostProcess: true, runAsUserName: SYSTEM}
        seccompProfile: {type: Localhost, localhostProfile: q}
      initContainers: [{name: side, restartPolicy: Always}]
      ephemeralContainers: [{name: debug, image: x, envFrom: [{configMapRef: {name: m}}]}]
      """,
      """
      envFrom: [{secretRef: {name: s}}, {configMapRef: {name: m}}]
      env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: B, valueFrom: {fieldRef: {fieldPath: x}}}]
      ports: [{containerPort: 1, hostPort: 2, hostIP: 127.0.0.1}]
      volumeDevices: [{name: v, devicePath: /dev/x}, {name: w}]
      resources: {limits: {nvidia.com/gpu: 1, ephemeral-storage: 1Ki, cpu: 1}, requests: {x/y: "2"}}
      securityContext:
        capabilities: {add: [CAP_SYS_ADMIN, net_raw], drop: [all]}
        seLinuxOptions: {type: spc_t}
        appArmorProfile: {type: Unconfined}
        windowsOptions: {hostProcess: false}
      """)
    let pod = made.pod
    #expect(pod.serviceAccount == "default" && pod.nodeSelector == ["a": "b"] && pod.priorityClassName == "high")
    #expect(pod.restartPolicy == "Never" && pod.dnsPolicy == "Default" && pod.terminationGracePeriodSeconds == 30)
    #expect(pod.operatingSystem == "windows")
    let context = pod.securityContext
    #expect(context.seLinux == SELinuxOptions(user: "u", role: "r", type: "t", level: "l"))
    #expect(context.appArmor == .localhost("p") && context.seccomp == .localhost("q"))
    #expect(context.windowsHostProcess == true && context.windowsUser == "SYSTEM")
    #expect(pod.allContainers.map(\.name) == ["side", "c", "debug"] && pod.initContainers[0].restartPolicy == "Always")
    let container = pod.containers[0]
    #expect(container.secretImports == ["s"] && container.volumeDevices == [VolumeDevice(volume: "v", path: "/dev/x")])
    #expect(container.environment.map(\.source) == [.secret(name: "s", key: "k"), .opaque("fieldRef")])
    #expect(container.ports[0].hostIP == "127.0.0.1" && container.resources.ephemeralStorageLimitBytes == 1024)
    #expect(container.resources.extended == ["nvidia.com/gpu": "1", "x/y": "2"])
    let own = container.securityContext
    #expect(own.addedCapabilitiesAsWritten == ["CAP_SYS_ADMIN", "net_raw"])
    #expect(own.droppedCapabilitiesAsWritten == ["all"])
    #expect(own.addedCapabilities == ["SYS_ADMIN", "NET_RAW"] && own.droppedCapabilities == ["ALL"])
    #expect(own.seLinux?.type == "spc_t" && own.appArmor == .unconfined && own.windowsHostProcess == false)
    #expect(made.result.findings.map(\.code) == ["BH-INTAKE-005"])
  }

  @Test(arguments: [
    ("projected: {sources: []}", Volume.Source.projected(Projection()), ["projected"]),
    ("downwardAPI: {items: []}", .downwardAPI, ["downwardAPI"]),
    ("csi: {driver: d, readOnly: true}", .csi(driver: "d", readOnly: true), ["csi"]),
    ("ephemeral: {volumeClaimTemplate: {}}", .ephemeral, ["ephemeral"]),
    ("gitRepo: {repository: r}", .gitRepo(repository: "r"), ["gitRepo"]),
    ("iscsi: {}", .other("iscsi"), ["iscsi"]),
    ("emptyDir: {}, hostPath: {path: /x}", .hostPath(path: "/x", type: ""), ["emptyDir", "hostPath"]),
    ("emptyDir: null", .emptyDir(memory: false, sizeLimitBytes: nil), ["emptyDir"]),
  ])
  func volumes(_ text: String, _ source: Volume.Source, _ keys: [String]) throws {
    let made = try pod("volumes: [{name: v, \(text)}]")
    #expect(made.pod.volumes.map(\.source) == [source] && made.pod.volumes.map(\.sourceKeys) == [keys])
    #expect(made.result.findings.count == keys.count - 1)
  }

  @Test func projections() throws {
    let made = try pod(
      """
      volumes:
      - name: v
        projected:
          sources:
          - {serviceAccountToken: {path: token}}
          - {serviceAccountToken: {path: vault, audience: vault, expirationSeconds: 600}}
          - {configMap: {name: m}}
          - {secret: {name: s}}
          - {downwardAPI: {items: []}}
      """)
    guard case .projected(let projection) = made.pod.volumes[0].source else { Issue.record("no projection"); return }
    #expect(
      projection.tokens == [
        .init(audience: "", expirationSeconds: 3600, path: "token"),
        .init(audience: "vault", expirationSeconds: 600, path: "vault"),
      ])
    #expect(projection.configMaps == ["m"] && projection.secrets == ["s"])
  }

  @Test func importsReachEveryKindOfContainer() throws {
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {K: v}}\n---\n"
    let source = "envFrom: [{configMapRef: {name: m}, prefix: P_}]"
    let result = try Support.read(
      map
        + Support.deployment(
          "a", pod: "initContainers: [{name: i, \(source)}]\nephemeralContainers: [{name: e, \(source)}]",
          container: source))
    let pod = result.fleet.workloads[0].pod
    #expect(pod.allContainers.map { $0.environment.map(\.name) } == [["P_K"], ["P_K"], ["P_K"]])
  }

  @Test func whatOneKindAloneHas() throws {
    let template = "template: {spec: {containers: [{name: c}]}}"
    let fleet = try Support.read(
      """
      {apiVersion: batch/v1, kind: Job, metadata: {name: job}, spec: {parallelism: 3, \(template)}}
      ---
      apiVersion: batch/v1
      kind: CronJob
      metadata: {name: cron}
      spec: {jobTemplate: {spec: {parallelism: 2, \(template)}}}
      ---
      apiVersion: v1
      kind: ReplicationController
      metadata: {name: rc, annotations: {a: b}}
      spec: {replicas: 4, \(template)}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: set}
      spec: {serviceName: s, volumeClaimTemplates: [{metadata: {name: data}}], \(template)}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: pod, ownerReferences: [{kind: ReplicaSet, name: gone}, {kind: Job, name: gone}]}
      spec: {containers: [{name: c}]}
      status: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}
      ---
      {apiVersion: batch/v1, kind: CronJob, metadata: {name: hollow}, spec: {schedule: x}}
      """)
    let byName = Dictionary(uniqueKeysWithValues: fleet.fleet.workloads.map { ($0.id.name, $0) })
    #expect(byName["job"]?.replicas == 3 && byName["cron"]?.replicas == 2 && byName["rc"]?.replicas == 4)
    #expect(byName["job"]?.runsToCompletion == true && byName["cron"]?.runsToCompletion == true)
    #expect(byName["rc"]?.annotations == ["a": "b"])
    #expect(byName["set"]?.serviceName == "s" && byName["set"]?.claimTemplates == ["data"])
    #expect(byName["pod"]?.addresses == ["10.0.0.1", "fd00::1"])
    #expect(byName["pod"]?.firstOwner == ObjectReference(kind: "ReplicaSet", namespace: "default", name: "gone"))
    #expect(fleet.findings.map(\.code) == ["BH-INTAKE-009"])
  }

  @Test func servicesSayHowTheyAreReached() throws {
    let fleet = try Support.read(
      """
      apiVersion: v1
      kind: Service
      metadata: {name: s, annotations: {a: b}}
      spec: {type: ExternalName, externalName: example.com, externalIPs: [192.0.2.1]}
      """
    ).fleet
    #expect(fleet.services[0].externalName == "example.com" && fleet.services[0].externalIPs == ["192.0.2.1"])
    #expect(fleet.services[0].annotations == ["a": "b"])
  }
}
