import Crypto
package import FleetModel

/// A digest of what a fleet means: equal for equal fleets, whatever the order or the comments of the input.
package enum FleetDigest {
  /// Lower-case hexadecimal SHA-256 over a canonical text of the fleet without source locations.
  package static func of(_ fleet: Fleet) -> String {
    var hash = SHA256()
    for part in parts(fleet) { add(part.text, to: &hash) }
    return hexadecimal(hash.finalize())
  }

  /// One short digest (64 bits) for each object, by its name; an object's calls count as part of the caller.
  package static func objects(of fleet: Fleet) -> [ObjectDigest] {
    var hashes: [String: SHA256] = [:]
    for part in parts(fleet) { add(part.text, to: &hashes[part.name, default: SHA256()]) }
    return hashes.keys.sorted().map { name in
      ObjectDigest(name: name, digest: String(hexadecimal((hashes[name] ?? SHA256()).finalize()).prefix(16)))
    }
  }

  private static func add(_ text: String, to hash: inout SHA256) {
    let bytes = Array(text.utf8)
    hash.update(data: Array("\(bytes.count):".utf8) + bytes)
  }

  private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  private static func parts(_ fleet: Fleet) -> [(name: String, text: String)] {
    var parts: [(name: String, text: String)] = []
    for workload in fleet.workloads {
      let name = workload.id.description
      parts.append((name, "\(workload.id) replicas=\(workload.replicas) \(sorted(workload.podLabels))"))
      parts.append((name, podText(workload.pod)))
    }
    for service in fleet.services {
      parts.append(
        (
          service.id.description,
          "\(service.id) \(service.type) headless=\(service.headless) \(sorted(service.selector)) \(service.ports)"
        ))
    }
    for policy in fleet.networkPolicies {
      let name = policy.id.description
      parts.append((name, "\(policy.id) \(policy.podSelector) \(policy.governsIngress) \(policy.governsEgress)"))
      parts.append((name, "\(policy.ingress) \(policy.egress)"))
    }
    for budget in fleet.disruptionBudgets {
      let bounds = "\(String(describing: budget.minAvailable)) \(String(describing: budget.maxUnavailable))"
      parts.append((budget.id.description, "\(budget.id) \(String(describing: budget.selector)) \(bounds)"))
    }
    for call in fleet.calls {
      let target = call.target == nil ? "nowhere" : call.targets.map(\.description).joined(separator: ",")
      parts.append(
        (call.caller.description, "\(call.caller) \(call.host):\(call.port) \(target) \(call.wireProtocol)"))
    }
    return parts
  }

  private static func sorted(_ labels: [String: String]) -> String {
    labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
  }

  private static func podText(_ pod: PodSpec) -> String {
    let containers = (pod.initContainers + pod.containers).map { container in
      let environment = container.environment.map { "\($0.name)=\($0.source)" }
      return "\(container.name) \(container.image) \(container.command) \(container.args) \(environment)"
        + " \(container.ports) \(container.securityContext) \(resources(container.resources)) \(container.mounts)"
    }
    let context = pod.securityContext
    return "\(pod.serviceAccount) \(String(describing: pod.automountServiceAccountToken)) \(pod.hostNetwork)"
      + " \(pod.hostPID) \(pod.hostIPC) \(pod.shareProcessNamespace) \(String(describing: pod.hostUsers))"
      + " \(String(describing: context.runAsUser)) \(String(describing: context.runAsGroup))"
      + " \(String(describing: context.runAsNonRoot)) \(String(describing: context.fsGroup))"
      + " \(context.supplementalGroups) \(String(describing: context.seccomp)) \(sorted(context.sysctls))"
      + " \(pod.volumes) \(containers)"
  }

  /// Without a dictionary's order, which differs from run to run.
  private static func resources(_ resources: Resources) -> String {
    var plain = resources
    plain.extended = [:]
    return "\(plain) \(sorted(resources.extended))"
  }
}

package struct ObjectDigest: Sendable, Equatable {
  /// `namespace/name[Kind]`.
  package var name: String
  package var digest: String

  package init(name: String, digest: String) {
    self.name = name
    self.digest = digest
  }
}
