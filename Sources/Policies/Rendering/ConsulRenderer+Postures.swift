import FleetModel
import IntentModel

extension ConsulRenderer {
  /// Consul names services, not pods: what is written holds for all pods of a service, in whatever posture they are.
  ///
  /// It knows no rules that count only. An intention for everybody stands in their place, for where the default denies.
  func objects(for need: WorkloadPolicy, in posture: Posture) -> [ManifestObject] {
    guard need.isInMesh, posture.enrolled, let workload = context.fleet.workload(need.workload) else { return [] }
    let name = Self.service(of: workload, in: context.fleet)
    let inbound = need.inbound.filter { $0.transport == .tcp }
    let isStrict = posture.mutualTLS == .strict
    let isHTTP = inbound.allSatisfy { $0.wireProtocol == .http }
    let defaults = object(
      "ServiceDefaults", name, need.workload.namespace, need.workload,
      isStrict ? "\(name) takes mutual TLS alone" : "\(name) takes plaintext, to which no intention applies, as well",
      .map([
        "protocol": .string(isHTTP ? "http" : "tcp"), "mutualTLSMode": .string(isStrict ? "strict" : "permissive"),
      ]))
    let isEnforced = posture.authorisation == .enforced
    let callers = Set(inbound.flatMap(\.callers)).compactMap(context.fleet.workload)
      .map { Self.service(of: $0, in: context.fleet) }
    var sources = isEnforced ? Set(callers).sorted().map { ($0, "allow") } : []
    sources.append(("*", isEnforced ? "deny" : "allow"))
    let intentions = object(
      "ServiceIntentions", ObjectName.shortened("bulkhead-\(name)", to: 253), need.workload.namespace, need.workload,
      isEnforced ? "\(name): \(RenderContext.callers(need))" : "\(name): anybody may call it, whatever the default",
      .map([
        "destination": .map(["name": .string(name)]),
        "sources": .list(sources.map { .map(["name": .string($0.0), "action": .string($0.1)]) }),
      ]))
    return [defaults, intentions]
  }
}
