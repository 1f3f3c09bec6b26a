/// A control that a pod fails.
package struct Violation: Sendable, Equatable {
  /// The control's id, such as `hostNamespaces`.
  package let control: String
  package let level: PodSecurityLevel
  let offence: Offence

  /// Names of the containers concerned, in the pod's order (init, ordinary, ephemeral); empty when the pod is.
  package var containers: [String] {
    var names = offence.containers.map(\.name)
    for place in offence.lacking where !offence.containers.contains(place) { names.append(place.name) }
    return names
  }

  /// What is forbidden or missing, and in which containers. Names come from the input as they are: whoever prints
  /// them makes them safe.
  package var message: String { PodSecurityControl.control(control)?.message(offence) ?? control }

  /// A strategic merge patch of the pod in YAML. A comment tells what a patch cannot do.
  package var fix: String { PodSecurityControl.control(control)?.fix(offence) ?? "" }

  /// The same patch for an object of a kind that makes pods from a template.
  package func fix(forKind kind: String) -> String {
    let path: [String]
    switch kind {
    case "Pod": return fix
    case "CronJob": path = ["spec:", "  jobTemplate:", "    spec:", "      template:"]
    default: path = ["spec:", "  template:"]
    }
    let indent = String(repeating: "  ", count: path.count)
    let lines = fix.split(separator: "\n").map { $0.hasPrefix("#") ? String($0) : indent + $0 }
    guard lines.contains(where: { !$0.hasPrefix("#") }) else { return fix }
    return (path + lines).joined(separator: "\n")
  }
}
