package import FleetModel

extension Workload {
  /// A merge patch in YAML for the workload's pod template. A nil value removes the key.
  ///
  /// - Parameter spec: lines below the pod's `spec`, indented from zero.
  package func templatePatch(
    annotations: [(key: String, value: String?)] = [], labels: [(key: String, value: String?)] = [], spec: String = ""
  ) -> String {
    var lines: [String] = []
    func entries(_ name: String, _ map: [(key: String, value: String?)]) {
      guard !map.isEmpty else { return }
      lines.append("  \(name):")
      lines += map.map { "    \($0.key): \($0.value.map { "\"\($0)\"" } ?? "null")" }
    }
    if !annotations.isEmpty || !labels.isEmpty { lines.append("metadata:") }
    entries("annotations", annotations)
    entries("labels", labels)
    if !spec.isEmpty {
      lines.append("spec:")
      lines += spec.split(separator: "\n", omittingEmptySubsequences: true).map { "  \($0)" }
    }
    let path =
      switch id.kind {
      case "Pod": [String]()
      case "CronJob": ["spec", "jobTemplate", "spec", "template"]
      default: ["spec", "template"]
      }
    let head = path.enumerated().map { String(repeating: "  ", count: $0.offset) + $0.element + ":" }
    let indent = String(repeating: "  ", count: path.count)
    return (head + lines.map { indent + $0 }).joined(separator: "\n")
  }

  /// The same for one container; lines below the container, indented from zero.
  package func containerPatch(_ name: String, isInit: Bool = false, _ body: String) -> String {
    let inner = body.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    return templatePatch(spec: "\(isInit ? "initContainers" : "containers"):\n- name: \(name)\n\(inner)")
  }
}
