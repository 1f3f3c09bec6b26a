import FleetModel

/// Makes the root file system read-only and leaves /tmp writable.
enum ReadOnlyRoot: HardeningRule {
  /// Each container has a volume of its own: one that several share would let one of them swap files under another that
  /// starts (vectors L43 and L44).
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    var volumes: [String] = []
    let taken = Set(pod.volumes.map(\.name))
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
      let volume = freeName(taken.union(volumes), first: volumes.count + 1)
      container.mounts.append(VolumeMount(volume: volume, path: "/tmp"))
      volumes.append(volume)
      changes.append(
        HardeningChange(
          path: "\(path).volumeMounts[/tmp]", before: "unset", after: "emptyDir", closes: [],
          why: "many programs need a folder for temporary files"))
      return changes
    }
    pod.volumes += volumes.map { Volume(name: $0, source: .emptyDir(memory: false, sizeLimitBytes: nil)) }
    return changes
  }

  private static func freeName(_ taken: Set<String>, first: Int) -> String {
    func name(_ number: Int) -> String { number == 1 ? "bulkhead-tmp" : "bulkhead-tmp-\(number)" }
    var number = first
    while taken.contains(name(number)) { number += 1 }
    return name(number)
  }
}
