import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let proxyCredentials = Vector(
    code: "M18", title: "Stealing the sidecar's key or token", severity: .high,
    explanation: """
      The workload's key and the token that buys it lie in volumes, sockets and the memory of the proxy beside it. A \
      container that mounts them, sees the proxy's processes or runs as its user takes the identity away and uses it \
      elsewhere.
      """,
    mitigation: """
      Do not share the process namespace, mount none of the proxy's volumes, and run as another user without \
      SYS_PTRACE; ambient mode keeps keys out of the pod.
      """,
    attack: ["T1552.004", "T1528"],
    references: [
      "https://istio.io/latest/docs/ops/best-practices/security/",
      "https://developer.hashicorp.com/consul/docs/connect/security",
    ],
    signature: [
      .open("/var/run/secrets/tokens/istio-token"), .open("/var/run/secrets/workload-spiffe-credentials/*"),
      .open("/var/run/secrets/tokens/linkerd-identity-token"), .connect("/var/run/secrets/workload-spiffe-uds/socket"),
      .call("ptrace", arguments: "the proxy's process"), .open("/proc/*/environ"),
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart, sidecar.istio.io/inject: "true"}
          spec:
            shareProcessNamespace: true
            containers:
            - {name: server, image: "example.com/cart:1"}
      """,
    rule: .pod { pod, _ in
      guard let mesh = pod.meshOrMaybe, mesh.hasSidecar else { return .closed }
      return .from(sharedProcesses(pod, mesh) + mountedCredentials(pod, mesh))
    })

  /// Volumes of the injection templates of Istio, Linkerd and Consul.
  private static let proxyVolumes: Set<String> = [
    "istio-token", "istio-data", "istio-envoy", "istiod-ca-cert", "workload-socket", "credential-socket",
    "workload-certs", "linkerd-identity-token", "linkerd-identity-end-entity", "consul-connect-inject-data",
  ]

  private static func sharedProcesses(_ pod: EffectivePod, _ mesh: Mesh) -> [Evidence] {
    guard pod.pod.shareProcessNamespace else { return [] }
    let able = pod.ownMembers.filter { member in
      member.effective.uid == mesh.proxyUser || member.effective.running.has(.sysPtrace) || member.effective.uid == 0
    }
    return able.prefix(1).map { member in
      Evidence(
        container: member.container.name,
        message: "the pod shares one process namespace, and this container can read the memory and files of the proxy",
        fix: pod.workload.templatePatch(spec: "shareProcessNamespace: false"), location: member.container.location)
    }
  }

  private static func mountedCredentials(_ pod: EffectivePod, _ mesh: Mesh) -> [Evidence] {
    // A token for the mesh's own CA, whatever the volume is called.
    let tokens = pod.pod.volumes.filter { volume in
      guard case .projected(let projection) = volume.source else { return false }
      return projection.tokens.contains { ["istio-ca", "identity.l5d.io"].contains($0.audience) }
    }.map(\.name)
    let secret = proxyVolumes.union(tokens)
    return pod.ownMembers.flatMap { member in
      member.container.mounts.filter { secret.contains($0.volume) }.map { mount in
        Evidence(
          container: member.container.name, message: "it mounts the proxy's volume \(mount.volume) at \(mount.path)",
          fix: pod.workload.containerPatch(
            member.container.name, isInit: member.role != .application,
            "volumeMounts:\n- mountPath: \(mount.path)\n  $patch: delete"),
          location: member.container.location)
      }
    }
  }
}
