import Diagnostics
import FleetModel
import Intake
import Testing

struct OperationsTests {
  @Test(arguments: [
    ("policy/v1", "{selector: {matchLabels: {app: a}}, minAvailable: 50%}", false, CountOrPercent.percent(50), nil, 0),
    ("policy/v1", "{selector: {}, maxUnavailable: 0}", false, nil, CountOrPercent.count(0), 0),
    ("policy/v1", "{maxUnavailable: 1}", true, nil, .count(1), 1),
    ("policy/v1beta1", "{selector: {}, maxUnavailable: 1}", true, nil, .count(1), 1),
    ("policy/v1", "{selector: {}, minAvailable: half}", false, nil, nil, 1),
    ("policy/v1", "{selector: {}, minAvailable: 120%}", false, nil, nil, 1),
    ("policy/v1", "{selector: {}, minAvailable: 1, maxUnavailable: 1}", false, .count(1), .count(1), 1),
    ("policy/v1", "{selector: {matchLabels: {app: z}}, minAvailable: 1}", false, .count(1), nil, 1),
  ])
  func disruptionBudgets(
    _ version: String, _ spec: String, _ selectsNothing: Bool, _ minimum: CountOrPercent?, _ maximum: CountOrPercent?,
    _ findings: Int
  ) throws {
    let result = try Support.read(
      Support.deployment("a")
        + "{apiVersion: \(version), kind: PodDisruptionBudget, metadata: {name: p}, spec: \(spec)}")
    let budget = try #require(result.fleet.disruptionBudgets.first)
    #expect((budget.selector == nil) == selectsNothing)
    #expect(budget.minAvailable == minimum && budget.maxUnavailable == maximum)
    #expect(result.findings.count == findings, "\(result.marks)")
  }

  @Test(arguments: [
    ("v1", "minReplicas: 2, maxReplicas: 9, targetCPUUtilizationPercentage: 70", 2, 9, ["Resource cpu"]),
    ("v2", "maxReplicas: 3", 1, 3, ["Resource cpu"]),
    (
      "v2",
      "maxReplicas: 3, metrics: [{type: Resource, resource: {name: memory, target: {type: Utilization}}}, "
        + "{type: ContainerResource, containerResource: {name: cpu, container: main}}, "
        + "{type: Pods, pods: {metric: {name: rps}}}, {type: Object, object: {metric: {name: queue}}}, "
        + "{type: External, external: {metric: {name: lag}}}]", 1, 3,
      ["Resource memory", "ContainerResource cpu main", "Pods rps", "Object queue", "External lag"]
    ),
    ("v2beta1", "maxReplicas: 3, metrics: [{type: Pods, pods: {metricName: rps}}]", 1, 3, ["Pods rps"]),
  ])
  func autoscalers(_ version: String, _ body: String, _ least: Int, _ most: Int, _ metrics: [String]) throws {
    let result = try Support.read(
      Support.deployment("a")
        + "{apiVersion: autoscaling/\(version), kind: HorizontalPodAutoscaler, metadata: {name: h}, "
        + "spec: {scaleTargetRef: {kind: Deployment, name: a}, \(body)}}")
    let scaler = try #require(result.fleet.autoscalers.first)
    #expect(scaler.target == ObjectReference(kind: "Deployment", namespace: "default", name: "a"))
    #expect(scaler.minReplicas == least && scaler.maxReplicas == most)
    let texts = scaler.metrics.map { "\($0.type) \($0.name)" + ($0.container.map { " \($0)" } ?? "") }
    #expect(texts == metrics)
    #expect(result.findings.isEmpty)
  }

  @Test func anAutoscalerWithoutTarget() throws {
    func read(_ spec: String) throws -> IntakeResult {
      try Support.read(
        Support.service("x")
          + "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: \(spec)}")
    }
    #expect(try read("{maxReplicas: 2}").findings.contains { $0.code == "BH-INTAKE-009" })
    let missing = try read("{maxReplicas: 2, scaleTargetRef: {kind: Deployment, name: z}}")
    #expect(missing.findings.contains { $0.code == "BH-INTAKE-013" && $0.severity == .low })
  }

