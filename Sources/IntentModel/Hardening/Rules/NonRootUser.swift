import FleetModel

/// Moves containers that would run as root to user and group 10001, and makes the kubelet insist on it.
enum NonRootUser: HardeningRule {
  private static let id = Hardening.unprivilegedID
  private static let userWhy =
    "root of the container is root of everything it shares with the node: keyrings, sockets, files of volumes"
  private static let insistWhy = "the kubelet then refuses to start it as root, whatever the image says"

  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    let original = pod.securityContext
    var changes: [HardeningChange] = []
    if original.runAsUser == 0 {
      pod.securityContext.runAsUser = id
      changes.append(user("spec", before: original.runAsUser))
      if (original.runAsGroup ?? 0) == 0 {
        pod.securityContext.runAsGroup = id
        changes.append(group("spec", before: original.runAsGroup))
      }
    }
    if original.runAsNonRoot == false {
      pod.securityContext.runAsNonRoot = true
      changes.append(insist("spec", before: original.runAsNonRoot))
    }
    var portsMoved = false
    let podNow = pod.securityContext
    changes += forEachContainer(of: &pod) { container, path in
      let (made, moved) = harden(&container, path: path, original: original, pod: podNow)
      portsMoved = portsMoved || (moved && container.hasLowPort)
      return made
    }
    return changes + (portsMoved ? openLowPorts(&pod) : [])
  }

  private static func harden(
    _ container: inout Container, path: String, original: PodSecurityContext, pod: PodSecurityContext
  ) -> (changes: [HardeningChange], movedOffRoot: Bool) {
    let own = container.securityContext
    let nonRoot = own.runAsNonRoot ?? original.runAsNonRoot ?? false
    let wanted = own.runAsUser ?? original.runAsUser
    var changes: [HardeningChange] = []
    let asRoot = wanted == 0 || (wanted == nil && !nonRoot)
    if asRoot, own.runAsUser != nil || pod.runAsUser == nil {
      container.securityContext.runAsUser = id
      changes.append(user(path, before: own.runAsUser))
    }
    if asRoot, own.runAsGroup == 0 || (own.runAsGroup ?? pod.runAsGroup ?? 0) == 0 {
      container.securityContext.runAsGroup = id
      changes.append(group(path, before: own.runAsGroup))
    }
    if own.runAsNonRoot == false || (own.runAsNonRoot ?? pod.runAsNonRoot) != true {
      container.securityContext.runAsNonRoot = true
      changes.append(insist(path, before: own.runAsNonRoot))
    }
    return (changes, asRoot)
  }

  /// Kubernetes sets no ambient capabilities, so NET_BIND_SERVICE does not reach a user other than root: the pod's own
  /// network lets everybody bind low ports instead (a safe sysctl, allowed by "restricted").
  private static func openLowPorts(_ pod: inout PodSpec) -> [HardeningChange] {
    let name = SafeSysctls.unprivilegedPortStart
    let before = pod.securityContext.sysctls[name]
    guard before == nil else { return [] }
    pod.securityContext.sysctls[name] = "0"
    return [
      HardeningChange(
        path: "spec.securityContext.sysctls[\(name)]", before: "unset", after: "0", closes: [],
        why: "keeps its port below 1024 working without root; it concerns this pod's network alone")
    ]
  }

  private static func user(_ path: String, before: Int?) -> HardeningChange {
    HardeningChange(
      path: "\(path).securityContext.runAsUser", before: text(before), after: "\(id)", closes: ["L18", "L20", "L36"],
      why: userWhy)
  }

  private static func group(_ path: String, before: Int?) -> HardeningChange {
    HardeningChange(
      path: "\(path).securityContext.runAsGroup", before: text(before), after: "\(id)", closes: [],
      why: "files and sockets of group root stay closed")
  }

  private static func insist(_ path: String, before: Bool?) -> HardeningChange {
    HardeningChange(
      path: "\(path).securityContext.runAsNonRoot", before: text(before), after: "true", closes: [], why: insistWhy)
  }
}
