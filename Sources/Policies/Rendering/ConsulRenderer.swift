import FleetModel

/// Intentions of services, and one that denies what no other allows.
///
/// Consul tells services apart, not ports and not pods behind one service: what an intention opens more widely than
/// needed, the network policy closes.
struct ConsulRenderer: MeshRenderer {
  let context: RenderContext
  private let group = "consul.hashicorp.com/v1alpha1"

  func objects(for need: WorkloadPolicy) -> [ManifestObject] { [] }

  /// The name under which Consul's injector registers a pod.
  static func service(of workload: Workload, in fleet: Fleet) -> String {
    if let name = workload.podAnnotations["consul.hashicorp.com/connect-service"] {
      return String(name.prefix { $0 != "," })
    }
    return fleet.services(of: workload).first?.id.name ?? workload.id.name
  }

  private struct Destination {
    var sources: Set<String> = []
    var isPermissive = false
    var isHTTP = true
    var workloads: [ObjectReference] = []
  }

  func common(_ needs: [WorkloadPolicy]) -> [ManifestObject] {
    let names = Dictionary(
      context.fleet.workloads.map { ($0.id, Self.service(of: $0, in: context.fleet)) }
    ) { first, _ in first }
    var destinations: [String: Destination] = [:]
    for need in needs where need.isInMesh {
      var destination = destinations[names[need.workload] ?? need.workload.name] ?? Destination()
      destination.workloads.append(need.workload)
      for inbound in need.inbound where inbound.transport == .tcp {
        // Those that may turn out to have no proxy after all are named as well, for the case that they have one.
        for caller in inbound.callers { destination.sources.insert(names[caller] ?? caller.name) }
        if inbound.takesPlaintext { destination.isPermissive = true }
        if inbound.wireProtocol != .http { destination.isHTTP = false }
      }
      destinations[names[need.workload] ?? need.workload.name] = destination
    }
    guard !destinations.isEmpty else { return [] }
    var objects = [everything]
    if destinations.values.contains(where: \.isPermissive) { objects.append(permission) }
    for (name, destination) in destinations.sorted(by: { $0.key < $1.key }) {
      guard let first = destination.workloads.first else { continue }
      objects.append(defaults(name, destination, first))
      if !destination.sources.isEmpty { objects.append(intentions(name, destination, first)) }
    }
    return objects
  }

  func object(
    _ kind: String, _ name: String, _ namespace: String, _ subject: ObjectReference, _ purpose: String,
    _ spec: DocumentValue
  ) -> ManifestObject {
    ManifestObject(kind, group, namespace: namespace, name: name, for: subject, purpose: purpose, spec: spec)
  }

  private var everything: ManifestObject {
    object(
      "ServiceIntentions", "bulkhead-deny-by-default", "consul",
      ObjectReference(kind: "Mesh", namespace: "consul", name: "mesh"), "what no other intention allows is denied",
      .map([
        "destination": .map(["name": .string("*")]),
        "sources": .list([.map(["name": .string("*"), "action": .string("deny")])]),
      ]))
  }

  /// Without this switch Consul takes no service's `mutualTLSMode: permissive`.
  private var permission: ManifestObject {
    var mesh = object(
      "Mesh", "mesh", "consul", ObjectReference(kind: "Mesh", namespace: "consul", name: "mesh"),
      "services may go on taking plaintext while some of their callers have no identity",
      .map(["allowEnablingPermissiveMutualTLS": .bool(true)]))
    mesh.annotations = context.exceptionNotes
    return mesh
  }

  private func defaults(_ name: String, _ destination: Destination, _ subject: ObjectReference) -> ManifestObject {
    var result = object(
      "ServiceDefaults", name, subject.namespace, subject,
      destination.isPermissive
        ? "\(name) still takes plaintext, to which no intention applies; the network policy says from whom"
        : "\(name) takes mutual TLS alone",
      .map([
        "protocol": .string(destination.isHTTP ? "http" : "tcp"),
        "mutualTLSMode": .string(destination.isPermissive ? "permissive" : "strict"),
      ]))
    if destination.isPermissive { result.annotations = context.exceptionNotes }
    return result
  }

  private func intentions(_ name: String, _ destination: Destination, _ subject: ObjectReference) -> ManifestObject {
    object(
      "ServiceIntentions", ObjectName.shortened("bulkhead-\(name)", to: 253), subject.namespace, subject,
      "\(name): called by \(destination.sources.sorted().joined(separator: ", "))",
      .map([
        "destination": .map(["name": .string(name)]),
        "sources": .list(
          destination.sources.sorted().map { .map(["name": .string($0), "action": .string("allow")]) }),
      ]))
  }
}