  @Test func ingressesOldAndNew() throws {
    let result = try Support.read(
      """
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: {name: i, annotations: {kubernetes.io/ingress.class: nginx, a: b}}
      spec:
        defaultBackend: {service: {name: d, port: {name: web}}}
        tls: [{secretName: t, hosts: [x]}, {hosts: [y]}]
        rules:
        - host: a.example.com
          http:
            paths:
            - {path: /x, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}
            - {path: /y, backend: {resource: {kind: Bucket, name: b}}}
            - {path: /z}
        - {http: {paths: [{backend: {service: {name: t, port: {number: 1}}}}]}}
      ---
      apiVersion: extensions/v1beta1
      kind: Ingress
      metadata: {name: old}
      spec:
        ingressClassName: haproxy
        backend: {serviceName: d, servicePort: web}
        rules: [{host: h, http: {paths: [{backend: {serviceName: s, servicePort: 8080}}]}}]
      """)
    let (new, old) = (result.fleet.ingresses[0], result.fleet.ingresses[1])
    #expect(new.className == "nginx" && new.tlsSecrets == ["t"] && new.annotations["a"] == "b")
    #expect(
      new.backends == [
        .init(host: "", path: "", service: "d", port: .named("web")),
        .init(host: "a.example.com", path: "/x", service: "s", port: .number(80)),
        .init(host: "", path: "", service: "t", port: .number(1)),
      ])
    #expect(old.className == "haproxy")
    #expect(
      old.backends == [
        .init(host: "", path: "", service: "d", port: .named("web")),
        .init(host: "h", path: "", service: "s", port: .number(8080)),
      ])
    #expect(result.findings.map(\.code) == ["BH-INTAKE-005"])
  }

  @Test func webhooks() throws {
    let fleet = try Support.read(
      """
      apiVersion: admissionregistration.k8s.io/v1
      kind: MutatingWebhookConfiguration
      metadata: {name: m, labels: {a: b}}
      webhooks:
      - name: one.example.com
        failurePolicy: Ignore
        reinvocationPolicy: IfNeeded
        clientConfig: {service: {name: s, namespace: shop, port: 9443}, caBundle: x}
        namespaceSelector: {matchLabels: {in: "yes"}}
        objectSelector: {matchExpressions: [{key: k, operator: DoesNotExist}]}
        rules: [{resources: [pods, deployments]}, {resources: [pods, "*"]}]
      - {name: two.example.com, clientConfig: {url: "https://x/"}}
      ---
      apiVersion: admissionregistration.k8s.io/v1beta1
      kind: ValidatingWebhookConfiguration
      metadata: {name: v}
      webhooks: [{name: three}]
      """
    ).fleet
    let (mutating, validating) = (fleet.webhooks[0], fleet.webhooks[1])
    #expect(mutating.mutates && !validating.mutates && mutating.labels == ["a": "b"])
    let one = mutating.webhooks[0]
    #expect(one.service?.description == "shop/s[Service]" && one.port == 9443 && one.failurePolicy == "Ignore")
    #expect(one.reinvocationPolicy == "IfNeeded" && one.resources == ["pods", "deployments", "*"])
    #expect(one.namespaceSelector.matches(["in": "yes"]) && !one.objectSelector.matches(["k": ""]))
    #expect(mutating.webhooks[1].url == "https://x/" && mutating.webhooks[1].failurePolicy == "Fail")
    #expect(validating.webhooks[0].failurePolicy == "Ignore")
  }

  @Test func volumesAndClaims() throws {
    let fleet = try Support.read(
      """
      apiVersion: v1
      kind: PersistentVolume
      metadata: {name: a, namespace: ignored}
      spec:
        capacity: {storage: 1Gi}
        storageClassName: manual
        accessModes: [ReadWriteMany]
        claimRef: {namespace: shop, name: c}
        hostPath: {path: /data}
      ---
      {apiVersion: v1, kind: PersistentVolume, metadata: {name: b}, spec: {local: {path: /disk}}}
      ---
      {apiVersion: v1, kind: PersistentVolume, metadata: {name: c}, spec: {nfs: {server: x, path: /}}}
      ---
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: {name: c, namespace: shop}
      spec: {volumeName: a, storageClassName: manual, accessModes: [ReadWriteMany]}
      """
    ).fleet
    #expect(fleet.persistentVolumes.map(\.nodePath) == ["/data", "/disk", nil])
    #expect(fleet.persistentVolumes.map(\.sourceKey) == ["hostPath", "local", "nfs"])
    #expect(fleet.persistentVolumes[0].claim == fleet.claims[0].id && fleet.persistentVolumes[0].id.namespace.isEmpty)
    #expect(fleet.claims[0].volumeName == "a" && fleet.claims[0].accessModes == ["ReadWriteMany"])
    #expect(fleet.claims[0].storageClass == "manual" && fleet.persistentVolumes[0].storageClass == "manual")
  }

  @Test func nodes() throws {
    let fleet = try Support.read(
      """
      apiVersion: v1
      kind: Node
      metadata: {name: n1, labels: {zone: a}}
      spec: {providerID: "aws:///eu-west-1a/i-0"}
      status:
        nodeInfo:
          kernelVersion: 5.15.0-1051-aws
          kubeletVersion: v1.29.3-eks-ae9a62a
          containerRuntimeVersion: containerd://1.7.2
          osImage: Ubuntu 22.04.4 LTS
      ---
      apiVersion: v1
      kind: Node
      metadata: {name: n2}
      spec: {providerID: "kind://docker/kind/n2"}
      status: {nodeInfo: {kernelVersion: strange, containerRuntimeVersion: "cri-o://1.28.1-rc.1"}}
      ---
      {apiVersion: v1, kind: Node, metadata: {name: n3}}
      """
    ).fleet
    let facts = fleet.nodes.map(\.facts)
    #expect(fleet.nodes.map(\.name) == ["n1", "n2", "n3"] && fleet.nodes[0].labels == ["zone": "a"])
    #expect(facts[0].kernel == Version("5.15.0") && facts[0].kubelet == Version("1.29.3"))
    #expect(facts[0].runtime == "containerd" && facts[0].runtimeVersion == Version("1.7.2"))
    #expect(facts[0].osImage == "Ubuntu 22.04.4 LTS" && facts[0].metadataService == true)
    #expect(facts[1].kernel == nil && facts[1].runtime == "cri-o" && facts[1].metadataService == nil)
    #expect(facts[1].runtimeVersion.map { $0 < Version("1.28.1")! } == true)
    #expect(facts[2] == NodeFacts())
  }
}
