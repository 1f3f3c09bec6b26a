import Crypto
package import FleetModel

/// A digest of what a fleet means: equal for equal fleets, whatever the order or the comments of the input.
package enum FleetDigest {
  /// Lower-case hexadecimal SHA-256 over a canonical text of the fleet without source locations.
  package static func of(_ fleet: Fleet) -> String {
    var hash = SHA256()
    func add(_ text: String) {
      let bytes = Array(text.utf8)
      hash.update(data: Array("\(bytes.count):".utf8) + bytes)
    }
    for workload in fleet.workloads {
      add("\(workload.id) replicas=\(workload.replicas) \(sorted(workload.podLabels))")
      add(podText(workload.pod))
    }
    for service in fleet.services {
      add("\(service.id) \(service.type) headless=\(service.headless) \(sorted(service.selector)) \(service.ports)")
    }
    for policy in fleet.networkPolicies {
      add("\(policy.id) \(policy.podSelector) \(policy.governsIngress) \(policy.governsEgress)")
      add("\(policy.ingress) \(policy.egress)")
    }
    for call in fleet.calls {
      add("\(call.caller) \(call.host):\(call.port) \(call.target?.description ?? "nowhere") \(call.wireProtocol)")
    }
    return hash.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
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
