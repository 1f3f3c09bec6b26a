package import FleetModel
package import IntentModel
import KubernetesAPI

/// A pod as the rollout sees it.
package struct SeenPod: Sendable, Equatable {
  package var name: String
  package var uid: String
  package var workload: ObjectReference
  package var address: String
  package var isReady: Bool
  package var isLeaving: Bool
  package var posture: Posture
  package var revision: String?
  package var isCanary: Bool
  package var hasProxy: Bool
}

/// The pods and services of the enrolled namespaces at one moment.
package struct ClusterView: Sendable {
  package var pods: [DocumentValue]
  package var services: [DocumentValue]
  /// Whether a pod has the mesh's proxy.
  var hasProxy: @Sendable (DocumentValue) -> Bool = { InjectedPod.hasContainer(ClusterNames.proxy, $0) }

  package init(pods: [DocumentValue], services: [DocumentValue]) { (self.pods, self.services) = (pods, services) }

  /// The pods of the document's workloads that have an address, in the order of their names.
  package func seen(_ document: MeshDocument) -> [SeenPod] {
    let owners = PodOwners(document.workloads)
    return pods.compactMap { pod -> SeenPod? in
      let metadata = pod["metadata"] ?? .null
      let labels = metadata["labels"]?.stringMap ?? [:]
      guard let name = metadata["name"]?.string, let uid = metadata["uid"]?.string,
        let namespace = metadata["namespace"]?.string, let address = pod[path: "status", "podIP"]?.string,
        !address.isEmpty, let workload = owners.owner(namespace, labels)
      else { return nil }
      let phase = pod[path: "status", "phase"]?.string
      guard phase == "Running" || phase == "Pending" else { return nil }
      let hasProxy = hasProxy(pod)
      let annotation = metadata["annotations"]?[ClusterNames.posture]?.string
      let leaves = metadata["deletionTimestamp"] != nil
      return SeenPod(
        name: name, uid: uid, workload: workload, address: address, isReady: !leaves && Self.isReady(pod),
        isLeaving: leaves, posture: hasProxy ? annotation.flatMap(PostureText.read) ?? .untouched : .untouched,
        revision: labels[ClusterNames.revision], isCanary: labels[ClusterNames.cohort] == "canary",
        hasProxy: hasProxy)
    }
    .sorted { ($0.name, $0.uid) < ($1.name, $1.uid) }
  }

  static func isReady(_ pod: DocumentValue) -> Bool {
    (pod[path: "status", "conditions"]?.elements ?? []).contains {
      $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
    }
  }

  /// The state that sidecars are configured from.
  /// - Parameter now: seconds since 1970; faults that are over are left out.
  package func meshState(_ document: MeshDocument, now: Int) -> MeshState {
    let known = Dictionary(document.workloads.map { ($0.workload, $0) }) { first, _ in first }
    let meshPods = seen(document).compactMap { pod -> MeshPod? in
      guard let workload = known[pod.workload] else { return nil }
      // Several groups are told apart by how many pods they have: users bring no header that could steer them.
      return MeshPod(
        id: pod.uid, address: pod.address, cohort: .stable, ready: pod.isReady,
        intent: workload.intent(pod.posture, trustDomain: document.trustDomain))
    }
    let addresses = clusterAddresses
    let meshServices = document.services.compactMap { service -> MeshService? in
      guard let address = addresses["\(service.service.namespace)/\(service.service.name)"] else { return nil }
      return MeshService(
        id: service.service, virtualAddress: address,
        ports: service.ports.map { .init(port: $0.port, targetPort: $0.targetPort, wireProtocol: $0.wireProtocol) },
        targets: service.targets)
    }
    let delays = document.delays.filter { $0.until > now }
      .map { DelayFault(caller: $0.caller, target: $0.target, milliseconds: $0.milliseconds) }
    let cuts = document.cuts.filter { $0.until > now }.map { CutFault(caller: $0.caller, target: $0.target) }
    return MeshState(services: meshServices, pods: meshPods, delays: delays, cuts: Set(cuts))
  }

  /// By namespace and name of the service.
  private var clusterAddresses: [String: String] {
    let found = services.compactMap { service -> (String, String)? in
      guard let name = service[path: "metadata", "name"]?.string,
        let place = service[path: "metadata", "namespace"]?.string,
        let address = service[path: "spec", "clusterIP"]?.string, CaptureText.isAddress(address)
      else { return nil }
      return ("\(place)/\(name)", address)
    }
    return Dictionary(found) { first, _ in first }
  }
}

extension MeshDocument.Workload {
  /// The service account is what a token proves, so it alone is the identity.
  func intent(_ posture: Posture, trustDomain: String) -> Intent {
    Intent(
      workload: workload,
      identity: SpiffeID(trustDomain: trustDomain, namespace: workload.namespace, account: serviceAccount),
      posture: posture,
      inbound: inbound.map {
        InboundFlow(
          port: $0.port, wireProtocol: $0.wireProtocol, callers: $0.callers, servesOutside: $0.servesOutside)
      },
      outbound: outbound.map {
        OutboundFlow(
          service: $0.service, servicePort: $0.servicePort, target: $0.target, targetPort: $0.targetPort,
          wireProtocol: $0.wireProtocol)
      })
  }
}
