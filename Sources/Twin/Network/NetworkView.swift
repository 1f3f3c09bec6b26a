import FleetModel
import IntentModel

/// The twin's network as its pods make it at one moment: what routes, policies, names and sidecars are derived from.
struct NetworkView: Sendable {
  let pods: [TwinPod]
  let fleet: Fleet
  let addresses: ServiceAddresses

  /// Callers without a sidecar and TCP calls are steered by this address while a workload has a canary.
  func canaryAddress(host: String, port: Int, caller: TwinPod) -> String? {
    guard let entry = addresses.entries.first(where: { $0.host == host }), hasCanary(entry),
      entry.ports.contains(where: { $0.port == port })
    else { return nil }
    return "\(entry.canary):\(port)"
  }

  /// Where a caller finds this very pod's group by a service's address: the canary's, when the pod is a canary.
  func address(leadingTo pod: TwinPod, targetPort: Int) -> (host: String, port: Int)? {
    for entry in allEntries where entry.workloads.contains(pod.workload) {
      guard let port = entry.ports.first(where: { $0.targetPort == targetPort }) else { continue }
      return ("\(pod.cohort == .canary ? entry.canary : entry.stable)", port.port)
    }
    return nil
  }

  /// The fleet's services and, while controls are tried, those of the open twins.
  private var allEntries: [ServiceAddresses.Entry] {
    addresses.entries
      + pods.filter { if case .openTwin = $0.role { true } else { false } }.compactMap { pod in
        addresses.openTwinEntry(for: pod)
      }
  }

  private func hasCanary(_ entry: ServiceAddresses.Entry) -> Bool {
    pods.contains { entry.workloads.contains($0.workload) && $0.cohort == .canary && $0.state == .ready }
  }

  private func endpoints(_ entry: ServiceAddresses.Entry, _ port: MeshService.Port, _ cohort: Cohort)
    -> [ServiceRoute.Endpoint]
  {
    let ready = pods.filter { entry.workloads.contains($0.workload) && $0.state == .ready }
    let wanted = ready.filter { $0.cohort == cohort }
    // While pods are exchanged one group may be empty for a moment: the other serves, so that nothing is lost.
    return (wanted.isEmpty ? ready : wanted).compactMap { pod in
      IPv4Address(pod.address).map { .init(address: $0, port: port.targetPort) }
    }
  }

  var routes: [ServiceRoute] {
    allEntries.flatMap { entry in
      entry.ports.flatMap { port in
        [
          ServiceRoute(address: entry.stable, port: port.port, endpoints: endpoints(entry, port, .stable)),
          ServiceRoute(address: entry.canary, port: port.port, endpoints: endpoints(entry, port, .canary)),
        ]
      }
    }
  }

  var meshServices: [MeshService] {
    allEntries.filter { !$0.workloads.isEmpty }.map { entry in
      MeshService(
        id: entry.service, virtualAddress: "\(entry.stable)", ports: entry.ports, targets: entry.workloads,
        canaryVirtualAddress: "\(entry.canary)")
    }
  }

  var meshPods: [MeshPod] {
    pods.map { pod in
      MeshPod(
        id: pod.id, address: pod.address, cohort: pod.cohort, ready: pod.state == .ready, intent: pod.intent,
        wrongs: pod.wrongs)
    }
  }

  var names: [ServiceName] {
    addresses.entries.map { entry in
      ServiceName(
        name: entry.service.name, namespace: entry.service.namespace, address: entry.stable, canaryAddress: entry.canary
      )
    }
  }

  /// Pods on their node's own network have its address and are no pods to a policy.
  func policies() throws -> CompiledPolicies {
    var own: [String: [NetworkPolicy]] = [:]
    for pod in pods where pod.intent.posture.isolated && pod.role == .workload {
      var policy = try IsolationPolicy(pod.intent, in: fleet).policy
      // Intruders are let through to the pod, so that what refuses them is the mesh and not the network alone.
      policy.ingress.append(NetworkPolicy.Rule(peers: [Self.testers]))
      own[pod.id] = [policy]
    }
    let governed = pods.filter { !$0.onNodeNetwork }.compactMap(policyPod)
    let labels = Dictionary(fleet.namespaces.map { ($0.name, $0.labels) }, uniquingKeysWith: { first, _ in first })
    return try CompiledPolicies(pods: governed, namespaces: labels, policies: fleet.networkPolicies, own: own)
  }

  private static let testers = NetworkPolicy.Peer.pods(
    namespaces: LabelSelector([
      .init(key: "kubernetes.io/metadata.name", operation: .isIn, values: [TwinPod.testerNamespace])
    ]),
    pods: nil)

  private func policyPod(_ pod: TwinPod) -> PolicyPod? {
    guard let address = IPv4Address(pod.address) else { return nil }
    let ports = pod.spec.containers.flatMap(\.ports).compactMap { port in
      port.name.map { PolicyPod.NamedPort(name: $0, transport: port.transport, port: port.port) }
    }
    return PolicyPod(
      id: pod.id, address: address, namespace: pod.workload.namespace, labels: pod.labels, node: pod.node,
      workload: pod.workload, namedPorts: ports)
  }
}
