import FleetModel

enum ServiceReader {
  static func service(_ root: Field, _ id: ObjectReference) -> Service {
    var service = Service(id: id, location: root.location)
    service.annotations = NamedObjectReader.annotations(root["metadata"])
    guard let spec = root["spec"] else { return service }
    if let type = spec["type"] {
      service.type =
        type.oneOf(ServiceType.self, "ClusterIP, NodePort, LoadBalancer, ExternalName")?.rawValue ?? "ClusterIP"
    }
    service.headless = spec["clusterIP"]?.string == "None"
    service.externalIPs = spec["externalIPs"]?.strings ?? []
    service.externalName = spec["externalName"]?.string
    service.selector = spec["selector"]?.stringMap ?? [:]
    service.ports = (spec["ports"]?.elements ?? []).compactMap(port)
    return service
  }

  private enum ServiceType: String { case ClusterIP, NodePort, LoadBalancer, ExternalName }

  private static func port(_ field: Field) -> ServicePort? {
    guard let number = field["port"] else {
      field.problem("port is missing", fix: "add it")
      return nil
    }
    guard let port = number.integer(in: 1...65_535) else { return nil }
    return ServicePort(
      name: field["name"]?.string, port: port, target: field["targetPort"].flatMap(target),
      transport: field["protocol"]?.oneOf(Transport.self, "TCP, UDP, SCTP") ?? .tcp,
      appProtocol: field["appProtocol"]?.string)
  }

  /// A number, or the name of a container's port; `targetPort: "8080"` is a name to Kubernetes and selects nothing.
  private static func target(_ field: Field) -> ServicePort.Target? {
    if case .string(let name) = field.scalar {
      if Int(name) != nil {
        field.problem("the quoted \(name) is the name of a port, not a number", fix: "write it without quotes")
      }
      return .named(name)
    }
    return field.integer(in: 1...65_535).map { .number($0) }
  }
}
