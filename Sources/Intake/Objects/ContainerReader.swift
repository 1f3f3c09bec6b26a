import FleetModel

enum ContainerReader {
  static func container(_ field: Field, _ parsed: inout ParsedWorkload) -> Container? {
    guard let name = field["name"]?.string, !name.isEmpty else {
      field.problem("the container has no name and is left out", fix: "give it a name", code: .unusable)
      return nil
    }
    var container = Container(name: name, location: field.location)
    container.image = field["image"]?.string ?? ""
    let command = field["command"]?.elements ?? []
    let args = field["args"]?.elements ?? []
    container.command = command.compactMap(\.string)
    container.args = args.compactMap(\.string)
    parsed.argumentLocations[container.location] = (command + args).filter { $0.rawText != nil }.map(\.textLocation)
    container.workingDir = field["workingDir"]?.string
    container.environment = (field["env"]?.elements ?? []).compactMap(environment)
    for source in field["envFrom"]?.elements ?? [] {
      guard let map = source["configMapRef"]?["name"]?.string else { continue }
      parsed.environmentImports.append(
        ParsedWorkload.EnvironmentImport(
          container: container.location, configMap: map, prefix: source["prefix"]?.string ?? ""))
    }
    container.ports = (field["ports"]?.elements ?? []).compactMap(port)
    if let context = field["securityContext"] { container.securityContext = securityContext(context) }
    if let resources = field["resources"] { container.resources = self.resources(resources) }
    container.mounts = (field["volumeMounts"]?.elements ?? []).compactMap(mount)
    container.hasReadinessProbe = field["readinessProbe"] != nil
    container.hasLivenessProbe = field["livenessProbe"] != nil
    return container
  }

  private static func environment(_ field: Field) -> EnvironmentVariable? {
    guard let name = field["name"]?.string, !name.isEmpty else {
      field.problem("the variable has no name and is left out", fix: "give it a name")
      return nil
    }
    guard let from = field["valueFrom"] else {
      let value = field["value"]
      return EnvironmentVariable(
        name: name, source: .literal(value?.string ?? ""), location: value?.textLocation ?? field.location)
    }
    if let map = from["configMapKeyRef"], let mapName = map["name"]?.string, let key = map["key"]?.string {
      return EnvironmentVariable(name: name, source: .configMap(name: mapName, key: key), location: map.location)
    }
    return EnvironmentVariable(
      name: name, source: .opaque(from.entries.first?.key ?? "valueFrom"), location: from.location)
  }

  private static func port(_ field: Field) -> ContainerPort? {
    guard let number = field["containerPort"] else {
      field.problem("containerPort is missing", fix: "add it")
      return nil
    }
    guard let port = number.integer(in: 1...65_535) else { return nil }
    return ContainerPort(
      name: field["name"]?.string, port: port, hostPort: field["hostPort"]?.integer(in: 0...65_535),
      transport: field["protocol"]?.oneOf(Transport.self, "TCP, UDP, SCTP") ?? .tcp)
  }

  private static func securityContext(_ field: Field) -> SecurityContext {
    var context = SecurityContext()
    context.privileged = field["privileged"]?.bool
    context.allowPrivilegeEscalation = field["allowPrivilegeEscalation"]?.bool
    context.readOnlyRootFilesystem = field["readOnlyRootFilesystem"]?.bool
    context.runAsUser = field["runAsUser"]?.integer(in: 0...Int(UInt32.max))
    context.runAsGroup = field["runAsGroup"]?.integer(in: 0...Int(UInt32.max))
    context.runAsNonRoot = field["runAsNonRoot"]?.bool
    let capabilities = field["capabilities"]
    context.addedCapabilities = (capabilities?["add"]?.strings ?? []).map(capability)
    context.droppedCapabilities = (capabilities?["drop"]?.strings ?? []).map(capability)
    context.seccomp = PodReader.seccomp(field["seccompProfile"])
    context.procMount = field["procMount"]?.string
    return context
  }

  private static func capability(_ name: String) -> String {
    let upper = name.uppercased()
    return upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
  }

  private static func resources(_ field: Field) -> Resources {
    var resources = Resources()
    let (requests, limits) = (field["requests"], field["limits"])
    resources.cpuRequestMilli = amount(requests?["cpu"]) { $0.milli }
    resources.cpuLimitMilli = amount(limits?["cpu"]) { $0.milli }
    resources.memoryRequestBytes = amount(requests?["memory"]) { $0.units }
    resources.memoryLimitBytes = amount(limits?["memory"]) { $0.units }
    return resources
  }

  static func amount(_ field: Field?, _ unit: (Quantity) -> Int?) -> Int? {
    guard let field, let quantity = field.quantity else { return nil }
    guard quantity.nano >= 0, let amount = unit(quantity) else {
      field.problem("the quantity is negative or too large", fix: "use an amount that a node can have")
      return nil
    }
    return amount
  }

  private static func mount(_ field: Field) -> VolumeMount? {
    guard let volume = field["name"]?.string, let path = field["mountPath"]?.string else {
      field.problem("the mount needs a name and a mountPath and is left out", fix: "add them")
      return nil
    }
    return VolumeMount(
      volume: volume, path: path, readOnly: field["readOnly"]?.bool ?? false, subPath: field["subPath"]?.string,
      propagation: field["mountPropagation"]?.string)
  }
}
