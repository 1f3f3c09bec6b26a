import Diagnostics
import FleetModel
import IntentModel

@testable import Twin

/// A pod with one container, `server`, that asks for nothing.
func plainPod(_ change: (inout PodSpec) -> Void = { _ in }) -> PodSpec {
  var pod = PodSpec()
  pod.automountServiceAccountToken = false
  pod.containers = [Container(name: "server", location: SourceLocation(file: "test.yaml", line: 3))]
  change(&pod)
  return pod
}

func restrictedPod() -> PodSpec { Hardening.apply(to: plainPod()).pod }

func privilegedPod() -> PodSpec {
  plainPod { pod in
    pod.hostPID = true
    pod.containers[0].securityContext.privileged = true
    pod.containers[0].mounts = [VolumeMount(volume: "node", path: "/host")]
    pod.volumes = [Volume(name: "node", source: .hostPath(path: "/var/lib/", type: "Directory"))]
  }
}

/// A request for the first container of `pod`.
func request(
  _ pod: PodSpec, id: String = "shop-app", arguments: [String] = ["/bin/true"],
  _ change: (inout ContainerRequest) -> Void = { _ in }
) throws -> ContainerRequest {
  var request = try ContainerRequest(
    id: id, podID: "shop", podName: "shop-0", node: "node-1", pod: pod, container: pod.containers[0],
    arguments: arguments)
  request.namespaces.network = "/run/netns/shop"
  request.hosts = "127.0.0.1 localhost\n"
  request.resolver = "nameserver 10.96.0.10\n"
  change(&request)
  return request
}

func bundle(_ pod: PodSpec, _ change: (inout ContainerRequest) -> Void = { _ in }) throws -> ContainerBundle {
  try ContainerBundle(request(pod, change))
}

extension ContainerBundle {
  func mount(_ destination: String) -> OCISpec.Mount? { spec.mounts.first { $0.destination == destination } }

  func entry(_ path: String) -> BundleEntry? { entries.first { $0.path == path } }

  func text(_ path: String) -> String? {
    guard case .file(let bytes)? = entry(path)?.kind else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
