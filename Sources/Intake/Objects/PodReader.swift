import FleetModel

enum PodReader {
  static func pod(_ spec: Field, _ parsed: inout ParsedWorkload) -> PodSpec {
    var pod = PodSpec()
    pod.serviceAccount = account(spec)
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
    pod.nodeSelector = spec["nodeSelector"]?.stringMap ?? [:]
    pod.priorityClassName = spec["priorityClassName"]?.string
    pod.restartPolicy = spec["restartPolicy"]?.string
    pod.dnsPolicy = spec["dnsPolicy"]?.string
    pod.terminationGracePeriodSeconds = spec["terminationGracePeriodSeconds"]?.integer(in: 0...Int.max)
    pod.operatingSystem = spec["os"]?["name"]?.string
    if let context = spec["securityContext"] { pod.securityContext = SecurityReader.pod(context) }
    pod.volumes = (spec["volumes"]?.elements ?? []).compactMap(VolumeReader.volume)
    var reader = ContainerReader()
    pod.initContainers = containers(spec["initContainers"], &reader)
    pod.containers = containers(spec["containers"], &reader)
    parsed.argumentLines = reader.argumentLines
    pod.ephemeralContainers = containers(spec["ephemeralContainers"], &reader)
    parsed.environmentImports = reader.environmentImports
    return pod
  }

  /// An empty name is the default one's, as the API server fills it in.
  private static func account(_ spec: Field) -> String {
    for key in ["serviceAccountName", "serviceAccount"] {
      if let name = spec[key]?.string, !name.isEmpty { return name }
    }
    return "default"
  }

  private static func containers(_ list: Field?, _ reader: inout ContainerReader) -> [Container] {
    var result: [Container] = []
    var names: Set<String> = []
    for (index, element) in (list?.elements ?? []).enumerated() {
      guard let container = reader.container(element, position: index + 1) else { continue }
      if !names.insert(container.name).inserted {
        element.problem("two containers are named '\(container.name)'", fix: "rename one")
      }
      result.append(container)
    }
    return result
  }
}
