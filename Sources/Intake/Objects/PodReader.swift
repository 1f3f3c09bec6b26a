import FleetModel

enum PodReader {
  static func pod(_ spec: Field, _ parsed: inout ParsedWorkload) -> PodSpec {
    var pod = PodSpec()
    pod.serviceAccount = (spec["serviceAccountName"] ?? spec["serviceAccount"])?.string ?? "default"
    pod.automountServiceAccountToken = spec["automountServiceAccountToken"]?.bool
    pod.hostNetwork = spec["hostNetwork"]?.bool ?? false
    pod.hostPID = spec["hostPID"]?.bool ?? false
    pod.hostIPC = spec["hostIPC"]?.bool ?? false
    pod.shareProcessNamespace = spec["shareProcessNamespace"]?.bool ?? false
    pod.hostUsers = spec["hostUsers"]?.bool
    pod.runtimeClassName = spec["runtimeClassName"]?.string
    pod.nodeName = spec["nodeName"]?.string
    pod.hostname = spec["hostname"]?.string
    pod.subdomain = spec["subdomain"]?.string
    if let context = spec["securityContext"] { pod.securityContext = securityContext(context) }
    pod.volumes = (spec["volumes"]?.elements ?? []).compactMap(VolumeReader.volume)
    pod.initContainers = containers(spec["initContainers"], &parsed)
    pod.containers = containers(spec["containers"], &parsed)
    return pod
  }

  private static func containers(_ list: Field?, _ parsed: inout ParsedWorkload) -> [Container] {
    var result: [Container] = []
    for element in list?.elements ?? [] {
      guard let container = ContainerReader.container(element, &parsed) else { continue }
      if result.contains(where: { $0.name == container.name }) {
        element.problem("two containers are named '\(container.name)'", fix: "rename one")
      }
      result.append(container)
    }
    return result
  }

  private static func securityContext(_ field: Field) -> PodSecurityContext {
    var context = PodSecurityContext()
    context.runAsUser = field["runAsUser"]?.integer(in: 0...Int(UInt32.max))
    context.runAsGroup = field["runAsGroup"]?.integer(in: 0...Int(UInt32.max))
    context.runAsNonRoot = field["runAsNonRoot"]?.bool
    context.fsGroup = field["fsGroup"]?.integer(in: 0...Int(UInt32.max))
    context.supplementalGroups = (field["supplementalGroups"]?.elements ?? []).compactMap {
      $0.integer(in: 0...Int(UInt32.max))
    }
    context.seccomp = seccomp(field["seccompProfile"])
    for sysctl in field["sysctls"]?.elements ?? [] {
      guard let name = sysctl["name"]?.string, let value = sysctl["value"]?.string else { continue }
      context.sysctls[name] = value
    }
    return context
  }

  static func seccomp(_ field: Field?) -> SeccompProfile? {
    guard let field, let type = field["type"] else { return nil }
    switch type.string {
    case "RuntimeDefault": return .runtimeDefault
    case "Unconfined": return .unconfined
    case "Localhost": return .localhost(field["localhostProfile"]?.string ?? "")
    case nil: return nil
    case .some(let other):
      type.problem(
        "'\(other)' is none of RuntimeDefault, Unconfined and Localhost", fix: "use RuntimeDefault")
      return nil
    }
  }
}
