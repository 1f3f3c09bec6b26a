package import FleetModel
import IntentModel

/// How sidecars are made, the same for a whole run.
package struct SidecarImages: Sendable, Equatable {
  /// Holds `bulkhead` and `nft`.
  package var bulkhead: String
  /// Holds `envoy`.
  package var envoy: String
  /// Holds `bulkhead-standin`, for probes; nil leaves them out.
  package var standin: String?
  package var milliCPU = 100
  package var bytes = 128 << 20
  package var pullPolicy = "IfNotPresent"

  package init(bulkhead: String, envoy: String) { (self.bulkhead, self.envoy) = (bulkhead, envoy) }
}

/// What enrolment with plain Envoy adds to a pod template.
package struct SidecarTemplate: Sendable, Equatable {
  package var images: SidecarImages
  /// Of the discovery server's Service.
  package var discoveryAddress: String
  package var workload: ObjectReference
  /// The container ports that the kubelet's probes ask.
  package var probePorts: [Int]

  package init(images: SidecarImages, discoveryAddress: String, workload: ObjectReference, probePorts: [Int]) {
    (self.images, self.discoveryAddress) = (images, discoveryAddress)
    (self.workload, self.probePorts) = (workload, probePorts)
  }

  package var additions: DocumentValue {
    .map([
      "spec": .map([
        "initContainers": .list([credential, capture]), "containers": .list([proxy]), "volumes": .list(volumes),
      ])
    ])
  }

  /// What a container says at its end is in its pod's status: nobody needs a right to read logs to tell why.
  static let lastWords = "FallbackToLogsOnError"

  private var volumes: [DocumentValue] {
    let token = DocumentValue.map([
      "serviceAccountToken": .map([
        "path": .string("token"), "expirationSeconds": .integer(600), "audience": .string(ClusterNames.audience),
      ])
    ])
    return [
      .map([
        "name": .string(ClusterNames.configurationVolume),
        "configMap": .map(["name": .string(ClusterNames.sidecarConfiguration)]),
      ]),
      .map([
        "name": .string(ClusterNames.credentialVolume), "emptyDir": .map(["medium": .string("Memory")]),
      ]),
      .map([
        "name": .string(ClusterNames.tokenVolume), "projected": .map(["sources": .list([token])]),
      ]),
    ]
  }

  private static func mount(_ volume: String, _ path: String, readOnly: Bool) -> DocumentValue {
    .map(["name": .string(volume), "mountPath": .string(path), "readOnly": readOnly ? .bool(true) : nil])
  }

  /// As the sidecar's user, without any capability.
  private static let confined = DocumentValue.map([
    "runAsUser": .integer(Hardening.sidecarID), "runAsGroup": .integer(Hardening.sidecarID),
    "runAsNonRoot": .bool(true), "allowPrivilegeEscalation": .bool(false), "readOnlyRootFilesystem": .bool(true),
    "capabilities": .map(["drop": .texts(["ALL"])]),
    "seccompProfile": .map(["type": .string("RuntimeDefault")]),
  ])

  private var small: DocumentValue {
    .map([
      "requests": .map(["cpu": .string("10m"), "memory": .string("32Mi")]),
      "limits": .map(["memory": .string("256Mi")]),
    ])
  }

  /// Gets the pod's credential with the token of its service account.
  private var credential: DocumentValue {
    .map([
      "name": .string(ClusterNames.credential), "image": .string(images.bulkhead),
      "imagePullPolicy": .string(images.pullPolicy), "terminationMessagePolicy": .string(Self.lastWords),
      "command": .texts(["bulkhead"]),
      "args": .texts([
        "sidecar", "credential", "--address", discoveryAddress, "--server-name", ClusterNames.serverName, "--root",
        "/etc/bulkhead/root.pem", "--token", "/var/run/bulkhead/token", "--out", "/run/bulkhead",
      ]),
      "securityContext": Self.confined, "resources": small,
      "volumeMounts": .list([
        Self.mount(ClusterNames.configurationVolume, "/etc/bulkhead", readOnly: true),
        Self.mount(ClusterNames.tokenVolume, "/var/run/bulkhead", readOnly: true),
        Self.mount(ClusterNames.credentialVolume, "/run/bulkhead", readOnly: false),
      ]),
    ])
  }

  /// The only container with a capability, and it ends before any other begins.
  private var capture: DocumentValue {
    var arguments = ["sidecar", "capture", "--node-address", "$(BULKHEAD_NODE_ADDRESS)"]
    for port in probePorts { arguments += ["--probe-port", "\(port)"] }
    let address = DocumentValue.map([
      "name": .string("BULKHEAD_NODE_ADDRESS"),
      "valueFrom": .map(["fieldRef": .map(["fieldPath": .string("status.hostIP")])]),
    ])
    return .map([
      "name": .string(ClusterNames.capture), "image": .string(images.bulkhead),
      "imagePullPolicy": .string(images.pullPolicy), "terminationMessagePolicy": .string(Self.lastWords),
      "command": .texts(["bulkhead"]), "args": .texts(arguments),
      "env": .list([address]),
      "securityContext": .map([
        "runAsUser": .integer(0), "runAsGroup": .integer(0), "runAsNonRoot": .bool(false),
        "allowPrivilegeEscalation": .bool(false), "readOnlyRootFilesystem": .bool(true),
        "capabilities": .map(["drop": .texts(["ALL"]), "add": .texts(["NET_ADMIN"])]),
        "seccompProfile": .map(["type": .string("RuntimeDefault")]),
      ]),
      "resources": small,
    ])
  }

  private var proxy: DocumentValue {
    let name = DocumentValue.map([
      "name": .string("POD_NAME"),
      "valueFrom": .map(["fieldRef": .map(["fieldPath": .string("metadata.name")])]),
    ])
    let arguments =
      Self.envoyArguments + [
        "--service-node", "$(POD_NAME)", "--service-cluster", "\(workload.namespace)/\(workload.name)",
      ]
    return .map([
      "name": .string(ClusterNames.proxy), "image": .string(images.envoy),
      "imagePullPolicy": .string(images.pullPolicy), "terminationMessagePolicy": .string(Self.lastWords),
      "command": .texts(["envoy"]), "args": .texts(arguments),
      "env": .list([name]), "securityContext": Self.confined,
      // Envoy ends at once when it is told to, while callers have not yet heard that the pod is leaving.
      "lifecycle": .map([
        "preStop": .map(["httpGet": .map(["path": .string("drain"), "port": .integer(15021)])])
      ]),
      "resources": .map([
        "requests": .map(["cpu": .string("\(images.milliCPU)m"), "memory": .string("\(images.bytes >> 20)Mi")])
      ]),
      "readinessProbe": .map([
        "httpGet": .map(["path": .string("/ready"), "port": .integer(15021)]), "periodSeconds": .integer(2),
        "failureThreshold": .integer(15), "timeoutSeconds": .integer(2),
      ]),
      "volumeMounts": .list([
        Self.mount(ClusterNames.configurationVolume, "/etc/bulkhead", readOnly: true),
        Self.mount(ClusterNames.credentialVolume, "/run/bulkhead", readOnly: false),
      ]),
    ])
  }

  /// As `EnvoyMesh.ClusterBootstrap` has them; a test holds the two together.
  package static let envoyArguments = [
    "-c", "/etc/bulkhead/bootstrap.json", "--concurrency", "1", "--disable-hot-restart", "--drain-time-s", "1",
    "--drain-strategy", "immediate", "-l", "warn",
  ]
}
