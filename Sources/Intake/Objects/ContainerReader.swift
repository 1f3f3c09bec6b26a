import Diagnostics
import FleetModel

/// Reads a pod's containers one after the other, and notes what only Intake needs of them.
struct ContainerReader {
  private(set) var argumentLines: [[Int]] = []
  private(set) var environmentImports: [ParsedWorkload.EnvironmentImport] = []

  /// - Parameter position: among the containers of its list, from 1: a container without a name is called by it.
  mutating func container(_ field: Field, position: Int) -> Container? {
    guard field.isMapping else {
      field.wrongType("a mapping")
      return nil
    }
    var name = field["name"]?.string ?? ""
    if name.isEmpty {
      name = "container-\(position)"
      field.problem("the container has no name; it is called \(name) here", fix: "give it a name")
    }
    var container = Container(name: name, location: field.location)
    container.image = field["image"]?.string ?? ""
    let command = field["command"]?.elements ?? []
    let args = field["args"]?.elements ?? []
    container.command = command.compactMap(\.string)
    container.args = args.compactMap(\.string)
    container.workingDir = field["workingDir"]?.string
    container.environment = (field["env"]?.elements ?? []).compactMap(Self.environment)
    for source in field["envFrom"]?.elements ?? [] {
      if let secret = source["secretRef"]?["name"]?.string { container.secretImports.append(secret) }
      guard let map = source["configMapRef"]?["name"]?.string else { continue }
      environmentImports.append(
        ParsedWorkload.EnvironmentImport(
          container: argumentLines.count, configMap: map, prefix: source["prefix"]?.string ?? ""))
    }
    argumentLines.append((command + args).filter { $0.rawText != nil }.map(\.textLocation.line))
    container.ports = (field["ports"]?.elements ?? []).compactMap(Self.port)
    if let context = field["securityContext"] { container.securityContext = SecurityReader.container(context) }
    if let resources = field["resources"] { container.resources = Self.resources(resources) }
    container.mounts = (field["volumeMounts"]?.elements ?? []).compactMap(Self.mount)
    container.volumeDevices = (field["volumeDevices"]?.elements ?? []).compactMap(Self.device)
    container.readinessProbe = field["readinessProbe"].flatMap(ProbeReader.probe)
    container.livenessProbe = field["livenessProbe"].flatMap(ProbeReader.probe)
    container.startupProbe = field["startupProbe"].flatMap(ProbeReader.probe)
    if let hooks = field["lifecycle"] {
      container.postStart = hooks["postStart"].flatMap(ProbeReader.probe)
      container.preStop = hooks["preStop"].flatMap(ProbeReader.probe)
    }
    container.restartPolicy = field["restartPolicy"]?.string
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
    if let secret = from["secretKeyRef"], let secretName = secret["name"]?.string, let key = secret["key"]?.string {
      return EnvironmentVariable(name: name, source: .secret(name: secretName, key: key), location: secret.location)
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
      hostIP: field["hostIP"]?.string,
      transport: field["protocol"]?.oneOf(Transport.self, "TCP, UDP, SCTP") ?? .tcp)
  }

  private static func resources(_ field: Field) -> Resources {
    var resources = Resources()
    for (name, value) in field["requests"]?.entries ?? [] where !value.isNull {
      switch name {
      case "cpu": resources.cpuRequestMilli = milli(value)
      case "memory": resources.memoryRequestBytes = units(value)
      case "ephemeral-storage": break
      default: resources.extended[name] = value.rawText
      }
    }
    // Last, because of extended resources the request cannot be another.
    for (name, value) in field["limits"]?.entries ?? [] where !value.isNull {
      switch name {
      case "cpu": resources.cpuLimitMilli = milli(value)
      case "memory": resources.memoryLimitBytes = units(value)
      case "ephemeral-storage": resources.ephemeralStorageLimitBytes = units(value)
      default: resources.extended[name] = value.rawText
      }
    }
    return resources
  }

  /// Thousandths of a unit, such as milli-CPU.
  private static func milli(_ field: Field) -> Int? {
    if let text = field.rawText, let plain = PlainAmount(text)?.milli { return plain }
    return amount(field) { $0.milli }
  }

  /// Whole units, such as bytes.
  static func units(_ field: Field) -> Int? {
    if let text = field.rawText, let plain = PlainAmount(text) { return plain.units }
    return amount(field) { $0.units }
  }

  private static func amount(_ field: Field, _ unit: (Quantity) -> Int?) -> Int? {
    guard let quantity = field.quantity else { return nil }
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

  private static func device(_ field: Field) -> VolumeDevice? {
    guard let volume = field["name"]?.string, let path = field["devicePath"]?.string else {
      field.problem("the device needs a name and a devicePath and is left out", fix: "add them")
      return nil
    }
    return VolumeDevice(volume: volume, path: path)
  }
}
