import FleetModel

/// `networking.k8s.io/v1` Ingress, and the backends of `v1beta1`.
enum IngressReader {
  static func ingress(_ root: Field, _ id: ObjectReference) -> Ingress {
    var ingress = Ingress(id: id, location: root.location)
    ingress.annotations = NamedObjectReader.annotations(root["metadata"])
    guard let spec = root["spec"] else { return ingress }
    ingress.className = spec["ingressClassName"]?.string ?? ingress.annotations["kubernetes.io/ingress.class"]
    if let standard = spec["defaultBackend"] ?? spec["backend"] {
      ingress.backends += [backend(standard, host: "", path: "")].compactMap(\.self)
    }
    for rule in spec["rules"]?.elements ?? [] {
      let host = rule["host"]?.string ?? ""
      for path in rule["http"]?["paths"]?.elements ?? [] {
        guard let field = path["backend"] else {
          path.problem("the path leads nowhere", fix: "add a backend")
          continue
        }
        ingress.backends += [backend(field, host: host, path: path["path"]?.string ?? "")].compactMap(\.self)
      }
    }
    ingress.tlsSecrets = (spec["tls"]?.elements ?? []).compactMap { $0["secretName"]?.string }
    return ingress
  }

  /// Nil without a finding for a backend that is another object than a service.
  private static func backend(_ field: Field, host: String, path: String) -> Ingress.Backend? {
    if let service = field["service"] {
      guard let name = service["name"]?.string, let port = service["port"] else {
        service.problem("the backend needs a name and a port", fix: "add them")
        return nil
      }
      let reference =
        port["number"]?.integer(in: 1...65_535).map { PortReference.number($0) }
        ?? port["name"]?.string.map { .named($0) }
      return reference.map { Ingress.Backend(host: host, path: path, service: name, port: $0) }
    }
    guard let name = field["serviceName"]?.string, let port = field["servicePort"].flatMap(ProbeReader.port) else {
      if field["resource"] == nil { field.problem("the backend names no service", fix: "add service.name and port") }
      return nil
    }
    return Ingress.Backend(host: host, path: path, service: name, port: port)
  }
}
