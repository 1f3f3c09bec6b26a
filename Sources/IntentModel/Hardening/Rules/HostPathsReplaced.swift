import FleetModel

/// Replaces hostPath volumes by empty folders: any path of the node is a way out, read-only ones too.
enum HostPathsReplaced: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    var changes: [HardeningChange] = []
    for index in pod.volumes.indices {
      guard case .hostPath(let path, _) = pod.volumes[index].source else { continue }
      let volume = pod.volumes[index].name
      let mounts = pod.allContainers.flatMap(\.mounts).filter { $0.volume == volume }
      pod.volumes[index].source = .emptyDir(memory: false, sizeLimitBytes: nil)
      changes.append(
        HardeningChange(
          path: "spec.volumes[\(volume)]", before: "hostPath \(path)", after: "emptyDir",
          closes: codes(path: path, writable: mounts.contains { !$0.readOnly }),
          why: "any path of the node is a way out, a read-only one too; the container now finds an empty folder there"))
    }
    return changes + propagationOff(&pod)
  }

  /// Only privileged containers may pass mounts on to the node, and without node folders nobody needs to receive any.
  private static func propagationOff(_ pod: inout PodSpec) -> [HardeningChange] {
    forEachContainer(of: &pod) { container, path in
      var changes: [HardeningChange] = []
      for index in container.mounts.indices {
        guard let propagation = container.mounts[index].propagation, propagation != "None" else { continue }
        container.mounts[index].propagation = nil
        changes.append(
          HardeningChange(
            path: "\(path).volumeMounts[\(container.mounts[index].path)].mountPropagation", before: propagation,
            after: "unset", closes: [], why: "mounts made in the container must not appear on the node or the reverse"))
      }
      return changes
    }
  }

  /// L17 needs to write; the others depend on what lies at or below the path.
  private static func codes(path: String, writable: Bool) -> [String] {
    func covers(_ place: String) -> Bool {
      let root = path.hasSuffix("/") ? path : path + "/"
      return (place + "/").hasPrefix(root) || root.hasPrefix(place + "/")
    }
    var codes = writable ? ["L17", "L18"] : ["L18"]
    if writable, covers("/proc") { codes.append("L12") }
    if writable, covers("/sys") { codes.append("L13") }
    if covers("/var/log") { codes.append("L19") }
    if covers("/run") || covers("/var/run") { codes.append("L20") }
    if covers("/var/lib/kubelet") { codes += ["K13", "K20"] }
    return codes.sorted()
  }
}
