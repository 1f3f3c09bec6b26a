import FleetModel

/// Makes the root file system read-only and leaves /tmp writable.
enum ReadOnlyRoot: HardeningRule {
  static let volume = "bulkhead-tmp"

  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    var needsVolume = false
    let changes = forEachContainer(of: &pod) { container, path in
      let before = container.securityContext.readOnlyRootFilesystem
      guard before != true else { return [] }
      container.securityContext.readOnlyRootFilesystem = true
      var changes = [
        HardeningChange(
          path: "\(path).securityContext.readOnlyRootFilesystem", before: text(before), after: "true", closes: [],
          why: "an intruder can neither change the program nor leave tools beside it")
      ]
      guard !container.mounts.contains(where: { $0.path == "/tmp" || $0.path == "/tmp/" }) else { return changes }
      container.mounts.append(VolumeMount(volume: volume, path: "/tmp"))
      needsVolume = true
      changes.append(
        HardeningChange(
          path: "\(path).volumeMounts[/tmp]", before: "unset", after: "emptyDir", closes: [],
          why: "many programs need a folder for temporary files"))
      return changes
    }
    if needsVolume, !pod.volumes.contains(where: { $0.name == volume }) {
      pod.volumes.append(Volume(name: volume, source: .emptyDir(memory: false, sizeLimitBytes: nil)))
    }
    return changes
  }
}
