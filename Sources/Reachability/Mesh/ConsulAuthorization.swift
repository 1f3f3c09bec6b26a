import FleetModel
import IntentModel

/// Consul's intentions: the most exact pair of destination and source decides; where none matches, the default of the
/// ACL system (developer.hashicorp.com, "Service intentions", precedence and match order).
struct ConsulAuthorization {
  typealias Layer = ReachExplanation.Layer
  typealias Reason = ReachExplanation.Reason
  private let mesh: MeshLayer
  private let group = "consul.hashicorp.com"

  init(_ mesh: MeshLayer) { self.mesh = mesh }

  func layer(_ call: MeshCall) -> Layer {
    let title = "mesh, authorisation (Consul)"
    let target = service(call.workload)
    guard let caller = call.caller, call.identity != nil else { return stranger(title, target, call) }
    let source = service(mesh.fleet.workloads[caller])
    guard let (object, intention) = intention(target, source) else {
      switch mesh.options.consulDefaultAllows {
      case true?:
        return Layer(title, .allowed, [Reason("no intention speaks of \(source) → \(target); the default is allow")])
      case false?:
        return Layer(
          title, .refused, [Reason("no intention speaks of \(source) → \(target); the default is deny")],
          cure: "add a ServiceIntentions for \(target) with source \(source) and action allow")
      case nil:
        return Layer(
          title, .unknown,
          [Reason("no intention speaks of \(source) → \(target); the ACL default policy, not in the input, decides")])
      }
    }
    if let permissions = intention["permissions"]?.elements, !permissions.isEmpty {
      return byRequest(title, permissions, object, source, target)
    }
    let allows = intention["action"]?.string == "allow"
    return Layer(
      title, allows ? .allowed : .refused,
      [Reason("\(allows ? "allows" : "denies") \(source) → \(target)", object.id, object.location)],
      cure: allows ? nil : "change the action for source \(source) in \(object.id) to allow")
  }

  /// Permissions in order; what none of them matches is denied.
  private func byRequest(
    _ title: String, _ permissions: [DocumentValue], _ object: CustomObject, _ source: String, _ target: String
  ) -> Layer {
    let texts = permissions.map { permission in
      let http = permission["http"]?.entries.map { entry in
        let value = entry.value.string ?? entry.value.strings.joined(separator: ",")
        return value.isEmpty ? entry.key : "\(entry.key) \(value)"
      }
      return "\(permission["action"]?.string ?? "deny") \(http?.joined(separator: " ") ?? "everything")"
    }
    let reason = Reason(
      "\(source) → \(target) by request: \(texts.joined(separator: "; ")); the rest is denied", object.id,
      object.location)
    if permissions.allSatisfy({ $0["action"]?.string != "allow" }) {
      return Layer(title, .refused, [reason], cure: "add a permission with action allow in \(object.id)")
    }
    return Layer(title, .partly, [reason])
  }

  private func stranger(_ title: String, _ target: String, _ call: MeshCall) -> Layer {
    let permissive =
      (mesh.objects(group, "ServiceDefaults").filter { $0.id.name == target }
      + mesh.objects(group, "ProxyDefaults")).first { $0.spec["mutualTLSMode"]?.string == "permissive" }
    if let permissive {
      return Layer(
        title, .allowed,
        [
          Reason(
            "takes plaintext (mutualTLSMode permissive), to which no intention applies", permissive.id,
            permissive.location)
        ])
    }
    return Layer(
      title, .refused, [Reason("\(call.name) is not in the mesh, and \(target) takes mutual TLS alone")],
      cure: "take \(call.name) into the mesh, or set mutualTLSMode permissive for \(target) until it is")
  }

  /// The name under which the injector registers a pod: its annotation, else the service in front of it.
  private func service(_ workload: Workload) -> String {
    if let name = workload.podAnnotations["consul.hashicorp.com/connect-service"] {
      return String(name.prefix { $0 != "," })
    }
    return mesh.fleet.services(of: workload).first?.id.name ?? workload.id.name
  }

  private func intention(_ target: String, _ source: String) -> (CustomObject, DocumentValue)? {
    let all = mesh.objects(group, "ServiceIntentions")
    for destination in [target, "*"] {
      let objects = all.filter { $0.spec["destination"]?["name"]?.string == destination }
      for name in [source, "*"] {
        for object in objects {
          for entry in object.spec["sources"]?.elements ?? []
          where entry["name"]?.string == name && entry["peer"] == nil {
            return (object, entry)
          }
        }
      }
    }
    return nil
  }
}
