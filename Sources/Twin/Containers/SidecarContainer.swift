import Diagnostics
package import FleetModel
package import IntentModel

/// The sidecar's container: the same builder, with a security context of its own.
package enum SidecarContainer {
  package static let name = "bulkhead-proxy"
  /// Where its configuration, its admin socket and its binary are inside the container.
  package static let configurationDirectory = "/etc/bulkhead"
  package static let adminDirectory = "/run/bulkhead-admin"
  package static let binary = "/opt/bulkhead/envoy"

  /// - Parameters:
  ///   - bootstrap: arguments after the binary, and the files for `configurationDirectory`.
  ///   - envoy: the binary, as a path of the world.
  ///   - socket: the configuration server's unix socket: in the world, and as the bootstrap names it.
  ///   - uid: one per sidecar keeps their kernel quotas apart; the group is always the one that capture lets through.
  package static func request(
    id: String, podID: String, podName: String, node: String, pod: PodSpec, bootstrap: SidecarBootstrap,
    envoy: String, socket: (inWorld: String, inContainer: String), uid: Int = Hardening.sidecarID
  ) throws -> ContainerRequest {
    var container = Container(name: name, location: .init(file: "", line: 0))
    container.securityContext.allowPrivilegeEscalation = false
    container.securityContext.droppedCapabilities = ["ALL"]
    container.securityContext.readOnlyRootFilesystem = true
    container.securityContext.seccomp = .runtimeDefault
    container.securityContext.runAsUser = uid
    container.securityContext.runAsGroup = Hardening.sidecarID
    container.securityContext.runAsNonRoot = true
    // What injectors usually ask for: without it an idle machine's leftovers would be its only processor time.
    container.resources.cpuRequestMilli = 100
    // It shares the pod's namespaces, but none of its users, volumes or tokens.
    var own = pod
    own.securityContext = PodSecurityContext()
    own.securityContext.sysctls = pod.securityContext.sysctls
    own.volumes = []
    own.initContainers = []
    own.containers = [container]
    own.automountServiceAccountToken = false
    var request = try ContainerRequest(
      id: id, podID: podID, podName: podName, node: node, pod: own, container: container,
      arguments: [binary] + bootstrap.arguments)
    request.filtersForeignInterfaces = false
    request.binds = [
      ExtraBind(source: envoy, destination: binary),
      ExtraBind(source: socket.inWorld, destination: socket.inContainer, readOnly: false),
    ]
    request.generated = [configurationDirectory: bootstrap.files]
    // No other container has this mount namespace, so anybody's mode is nobody else's.
    request.scratch = [adminDirectory: 0o1777]
    return request
  }
}
