package import FleetModel
package import KubernetesAPI

/// The discovery server's own objects.
package struct DiscoveryObjects: Sendable {
  package var images: SidecarImages
  package var plan: String
  package var namespaces: [String]

  package init(images: SidecarImages, plan: String, namespaces: [String]) {
    (self.images, self.plan, self.namespaces) = (images, plan, namespaces)
  }

  private func metadata(_ name: String, namespace: String? = ClusterNames.namespace) -> DocumentValue {
    .map([
      "name": .string(name), "namespace": namespace.map { .string($0) },
      "labels": .labels([ClusterNames.managedBy: ClusterNames.program, "app": name]),
      "annotations": .labels([ClusterNames.plan: plan]),
    ])
  }

  /// Each with its name, in the order in which they are needed. The Secret with the keys is not among them.
  package var objects: [(name: ObjectName, object: DocumentValue)] {
    let namespace = ClusterNames.namespace
    let name = ClusterNames.discovery
    return [
      (ObjectName(.serviceAccounts, namespace: namespace, name: name), account),
      (ObjectName(.clusterRoles, namespace: nil, name: name), role(in: nil)),
      (ObjectName(.clusterRoleBindings, namespace: nil, name: name), binding(in: nil)),
    ]
      + Set(namespaces + [namespace]).sorted().flatMap { place in
        [
          (ObjectName(.roles, namespace: place, name: name), role(in: place)),
          (ObjectName(.roleBindings, namespace: place, name: name), binding(in: place)),
        ]
      } + [
        (ObjectName(.services, namespace: namespace, name: name), service),
        (ObjectName(.deployments, namespace: namespace, name: name), deployment),
      ]
  }

  private var account: DocumentValue {
    .map([
      "apiVersion": .string("v1"), "kind": .string("ServiceAccount"), "metadata": metadata(ClusterNames.discovery),
    ])
  }

  /// The namespaces that a server was started for, from its arguments.
  static func namespaces(in arguments: [String]) -> [String] {
    zip(arguments, arguments.dropFirst()).filter { $0.0 == "--namespace" }.map(\.1)
  }

  /// It reads pods and services of the enrolled namespaces and its own document, asks whose token it is, and whether a
  /// namespace is still there. Only the last two are rights in the whole cluster: who installs it must have every right
  /// that it gets.
  private func rules(in place: String?) -> [DocumentValue] {
    func rule(_ group: String, _ resources: [String], _ verbs: [String], named: [String]? = nil) -> DocumentValue {
      .map([
        "apiGroups": .texts([group]), "resources": .texts(resources), "verbs": .texts(verbs),
        "resourceNames": named.map { .texts($0) },
      ])
    }
    guard let place else {
      return [
        rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
        // Its rights in a namespace go with the namespace: this tells one that is gone from one that is closed to it.
        rule("", ["namespaces"], ["get"], named: namespaces),
      ]
    }
    var rules: [DocumentValue] = []
    // Runs keep what they know of other namespaces in ConfigMaps beside it.
    if place == ClusterNames.namespace {
      rules.append(rule("", ["configmaps"], ["get", "list", "watch"], named: [ClusterNames.meshDocument]))
    }
    if namespaces.contains(place) { rules.append(rule("", ["pods", "services"], ["list", "watch"])) }
    return rules
  }

  private func role(in place: String?) -> DocumentValue {
    .map([
      "apiVersion": .string("rbac.authorization.k8s.io/v1"), "kind": .string(place == nil ? "ClusterRole" : "Role"),
      "metadata": metadata(ClusterNames.discovery, namespace: place), "rules": .list(rules(in: place)),
    ])
  }

  private func binding(in place: String?) -> DocumentValue {
    .map([
      "apiVersion": .string("rbac.authorization.k8s.io/v1"),
      "kind": .string(place == nil ? "ClusterRoleBinding" : "RoleBinding"),
      "metadata": metadata(ClusterNames.discovery, namespace: place),
      "roleRef": .map([
        "apiGroup": .string("rbac.authorization.k8s.io"), "kind": .string(place == nil ? "ClusterRole" : "Role"),
        "name": .string(ClusterNames.discovery),
      ]),
      "subjects": .list([
        .map([
          "kind": .string("ServiceAccount"), "name": .string(ClusterNames.discovery),
          "namespace": .string(ClusterNames.namespace),
        ])
      ]),
    ])
  }

  private static let ports = [("discovery", 15012), ("credential", 15013), ("statistics", 15014), ("status", 15016)]

  private var service: DocumentValue {
    .map([
      "apiVersion": .string("v1"), "kind": .string("Service"), "metadata": metadata(ClusterNames.discovery),
      "spec": .map([
        "selector": .labels(["app": ClusterNames.discovery]),
        "ports": .list(
          Self.ports.map { name, port -> DocumentValue in
            .map([
              "name": .string(name), "port": .integer(port), "protocol": .string("TCP"), "targetPort": .integer(port),
            ])
          }),
      ]),
    ])
  }

  private var deployment: DocumentValue {
    let labels = DocumentValue.labels(["app": ClusterNames.discovery])
    return .map([
      "apiVersion": .string("apps/v1"), "kind": .string("Deployment"), "metadata": metadata(ClusterNames.discovery),
      "spec": .map([
        // One: what sidecars count is in its memory. They keep what they have while it starts again.
        "replicas": .integer(1), "selector": .map(["matchLabels": labels]),
        "strategy": .map(["type": .string("Recreate")]),
        "template": .map(["metadata": .map(["labels": labels]), "spec": pod]),
      ]),
    ])
  }

  private var pod: DocumentValue {
    let names = namespaces.flatMap { ["--namespace", $0] }
    let container = DocumentValue.map([
      "name": .string(ClusterNames.server), "image": .string(images.bulkhead),
      "imagePullPolicy": .string(images.pullPolicy), "command": .texts(["bulkhead"]),
      "terminationMessagePolicy": .string(SidecarTemplate.lastWords),
      "args": .texts(["discovery", "--keys", "/run/keys"] + names),
      "ports": .list(
        Self.ports.map { name, port -> DocumentValue in
          .map(["name": .string(name), "containerPort": .integer(port), "protocol": .string("TCP")])
        }),
      "readinessProbe": .map([
        "tcpSocket": .map(["port": .integer(15012)]), "periodSeconds": .integer(1),
        "failureThreshold": .integer(30),
      ]),
      "securityContext": .map([
        "allowPrivilegeEscalation": .bool(false), "readOnlyRootFilesystem": .bool(true),
        "capabilities": .map(["drop": .texts(["ALL"])]),
      ]),
      "resources": .map(["requests": .map(["cpu": .string("20m"), "memory": .string("64Mi")])]),
      "volumeMounts": .list([
        .map(["name": .string("keys"), "mountPath": .string("/run/keys"), "readOnly": .bool(true)])
      ]),
    ])
    return .map([
      "serviceAccountName": .string(ClusterNames.discovery), "terminationGracePeriodSeconds": .integer(5),
      "securityContext": .map([
        "runAsUser": .integer(65_532), "runAsGroup": .integer(65_532), "runAsNonRoot": .bool(true),
        "fsGroup": .integer(65_532), "seccompProfile": .map(["type": .string("RuntimeDefault")]),
      ]),
      "containers": .list([container]),
      "volumes": .list([
        .map([
          "name": .string("keys"),
          "secret": .map(["secretName": .string(ClusterNames.discovery), "defaultMode": .integer(0o440)]),
        ])
      ]),
    ])
  }
}
