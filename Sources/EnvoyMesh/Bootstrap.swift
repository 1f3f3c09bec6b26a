import FleetModel
import IntentModel

/// Where a sidecar finds its things inside its own container.
package struct SidecarLayout: Sendable {
  /// Folder that holds the files of `SidecarBootstrap`.
  package var configurationFolder: String
  /// The admin interface's unix socket; its folder is the sidecar's alone, for whoever connects rules the sidecar.
  package var adminSocket: String

  package init(configurationFolder: String = "/etc/bulkhead", adminSocket: String = "/tmp/envoy-admin.sock") {
    self.configurationFolder = configurationFolder
    self.adminSocket = adminSocket
  }
}

/// What a sidecar knows before it has asked for anything.
enum Bootstrap {
  static let fileName = "bootstrap.json"
  /// How long closing a changed filter chain's connections takes (Envoy's `--drain-time-s`).
  static let drainSeconds = 1

  /// REST discovery with long polling: the server holds the request, so the short delay costs nothing.
  static let configSource: JSONValue = [
    "resource_api_version": "V3",
    "api_config_source": [
      "api_type": "REST", "transport_api_version": "V3", "cluster_names": [.string(EnvoyName.discoveryCluster)],
      "refresh_delay": "0.01s", "request_timeout": "30s",
    ],
  ]

  static func make(for pod: MeshPod, socketInContainer: String, layout: SidecarLayout) -> SidecarBootstrap {
    let arguments = [
      "-c", "\(layout.configurationFolder)/\(fileName)", "--concurrency", "1", "--disable-hot-restart",
      "--drain-time-s", String(drainSeconds), "--drain-strategy", "immediate", "-l", "warn",
    ]
    let text = configuration(for: pod, socketInContainer: socketInContainer, layout: layout).text
    return SidecarBootstrap(arguments: arguments, files: [fileName: text])
  }

  private static func configuration(
    for pod: MeshPod, socketInContainer: String, layout: SidecarLayout
  ) -> JSONValue {
    let workload = pod.intent.workload
    return [
      "node": ["id": .string(pod.id), "cluster": "\(workload.namespace)/\(workload.name)"],
      "admin": ["address": admin(for: pod, layout: layout)],
      "dynamic_resources": ["lds_config": configSource, "cds_config": configSource],
      "static_resources": ["clusters": [discoveryCluster(path: socketInContainer)]],
      "overload_manager": [
        "resource_monitors": [
          [
            "name": "envoy.resource_monitors.global_downstream_max_connections",
            "typed_config": ["@type": EnvoyType.connectionLimit, "max_active_downstream_connections": 16384],
          ]
        ]
      ],
    ]
  }

  private static func admin(for pod: MeshPod, layout: SidecarLayout) -> JSONValue {
    if pod.wrongs.contains(.adminExposed) {
      return ["socket_address": ["address": "0.0.0.0", "port_value": .number(SidecarPorts.admin)]]
    }
    return ["pipe": ["path": .string(layout.adminSocket), "mode": 0o600]]
  }

  private static func discoveryCluster(path: String) -> JSONValue {
    [
      "name": .string(EnvoyName.discoveryCluster), "type": "STATIC", "connect_timeout": "1s",
      "load_assignment": [
        "cluster_name": .string(EnvoyName.discoveryCluster),
        "endpoints": [["lb_endpoints": [["endpoint": ["address": ["pipe": ["path": .string(path)]]]]]]],
      ],
    ]
  }
}
