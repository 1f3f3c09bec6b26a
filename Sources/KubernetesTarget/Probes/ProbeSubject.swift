package import Breach
import Diagnostics
package import FleetModel
import KubernetesAPI

/// What a pod's break-outs depend on: as a workload's template has it, or made weak on purpose.
package struct ProbeSubject: Sendable, Equatable {
  /// One of its own containers.
  package struct Place: Sendable, Equatable {
    package var name: String
    package var securityContext: DocumentValue
    package var mounts: [DocumentValue]
  }
  /// Of the pod, without containers.
  package var spec: DocumentValue
  package var labels: [String: String] = [:]
  package var annotations: [String: String] = [:]
  package var places: [Place]

  /// What of a pod decides about break-outs; the rest (nodes, resources, hooks) does not.
  private static let kept: Set<String> = [
    "hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace", "serviceAccountName",
    "automountServiceAccountToken", "securityContext", "runtimeClassName", "tolerations", "imagePullSecrets",
    "dnsPolicy",
  ]
  /// Containers with other rights than the first one are tried as well, up to this many.
  private static let mostPlaces = 4

  /// - Parameter template: `spec.template` as the cluster has it.
  package init(template: DocumentValue) {
    let pod = template["spec"] ?? .mapping([])
    let volumes = (pod["volumes"]?.elements ?? []).filter { volume in
      // Other volumes hold nothing of the node's, and mounting them twice may not be possible.
      volume["hostPath"] != nil || Self.holdsTokens(volume)
    }
    let names = Set(volumes.compactMap { $0["name"]?.string })
    spec = .mapping(pod.entries.filter { Self.kept.contains($0.key) })
    if !volumes.isEmpty { spec = spec.merging(.map(["volumes": .list(volumes)])) }
    labels = template[path: "metadata", "labels"]?.stringMap ?? [:]
    // They say whose pods the canary's and the wave's are, and a probe is neither.
    for own in [ClusterNames.cohort, ClusterNames.revision] { labels[own] = nil }
    annotations = template[path: "metadata", "annotations"]?.stringMap ?? [:]
    places = []
    for container in pod["containers"]?.elements ?? [] {
      guard let name = container["name"]?.string, !name.hasPrefix(ClusterNames.prefix) else { continue }
      let mounts = (container["volumeMounts"]?.elements ?? []).filter { names.contains($0["name"]?.string ?? "") }
        .map { $0.without(["mountPropagation"]) }
      let place = Place(
        name: name, securityContext: container["securityContext"] ?? .mapping([]), mounts: mounts)
      let isKnown = places.contains { $0.securityContext == place.securityContext && $0.mounts == place.mounts }
      if !isKnown, places.count < Self.mostPlaces { places.append(place) }
    }
  }

  private static func holdsTokens(_ volume: DocumentValue) -> Bool {
    let sources = volume[path: "projected", "sources"]?.elements ?? []
    return volume["name"]?.string?.hasPrefix(ClusterNames.prefix) != true && !sources.isEmpty
      && sources.allSatisfy { $0["serviceAccountToken"] != nil }
  }

  /// An ordinary pod (root, the runtime's default capabilities, no token) with the one change that opens each vector.
  package init(weakenedFor vectors: [Vector]) {
    spec = .map(["automountServiceAccountToken": .bool(false)])
    var context = DocumentValue.map(["runAsUser": .integer(0), "runAsNonRoot": .bool(false)])
    var mounts: [DocumentValue] = []
    for vector in vectors {
      var pod = PodSpec()
      pod.containers = [Container(name: "weak", location: SourceLocation(file: "bulkhead", line: 0))]
      vector.escape?.weaken(&pod)
      spec = spec.merging(Self.fields(of: pod, vector))
      let added = pod.containers[0].securityContext.addedCapabilities
      if !added.isEmpty { context = context.merging(.map(["capabilities": .map(["add": .texts(added)])])) }
      mounts += pod.containers[0].mounts.map { mount in
        .map([
          "name": .string(Self.volume(vector)), "mountPath": .string(mount.path),
          "readOnly": mount.readOnly ? .bool(true) : nil,
        ])
      }
    }
    places = [Place(name: "weak", securityContext: context, mounts: mounts)]
  }

  private static func volume(_ vector: Vector) -> String { "node-\(vector.code.lowercased())" }

  private static func fields(of pod: PodSpec, _ vector: Vector) -> DocumentValue {
    let volumes = pod.volumes.compactMap { volume -> DocumentValue? in
      guard case .hostPath(let path, _) = volume.source else { return nil }
      // Every node has the kubelet's folder, and it is among those that it obeys. None may be made by looking for it.
      let place = vector.code == "L17" ? "/var/lib/kubelet" : path
      return .map([
        "name": .string(Self.volume(vector)),
        "hostPath": .map(["path": .string(place), "type": .string("Directory")]),
      ])
    }
    return .map([
      "hostNetwork": pod.hostNetwork ? .bool(true) : nil, "hostPID": pod.hostPID ? .bool(true) : nil,
      "hostIPC": pod.hostIPC ? .bool(true) : nil,
      "shareProcessNamespace": pod.shareProcessNamespace ? .bool(true) : nil,
      "automountServiceAccountToken": pod.automountServiceAccountToken.map { .bool($0) },
      "volumes": volumes.isEmpty ? nil : .list(volumes),
    ])
  }

  /// The paths of the node that a container has: on the node, inside, and whether they can be written.
  func hostPaths(of place: Place) -> [(node: String, inside: String, writable: Bool)] {
    place.mounts.compactMap { mount in
      guard let volume = spec["volumes"]?.elements.first(where: { $0["name"] == mount["name"] }),
        let path = volume[path: "hostPath", "path"]?.string, let inside = mount["mountPath"]?.string
      else { return nil }
      let part = mount["subPath"]?.string.map { "/\($0)" } ?? ""
      return (path + part, inside, mount["readOnly"]?.bool != true)
    }
  }
}
